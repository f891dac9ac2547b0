/** Postgres, as the archive uses it: a pool that outlives outages, transactions, and what an error means. */
import pg from "pg";
import { assertSafe } from "../../../shared/exact/integers.ts";
import type { Log } from "../../../shared/process/log.ts";
import { SCHEMA } from "../rebuild/own-tables.ts";

export type Database = pg.Pool;
export type Transaction = pg.PoolClient;

const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, (text) => assertSafe(Number(text)));

/** A server that has vanished without a word must not hold a statement for ever. Longer than what the archive's role is given. */
const STATEMENT_MS = 90_000;

export type DatabaseOptions = {
  log: Log;
  /** Where the tables are, or the views. */
  schema?: string;
  /** As Postgres names it to its operators. */
  name?: string;
  /** What a statement may take before it fails, where it doesn't say so itself. */
  statementMs?: number;
  /** What connecting may take, waiting for a free connection included. */
  connectMs?: number;
  /** Connections at once. */
  max?: number;
  /** Further settings of each connection, such as `lock_timeout`; absent: those of its role. */
  settings?: Record<string, string>;
};

/** Connects when first used. */
export function openDatabase(
  url: string,
  {
    log,
    schema = SCHEMA,
    name = "archive",
    statementMs = STATEMENT_MS,
    connectMs = 10_000,
    max = 12,
    settings = {},
  }: DatabaseOptions,
): Database {
  const all = { search_path: `${pg.escapeIdentifier(schema)},pg_temp`, ...settings };
  const pool = new pg.Pool({
    connectionString: url,
    options: Object.entries(all)
      .map(([setting, value]) => `-c ${setting}=${value}`)
      .join(" "),
    application_name: name,
    types,
    max,
    connectionTimeoutMillis: connectMs,
    query_timeout: statementMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  // A connection may die between two statements of a transaction, when no handler is attached: the next statement then fails with the error.
  pool.on("connect", (client) => client.on("error", () => {}));
  pool.on("error", (error) => log.warn({ reason: error.message }, "lost an idle connection to Postgres"));
  return pool;
}

/** What a statement that is under way has left when the process is to end. */
const GRACE_MS = 3_000;

/**
 * Once `signal` is aborted, gives what is under way a moment and then cuts every connection: a statement that waits for a lock,
 * or for a server that is silent, must not hold the process. What it leaves undone, the next archive begins again.
 */
export function cutOnceAborted(database: Database, signal: AbortSignal): void {
  const open = new Set<pg.PoolClient>();
  database.on("connect", (client) => open.add(client));
  database.on("remove", (client) => open.delete(client));
  const cut = () => {
    for (const client of open) void client.end().catch(() => {});
  };
  signal.addEventListener("abort", () => setTimeout(cut, GRACE_MS).unref());
}

/** Runs `body` in a transaction. When it throws the outcome is unknown: COMMIT may have happened unheard. */
export async function inTransaction<T>(
  database: Database,
  body: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const client = await database.connect();
  try {
    await client.query("BEGIN");
    const result = await body(client);
    await client.query("COMMIT");
    client.release();
    return result;
  } catch (error) {
    // Whatever state it is in, the server rolls back what a closed connection leaves open.
    client.release(true);
    throw error;
  }
}

/** True when Postgres refused the values themselves: data (22), constraint (23) or a limit of the server (54). */
export const refusesData = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /^(22|23|54)/.test(error.code ?? "");

/** True when a row with the same key is there already. */
export const isDuplicate = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === "23505";
