/** How a new archive replaces the serving archive in one transaction, table by table, without touching anything else in the database. */
import pg from "pg";
import type { Transaction } from "../database/database.ts";
import { settleRights } from "../database/rights.ts";
import { copyRemarks } from "./additions.ts";
import { FUNCTIONS, ownTables, SCHEMA, VIEWED, VIEWS } from "./own-tables.ts";

/** The schemas of the serving archive, of the new one, and of the old one where it is kept. */
export const SCHEMAS = { live: SCHEMA, next: `${SCHEMA}_next`, before: `${SCHEMA}_before` } as const;

const quoted = pg.escapeIdentifier;
const named = (schema: string, tables: readonly string[]) =>
  tables.map((table) => `${quoted(schema)}.${quoted(table)}`);

/** Drops the archive's tables in a schema, and the schema unless somebody has put something else there. Fails where others need them. */
export async function dropTables(client: Transaction, schema: string): Promise<void> {
  const tables = await ownTables(client, schema);
  if (tables.length > 0) await client.query(`DROP TABLE ${named(schema, tables).join(", ")}`);
  for (const name of FUNCTIONS) await client.query(`DROP FUNCTION IF EXISTS ${quoted(schema)}.${name}`);
  const { rows } = await client.query<{ empty: boolean }>(
    `SELECT NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid) AS empty
      FROM pg_namespace n WHERE n.nspname = $1`,
    [schema],
  );
  if (rows[0]?.empty === true) await client.query(`DROP SCHEMA ${quoted(schema)}`);
}

/** Realms of the archive that serves. */
export async function liveRealms(client: Transaction): Promise<string[]> {
  const { rows } = await client.query<{ realm: string }>(
    `SELECT realm_id AS realm FROM ${SCHEMAS.live}.realms ORDER BY 1`,
  );
  return rows.map(({ realm }) => realm);
}

export type Places = { realm: string; stream: string; created: string; through: number }[];

export async function placesIn(client: Transaction, schema: string): Promise<Places> {
  const { rows } = await client.query<Places[number]>(
    `SELECT realm_id AS realm, stream, created, through FROM ${quoted(schema)}.archive_positions ORDER BY 1, 2`,
  );
  return rows;
}

/** From here to the end of the transaction no process writes to the serving schema; it can still be read. */
export const holdStill = (client: Transaction) =>
  client.query(`LOCK TABLE ${SCHEMAS.live}.archive_positions IN EXCLUSIVE MODE`);

/** From here on readers wait for the new tables, no longer than `lock_timeout`. */
export async function holdAll(client: Transaction): Promise<void> {
  const tables = named(SCHEMAS.live, await ownTables(client, SCHEMAS.live));
  await client.query(
    `LOCK TABLE ${[...tables, ...named(VIEWS, VIEWED)].join(", ")} IN ACCESS EXCLUSIVE MODE`,
  );
}

/** True where a lock was not to be had in time. */
export const isHeld = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && (error.code === "55P03" || error.code === "40P01");

/**
 * Whose open transactions hold the archive's tables or views now, a phrase each, the longest first. Of others' sessions a role that isn't
 * of `pg_read_all_stats` is told no more than whose they are.
 */
export async function readersOf(client: Transaction): Promise<string[]> {
  const { rows } = await client.query<{ pid: number; role: string; name: string; seconds: number | null }>(
    `SELECT a.pid, a.usename AS role, a.application_name AS name,
        floor(extract(epoch FROM now() - min(a.xact_start)))::integer AS seconds
      FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid JOIN pg_class c ON c.oid = l.relation
      WHERE l.granted AND a.datname = current_database() AND a.pid <> pg_backend_pid()
        AND c.relnamespace IN (to_regnamespace($1), to_regnamespace($2))
      GROUP BY 1, 2, 3 ORDER BY seconds DESC NULLS FIRST`,
    [SCHEMAS.live, VIEWS],
  );
  return rows.map(({ pid, role, name, seconds }) => {
    const known = [role, name, seconds === null ? undefined : `for ${seconds} s`];
    return `process ${pid} (${known.filter(Boolean).join(", ")})`;
  });
}

/**
 * Puts the tables of `next` in the place of those that serve, with the rights and comments that others gave to those, and points
 * the views at them. A reader that waits for a table of that name finds the new table when the transaction ends: Postgres looks names up again
 * after it has waited. `keep`: the old tables stay, in `before`; else they are gone with the same commit.
 */
export async function swap(client: Transaction, keep: boolean): Promise<void> {
  const { live, next, before } = SCHEMAS;
  await copyRemarks(client, live, next);
  // Tables that an earlier rebuild kept are dropped only now, since until here this rebuild could still be refused.
  await dropTables(client, before);
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${before}`);
  await move(client, live, before);
  await move(client, next, live);
  await settleRights(client);
  if (!keep) await dropTables(client, before);
  await dropTables(client, next);
}

async function move(client: Transaction, from: string, to: string): Promise<void> {
  for (const table of named(from, await ownTables(client, from)))
    await client.query(`ALTER TABLE ${table} SET SCHEMA ${quoted(to)}`);
  for (const name of FUNCTIONS)
    await client.query(`ALTER FUNCTION ${quoted(from)}.${name} SET SCHEMA ${quoted(to)}`);
  // It runs with its owner's rights, in the schema that it was made in.
  await client.query(
    `ALTER FUNCTION ${quoted(to)}.open_partition(text) SET search_path = ${quoted(to)}, pg_temp`,
  );
}
