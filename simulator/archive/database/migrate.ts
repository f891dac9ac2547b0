/** Migrations: numbered plain SQL, applied in order, each once; what was applied is remembered with its hash. */
import { readdir, readFile } from "node:fs/promises";
import pg, { type QueryConfig } from "pg";
import { sha256 } from "../../../shared/exact/canonical.ts";
import { type Connection, SCHEMA } from "../rebuild/own-tables.ts";
import { type Database, inTransaction, type Transaction } from "./database.ts";
import { settleRights } from "./rights.ts";
import { liesInPublic } from "./roles.ts";

/** The database and the migrations at hand contradict each other. The message is one sentence for an operator. */
export class MigrationError extends Error {}

const MIGRATIONS = new URL("../sql/migrations/", import.meta.url);

/** Any number, as long as it is the same in every archive: who holds it migrates. */
const LOCK = 6_051_731;

/** A migration may rewrite a table of any size, and another archive may be at it: longer than any other statement. */
const LONGEST_MS = 24 * 3_600_000;

type Migration = { number: number; name: string; sql: string; sha256: string };

const MIGRATE = "run npm run archive:migrate";

/** Brings the archive's own schema up to date, with its views and everybody's rights; answers the names of what was applied. */
export const bringUpToDate = (database: Database): Promise<string[]> =>
  migrate(database, { afterwards: settleRights });

export type MigrateOptions = {
  folder?: URL;
  /** Where the tables are to be; made where it isn't there. */
  schema?: string;
  /** More that belongs into the same transaction. */
  afterwards?(transaction: Transaction): Promise<void>;
};

/**
 * Brings a schema up to date and answers the names of what was applied. All of it is one transaction under an advisory
 * lock: of several processes one migrates and the others wait; a failure leaves the database as it was.
 */
export async function migrate(
  database: Database,
  { folder = MIGRATIONS, schema = SCHEMA, afterwards }: MigrateOptions = {},
): Promise<string[]> {
  const known = await readMigrations(folder);
  return inTransaction(database, async (transaction) => {
    const patiently = (text: string, values: unknown[] = []) => {
      const query: QueryConfig & { query_timeout: number } = { text, query_timeout: LONGEST_MS };
      return transaction.query(values.length === 0 ? query : { ...query, values });
    };
    const { rows: set } = await transaction.query<{ patience: string }>(
      "SELECT current_setting('lock_timeout') AS patience",
    );
    await transaction.query("SET LOCAL lock_timeout = 0");
    await patiently("SELECT pg_advisory_xact_lock($1)", [LOCK]);
    await transaction.query("SELECT set_config('lock_timeout', $1, true)", [set[0]!.patience]);
    if (schema === SCHEMA && (await liesInPublic(transaction)))
      throw new MigrationError(
        `the archive of an earlier release lies in the schema public: ${MIGRATE} with AMOI_DATABASE_ADMIN_URL of its owner, which carries it into ${SCHEMA}`,
      );
    await useSchema(transaction, schema);
    await transaction.query(`
      CREATE TABLE IF NOT EXISTS migrations (
        number     integer PRIMARY KEY,
        name       text NOT NULL,
        sha256     text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
      )`);
    const pending = await pendingOf(transaction, known);
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
    await afterwards?.(transaction);
    return pending.map(({ name }) => name);
  });
}

/** Makes the schema unless it is there, and looks in it alone; temporary tables, which anybody makes, come last. */
async function useSchema(transaction: Transaction, schema: string): Promise<void> {
  const name = pg.escapeIdentifier(schema);
  const { rows } = await transaction.query<{ there: boolean }>(
    "SELECT to_regnamespace(quote_ident($1)) IS NOT NULL AS there",
    [schema],
  );
  if (!rows[0]!.there) await transaction.query(`CREATE SCHEMA ${name}`);
  await transaction.query(`SET LOCAL search_path = ${name}, pg_temp`);
}

/** Throws `MigrationError` unless the connection's schema has this version's migrations. */
export async function assertUpToDate(database: Connection): Promise<void> {
  const known = await readMigrations(MIGRATIONS);
  const { rows } = await database.query<{ there: boolean }>(
    "SELECT to_regclass('migrations') IS NOT NULL AS there",
  );
  if (!rows[0]!.there) throw new MigrationError(`the database has no schema ${SCHEMA} yet: ${MIGRATE}`);
  const [first] = await pendingOf(database, known);
  if (first !== undefined)
    throw new MigrationError(`the database has not had migration ${first.name} yet: ${MIGRATE}`);
}

/** What is not applied yet. Throws `MigrationError` where what is applied is something else. */
async function pendingOf(connection: Connection, known: Migration[]): Promise<Migration[]> {
  const { rows } = await connection.query<Pick<Migration, "number" | "name" | "sha256">>(
    "SELECT number, name, sha256 FROM migrations ORDER BY number",
  );
  for (const [i, row] of rows.entries()) assertSame(row, known[i]);
  return known.slice(rows.length);
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
      `the database has migration ${applied.name}, which this release doesn't know: run a newer release`,
    );
  if (known.name !== applied.name || known.sha256 !== applied.sha256)
    throw new MigrationError(
      `migration ${applied.name} was changed after it had been applied: restore the file, and put the change into a new migration`,
    );
}
