/** Migrations: numbered plain SQL, applied in order, each once; what was applied is remembered with its hash. */
import { readdir, readFile } from "node:fs/promises";
import type { QueryConfig } from "pg";
import { sha256 } from "../../shared/canonical.ts";
import { type Database, inTransaction } from "./database.ts";

/** The database and the migrations at hand contradict each other. The message is one sentence for an operator. */
export class MigrationError extends Error {}

const MIGRATIONS = new URL("../../ops/migrations/", import.meta.url);

/** Any number, as long as it is the same in every archive: who holds it migrates. */
const LOCK = 6_051_731;

/** A migration may rewrite a table of any size, and another archive may be at it: longer than any other statement. */
const LONGEST_MS = 24 * 3_600_000;

type Migration = { number: number; name: string; sql: string; sha256: string };

/**
 * Brings the database up to date and answers the names of what was applied. All of it is one transaction under an advisory
 * lock: of several archives one migrates and the others wait; a failure leaves the database as it was.
 */
export async function migrate(database: Database, folder: URL = MIGRATIONS): Promise<string[]> {
  const known = await readMigrations(folder);
  return inTransaction(database, async (transaction) => {
    const patiently = (text: string, values: unknown[] = []) => {
      const query: QueryConfig & { query_timeout: number } = { text, query_timeout: LONGEST_MS };
      return transaction.query(values.length === 0 ? query : { ...query, values });
    };
    await patiently("SELECT pg_advisory_xact_lock($1)", [LOCK]);
    await transaction.query(`
      CREATE TABLE IF NOT EXISTS migrations (
        number     integer PRIMARY KEY,
        name       text NOT NULL,
        sha256     text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
      )`);
    const { rows: applied } = await transaction.query<Pick<Migration, "number" | "name" | "sha256">>(
      "SELECT number, name, sha256 FROM migrations ORDER BY number",
    );
    for (const [i, row] of applied.entries()) assertSame(row, known[i]);
    const pending = known.slice(applied.length);
    for (const { number, name, sql, sha256 } of pending) {
      await patiently(sql).catch((error: unknown) => {
        throw new MigrationError(`migration ${name} failed, nothing was changed: ${String(error)}`, {
          cause: error,
        });
      });
      await transaction.query("INSERT INTO migrations (number, name, sha256) VALUES ($1, $2, $3)", [
        number,
        name,
        sha256,
      ]);
    }
    return pending.map(({ name }) => name);
  });
}

async function readMigrations(folder: URL): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(
    names.map(async (name, i) => {
      const number = Number(/^(\d{4})_[a-z0-9_]+\.sql$/.exec(name)?.[1]);
      if (number !== i + 1)
        throw new MigrationError(
          `migration ${name} is not number ${i + 1}: they are named 0001_what.sql onwards, without gaps`,
        );
      const sql = await readFile(new URL(name, folder), "utf8");
      return { number, name, sql, sha256: sha256(sql) };
    }),
  );
}

function assertSame(applied: Pick<Migration, "name" | "sha256">, known: Migration | undefined): void {
  if (known === undefined)
    throw new MigrationError(
      `the database has migration ${applied.name}, which this version doesn't know: run a newer version`,
    );
  if (known.name !== applied.name || known.sha256 !== applied.sha256)
    throw new MigrationError(
      `migration ${applied.name} was changed after it had been applied: restore the file, and put the change into a new migration`,
    );
}
