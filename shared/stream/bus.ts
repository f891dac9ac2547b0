/**
 * NATS: one connection per process, atomic batches and reads from a stream's leader.
 *
 * Batches are published by hand: the client's own batch drops message ids and expectations and hides the server's error.
 */
import { setTimeout as delay } from "node:timers/promises";
import {
  type ApiError,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import {
  connect,
  errors,
  headers,
  type Msg,
  type NatsConnection,
  type RequestOptions,
} from "@nats-io/transport-node";
import type { Log } from "../process/log.ts";
import { metrics } from "../process/metrics.ts";
import { READ_API } from "./access.ts";
import { connecting, type NatsAccess, NatsAccessError, withoutSecrets } from "./nats-connection.ts";
import { randomName } from "./random-name.ts";
import { MAX_BATCH_MESSAGES } from "./topology.ts";

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
  /** Does what nobody waits for. `close` aborts `closing` and gives it a second to end. */
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
        // Another server than the one that was checked: the process dies, and says why when it starts again.
        if (refusal !== undefined) throw refusal;
        connected = true;
        metrics.natsConnected.set(1);
      }
      // What a user may not publish is dropped by the server, and nobody else hears of it.
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

export type BatchMessage = {
  subject: string;
  data: string | Uint8Array;
  /** Replaces all earlier messages of the subject. */
  rollup?: boolean;
  /** In a bucket: the key is gone. */
  removes?: boolean;
  /** Seconds to live, whole. */
  ttlSeconds?: number;
  /** Commits only if the subject's last message has this sequence; 0: has none. */
  expectedLastSubjectSeq?: number;
  msgId?: string;
};

/** Messages of a batch besides its head: JetStream takes 1 000 in one. */
export const MAX_OUTPUTS = MAX_BATCH_MESSAGES - 1;

export type BatchAck = { stream: string; seq: number; batch?: string; count?: number; duplicate?: boolean };

/** JetStream answered, and the answer is no. */
export class Refusal extends Error {
  readonly code: number;
  constructor(code: number, description: string) {
    super(`JetStream refused: ${description} (${code})`);
    this.code = code;
  }
}

/** A message is larger than the servers take. Nothing of its batch was sent, and sending it again would not help. */
export class TooLarge extends Error {}

/** Room that headers take within the server's `max_payload`, bytes. */
const HEADERS_BYTES = 1_024;

function assertFits(bus: Bus, { subject, data }: BatchMessage): void {
  const most = bus.nc.info?.max_payload;
  // A character has three bytes at most, in UTF-8 and for what JavaScript calls a length.
  if (most === undefined || data.length * 3 + HEADERS_BYTES <= most) return;
  const bytes = typeof data === "string" ? Buffer.byteLength(data) : data.length;
  if (bytes + HEADERS_BYTES > most)
    throw new TooLarge(
      `a message on ${subject} has ${bytes} bytes, but NATS takes ${most} with its headers: raise max_payload of every server above that`,
    );
}

/** Error codes of JetStream that a caller branches on. */
export const REFUSED = {
  wrongLastSequence: 10071,
  wrongLastSequenceConstant: 10164,
  duplicateInBatch: 10201,
  duplicateInFlight: 10158,
  consumerNotFound: 10014,
  streamNotFound: 10059,
  noMessage: 10037,
  /** So many batches are open that another is not: nothing is stored. */
  tooManyBatches: 10210,
  /** A commit came for a batch that the server doesn't hold, or not whole: nothing is stored. */
  incompleteBatch: 10176,
  /** A stream holds as much as its own limit allows. */
  maxBytes: 10077,
  /** The servers' store is full: nothing is stored in any stream. */
  storeFull: 10023,
  /** A new stream would reserve more than the servers' store has left. */
  storeTooSmall: 10047,
  /** A stream takes nothing any more: its realm is ending. */
  sealed: 10109,
} as const;

/** Somebody else wrote first. */
export const isLostRace = (error: unknown): boolean =>
  error instanceof Refusal &&
  (error.code === REFUSED.wrongLastSequence || error.code === REFUSED.wrongLastSequenceConstant);

/** The stream takes nothing any more, and never will. */
export const isSealed = (error: unknown): boolean =>
  error instanceof Refusal && error.code === REFUSED.sealed;

function headersOf(message: BatchMessage) {
  const h = headers();
  if (message.msgId !== undefined) h.set("Nats-Msg-Id", message.msgId);
  if (message.removes) h.set("KV-Operation", "DEL");
  if (message.rollup) h.set("Nats-Rollup", "sub");
  if (message.ttlSeconds !== undefined) h.set("Nats-TTL", `${message.ttlSeconds}s`);
  if (message.expectedLastSubjectSeq !== undefined)
    h.set("Nats-Expected-Last-Subject-Sequence", `${message.expectedLastSubjectSeq}`);
  return h;
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

const request = (
  bus: Bus,
  subject: string,
  data: string | Uint8Array,
  options: RequestOptions,
): Promise<Msg> => whileConnected(bus, bus.nc.request(subject, data, options));

/** The acknowledgement in a reply, or the refusal in it as an error. */
function readAck(reply: Msg): BatchAck {
  const answer = reply.json<
    BatchAck & { error?: { err_code?: number; code: number; description: string } }
  >();
  if (answer.error !== undefined)
    throw new Refusal(answer.error.err_code ?? answer.error.code, answer.error.description);
  return answer;
}

/**
 * Publishes up to 1 000 messages as one atomic batch: all are stored, in order, or none.
 * Throws `Refusal` when the server says no, and `TooLarge` before anything is sent; any other error leaves the outcome unknown.
 */
export async function publishBatch(
  bus: Bus,
  messages: readonly BatchMessage[],
  timeoutMs = 5_000,
): Promise<BatchAck> {
  for (const message of messages) assertFits(bus, message);
  const id = randomName();
  const last = messages.length - 1;
  for (let i = 0; i < last; i++) {
    const h = headersOf(messages[i]!);
    h.set("Nats-Batch-Id", id);
    h.set("Nats-Batch-Sequence", `${i + 1}`);
    bus.nc.publish(messages[i]!.subject, messages[i]!.data, { headers: h });
  }
  const h = headersOf(messages[last]!);
  h.set("Nats-Batch-Id", id);
  h.set("Nats-Batch-Sequence", `${last + 1}`);
  h.set("Nats-Batch-Commit", "1");
  return readAck(
    await request(bus, messages[last]!.subject, messages[last]!.data, { headers: h, timeout: timeoutMs }),
  );
}

/** Publishes one message durably. Throws like `publishBatch`. */
export async function publishOne(bus: Bus, message: BatchMessage, timeoutMs = 5_000): Promise<BatchAck> {
  assertFits(bus, message);
  return readAck(
    await request(bus, message.subject, message.data, { headers: headersOf(message), timeout: timeoutMs }),
  );
}

export type Stored = { seq: number; atMs: number; data: Uint8Array; text(): string };

/** The last message of a subject, asked of the stream's leader; `undefined` where there is none. */
export const lastOf = (bus: Bus, stream: string, subject: string): Promise<Stored | undefined> =>
  storedAt(bus, stream, { last_by_subj: subject });

/** The last message of each subject, oldest first, from the leader. */
export async function lastOfEach(bus: Bus, stream: string, names: string[]) {
  const found = await Promise.all(names.map((name) => lastOf(bus, stream, name)));
  return found.filter((message) => message !== undefined).sort((a, b) => a.seq - b.seq);
}

/** The first message of a subject from a sequence on, asked of the stream's leader; `undefined` where there is none. */
export function nextOf(bus: Bus, stream: string, subject: string, seq: number): Promise<Stored | undefined> {
  // The client's types know no `next_by_subj`; the server does.
  const query = { seq, next_by_subj: subject };
  return storedAt(bus, stream, query);
}

async function storedAt(
  bus: Bus,
  stream: string,
  query: Parameters<JetStreamManager["streams"]["getMessage"]>[1],
): Promise<Stored | undefined> {
  try {
    const message = await bus.jsm.streams.getMessage(stream, query);
    if (message === null) return undefined;
    return {
      seq: message.seq,
      atMs: message.time.getTime(),
      data: message.data,
      text: () => new TextDecoder().decode(message.data),
    };
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === REFUSED.noMessage) return undefined;
    throw error;
  }
}

/** What the leader says of a stream: its identity and its ends. */
export async function streamEnds(bus: Bus, stream: string) {
  const info = await bus.jsm.streams.info(stream);
  return { created: `${info.created}`, firstSeq: info.state.first_seq, lastSeq: info.state.last_seq };
}
