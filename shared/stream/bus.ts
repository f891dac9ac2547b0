/** NATS: one connection per process, its loss and its return, and requests to JetStream's API. */
import { setTimeout as delay } from "node:timers/promises";
import {
  type ApiError,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import { connect, errors, type Msg, type NatsConnection, type RequestOptions } from "@nats-io/transport-node";
import type { Log } from "../process/log.ts";
import { metrics } from "../process/metrics.ts";
import { READ_API } from "./access.ts";
import { connecting, type NatsAccess, NatsAccessError, withoutSecrets } from "./nats-connection.ts";
import { randomName } from "./random-name.ts";

export type Bus = {
  nc: NatsConnection;
  js: JetStreamClient;
  jsm: JetStreamManager;
  /** Called at every loss of the connection: what is under way will not be answered. */
  lost: Set<() => void>;
  /** False from the loss of the connection until there is one again: what is published meanwhile is dropped. */
  readonly connected: boolean;
  /** Where what happens to the connection and its readers is told. */
  log: Pick<Log, "info" | "warn" | "error">;
  /** A new subject for answers to this connection. */
  inbox(): string;
  /** Runs work that no caller awaits. `close` aborts `closing` and gives it a second to end. */
  inBackground(act: (closing: AbortSignal) => Promise<void>): void;
  close(): Promise<void>;
};

/** What `close` waits for what is done in the background, ms. */
const CLOSE_PATIENCE_MS = 1_000;

/** A server that doesn't greet within this is away: the next one is tried, ms. */
const CONNECT_TIMEOUT_MS = 5_000;
/** A server that leaves two pings unanswered is away, ms: within three of these the connection is given up. */
const PING_MS = 2_000;
/** JetStream's API answers within this, or is asked again, ms. */
const API_TIMEOUT_MS = 2_000;

/**
 * Connects for good: it reconnects for ever, and fails only when the first attempt does. A user of the account READ finds
 * JetStream's API where that account has it. Throws `NatsAccessError` where the servers must not be used.
 */
export async function openBus(options: NatsAccess & { name: string; log?: Bus["log"] }): Promise<Bus> {
  const access = connecting(options);
  const nc = await connect({
    ...access.options,
    name: options.name,
    maxReconnectAttempts: -1,
    timeout: CONNECT_TIMEOUT_MS,
    reconnectTimeWait: 250,
    pingInterval: PING_MS,
    maxPingOut: 2,
    noAsyncTraces: true,
    ignoreAuthErrorAbort: true,
  }).catch((error: unknown) => {
    throw offersNoTls(error)
      ? new NatsAccessError(
          `NATS at ${withoutSecrets(options.natsUrl)} offers no TLS: give it a certificate, or set AMOI_NATS_PLAINTEXT=1 where the network is private`,
        )
      : error;
  });
  const refusal = refusalOf(nc, options.strict === true);
  if (refusal !== undefined) {
    await nc.close();
    throw refusal;
  }
  const api = { timeout: API_TIMEOUT_MS, ...(access.account === "READ" && { apiPrefix: READ_API }) };
  const jsm = await jetstreamManager(nc, { ...api, checkAPI: false });
  const log = options.log ?? SILENT;
  const lost = new Set<() => void>();
  let connected = true;
  metrics.natsConnected.set(1);
  void (async () => {
    for await (const status of nc.status()) {
      if (status.type === "reconnect") {
        const refusal = refusalOf(nc, options.strict === true);
        // This is another server than the one that was checked. The process ends; its next start checks the server and logs what is wrong.
        if (refusal !== undefined) throw refusal;
        connected = true;
        metrics.natsConnected.set(1);
      }
      // The server drops a message that its user may not publish, and tells only this connection.
      if (status.type === "error")
        log.error({ reason: status.error.message }, "NATS refused what this process sent or asked to hear");
      if (status.type !== "disconnect") continue;
      connected = false;
      metrics.natsConnected.set(0);
      for (const tell of [...lost]) tell();
    }
  })();
  const closing = new AbortController();
  const background = new Set<Promise<void>>();
  return {
    nc,
    jsm,
    js: jetstream(nc, api),
    lost,
    get connected() {
      return connected;
    },
    log,
    inbox: () => `${access.options.inboxPrefix ?? "_INBOX"}.${randomName()}`,
    inBackground: (act) => {
      const acting = act(closing.signal).finally(() => background.delete(acting));
      background.add(acting);
    },
    close: async () => {
      closing.abort();
      const ended = (async () => {
        while (background.size > 0) await Promise.allSettled(background);
      })();
      if (connected) await Promise.race([ended, delay(CLOSE_PATIENCE_MS, undefined, { ref: false })]);
      await nc.close();
    },
  };
}

const SILENT: Bus["log"] = { info: () => {}, warn: () => {}, error: () => {} };

/** The client takes TLS wherever it is offered; told to, it says nothing to a server that offers none. */
const offersNoTls = (error: unknown): boolean =>
  error instanceof Error && error.message.includes("does not support 'tls'");

/** Why the server that answered must not be used. */
function refusalOf(nc: NatsConnection, strict: boolean): NatsAccessError | undefined {
  if (!strict || nc.info?.auth_required === true) return undefined;
  return new NatsAccessError(
    `NATS at ${nc.getServer()} wants no credentials: give it the accounts that npm run nats-config writes`,
  );
}

/** Rejects as soon as the connection is lost, rather than at a timeout: the outcome is unknown then. */
function whileConnected<T>(bus: Bus, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new errors.ConnectionError("the connection to NATS was lost"));
    bus.lost.add(fail);
    answer.then(resolve, reject).finally(() => bus.lost.delete(fail));
  });
}

/** Asks JetStream's API, at `path` below its prefix. Throws `JetStreamApiError`, and whatever leaves the outcome unknown. */
export async function jetStreamApi<Answer>(
  bus: Bus,
  path: string,
  body: object | undefined,
  timeoutMs: number,
): Promise<Answer> {
  const subject = `${bus.jsm.getOptions().apiPrefix}.${path}`;
  const reply = await request(bus, subject, body === undefined ? "" : JSON.stringify(body), {
    timeout: timeoutMs,
  });
  const answer = reply.json<Answer & { error?: ApiError }>();
  if (answer.error !== undefined) throw new JetStreamApiError(answer.error);
  return answer;
}

/** Sends a request that rejects as soon as the connection is lost. */
export const request = (
  bus: Bus,
  subject: string,
  data: string | Uint8Array,
  options: RequestOptions,
): Promise<Msg> => whileConnected(bus, bus.nc.request(subject, data, options));
