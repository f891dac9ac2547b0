/** What the stack needs from outside itself, asked before anything starts. Each failure is one sentence: what to do. */
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { Client } from "pg";
import type { Env } from "../../shared/process/env.ts";
import { connecting, withoutSecrets } from "../../shared/stream/nats-connection.ts";
import { MAX_PAYLOAD_BYTES } from "../../shared/stream/topology.ts";
import { firstRuleset } from "../provision/first-realm.ts";
import { isNewEnough, MINIMUM_NATS_VERSION } from "./nats-server.ts";
import { pickPort, portIsFree } from "./ports.ts";
import { LocalSetupError } from "./setup-error.ts";

/** `server_version_num` of PostgreSQL 15. */
const MINIMUM_POSTGRES = 150_000;
const CONNECT_TIMEOUT_MS = 5_000;

/** The variables that name the ports of the stack. */
export const PORT_VARIABLES = [
  "FEED_PORT",
  "INGEST_PORT",
  "NORMALIZER_PORT",
  "SIMULATOR_PORT",
  "BROADCASTER_PORT",
  "ARCHIVE_PORT",
  "PROVISION_PORT",
] as const;
export type Ports = Record<(typeof PORT_VARIABLES)[number], number>;

/**
 * The ports that the stack's servers will listen on: those given, and a free one for each 0, picked here so that a process
 * finds the same one after a restart. Throws `LocalSetupError` that names a taken port and its variable.
 */
export async function choosePorts(env: Env): Promise<Ports> {
  const chosen: Partial<Ports> = {};
  const owners = new Map<number, string>();
  // The given ones first: a picked one must not take theirs.
  const givenFirst = PORT_VARIABLES.toSorted((a, b) => Number(env[a] === 0) - Number(env[b] === 0));
  for (const name of givenFirst) {
    const port = env[name] === 0 ? await pickOther(env.AMOI_HOST, owners) : env[name];
    const other = owners.get(port);
    if (other !== undefined)
      throw new LocalSetupError(`${other} and ${name} are both ${port}: set one of them to another port.`);
    if (!(await portIsFree(port, env.AMOI_HOST)))
      throw new LocalSetupError(
        `Port ${port} (${name}) is taken: end what listens there, or set ${name} to another port or to 0 for any free one.`,
      );
    owners.set(port, name);
    chosen[name] = port;
  }
  return chosen as Ports;
}

async function pickOther(host: string, owners: ReadonlyMap<number, string>): Promise<number> {
  for (;;) {
    const port = await pickPort(host);
    if (!owners.has(port)) return port;
  }
}

/**
 * Throws `LocalSetupError` unless the NATS server at `url`, for the user `provision` or for anyone, answers, is new enough and
 * has JetStream.
 */
export async function checkNats(url: string, say: (line: string) => void): Promise<void> {
  const place = `NATS at ${withoutSecrets(url)} (NATS_URL)`;
  const otherwise = "or unset NATS_URL and a local one is started";
  let connection: NatsConnection;
  try {
    const { options } = connecting({ natsUrl: url });
    connection = await connect({ ...options, timeout: CONNECT_TIMEOUT_MS, reconnect: false });
  } catch (error) {
    throw new LocalSetupError(`${place} does not answer (${reason(error)}): start it, ${otherwise}.`);
  }
  try {
    const { version = "unknown", max_payload = 0 } = connection.info ?? {};
    if (!isNewEnough(version))
      throw new LocalSetupError(
        `${place} is version ${version}: bring it to ${MINIMUM_NATS_VERSION} or newer, ${otherwise}.`,
      );
    await jetstreamManager(connection, { timeout: CONNECT_TIMEOUT_MS }).catch(() => {
      throw new LocalSetupError(`${place} has no JetStream: switch it on for this account, ${otherwise}.`);
    });
    if (max_payload < MAX_PAYLOAD_BYTES)
      say(`${place} takes messages up to ${max_payload} bytes: a large realm needs ${MAX_PAYLOAD_BYTES}`);
    if (connection.info?.auth_required !== true)
      say(`${place} wants no credentials: whoever reaches it can forge a world, and production refuses it`);
  } finally {
    await connection.close();
  }
}

/** Throws `LocalSetupError` unless the PostgreSQL at `url`, which `variable` gives, answers and is new enough. */
export async function checkDatabase(url: string, variable = "DATABASE_URL"): Promise<void> {
  const place = `PostgreSQL at ${withoutSecret(url)} (${variable})`;
  const otherwise = `or unset ${variable} and a local one is started`;
  const version = await askVersion(url).catch((error: unknown) => {
    throw new LocalSetupError(`${place} does not answer (${reason(error)}): start it, ${otherwise}.`);
  });
  if (!(version >= MINIMUM_POSTGRES))
    throw new LocalSetupError(
      `${place} is version ${Math.floor(version / 10_000)}: bring it to ${MINIMUM_POSTGRES / 10_000} or newer, ${otherwise}.`,
    );
}

async function askVersion(url: string): Promise<number> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: CONNECT_TIMEOUT_MS,
  });
  // A connection that breaks after an answer is none of this check's business.
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version_num: string }>("show server_version_num");
    return Number(rows[0]?.server_version_num);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Throws `LocalSetupError` unless the first realm's ruleset is there and valid. */
export async function checkRuleset(env: Env): Promise<void> {
  await firstRuleset(env).catch((error: unknown) => {
    throw new LocalSetupError(`AMOI_RULESET ${env.AMOI_RULESET} cannot be used: ${reason(error)}.`);
  });
}

/** A URL, or several with commas between, fit to be shown. */
function withoutSecret(urls: string): string {
  return urls.replace(/\/\/[^@/,]*@/g, "//");
}

function reason(error: unknown): string {
  if (error instanceof AggregateError) return reason(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
