/** Postgres, as the archive uses it: a pool that outlives outages, transactions, and what an error means. */
import pg from "pg";
import { assertSafe } from "../../shared/integers.ts";
import type { Log } from "../../shared/log.ts";

export type Database = pg.Pool;
export type Transaction = pg.PoolClient;

const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, (text) => assertSafe(Number(text)));

/** A server that has vanished without a word must not hold a statement for ever. */
const STATEMENT_MS = 120_000;

/**
 * Connects when first used. `schema`: where the tables are; else where the server looks by itself. `statementMs`: what a statement
 * may take before it fails, where it doesn't say so itself.
 */
export function openDatabase(
  url: string,
  log: Log,
  schema?: string,
  statementMs: number = STATEMENT_MS,
): Database {
  const pool = new pg.Pool({
    connectionString: url,
    ...(schema === undefined ? {} : { options: `-c search_path=${pg.escapeIdentifier(schema)}` }),
    application_name: "archive",
    types,
    max: 12,
    connectionTimeoutMillis: 10_000,
    query_timeout: statementMs,
    keepAlive: true,
  });
  // A connection may die between two statements of a transaction, when nobody listens: the next statement fails and tells.
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
