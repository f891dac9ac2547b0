/** Schemas of Postgres: how a new archive takes the place of the one that serves, in one transaction. */
import pg from "pg";
import type { Transaction } from "./database.ts";

/** The archive that serves, the one that is made, and where the first goes when the second takes its place. */
export type Schemas = { live: string; next: string; before: string };

const quoted = pg.escapeIdentifier;

/** Named after the schema that the connection looks in. Answers nothing where there is no archive in it. */
export async function findSchemas(client: Transaction): Promise<Schemas | undefined> {
  const { rows } = await client.query<{ live: string; holds: boolean }>(
    `SELECT current_schema() AS live, to_regclass(quote_ident(current_schema()) || '.archive_positions') IS NOT NULL AS holds`,
  );
  const { live, holds } = rows[0]!;
  return holds ? { live, next: `${live}_next`, before: `${live}_before` } : undefined;
}

export const makeSchema = (client: Transaction, schema: string) =>
  client.query(`CREATE SCHEMA ${quoted(schema)}`);

export const dropSchema = (client: Transaction, schema: string) =>
  client.query(`DROP SCHEMA IF EXISTS ${quoted(schema)} CASCADE`);

/** Realms of the archive that serves. */
export async function liveRealms(client: Transaction, { live }: Schemas): Promise<string[]> {
  const { rows } = await client.query<{ realm: string }>(
    `SELECT realm_id AS realm FROM ${quoted(live)}.realms ORDER BY 1`,
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

/** From here to the end of the transaction nobody archives into the schema that serves; it can be read all the while. */
export const holdStill = (client: Transaction, { live }: Schemas) =>
  client.query(`LOCK TABLE ${quoted(live)}.archive_positions IN EXCLUSIVE MODE`);

/**
 * Renames both, with the rights that others were given on the one that served. Whoever waits for a table of that name finds
 * the new one when the transaction ends: Postgres looks names up again after it has waited.
 */
export async function renameSchemas(client: Transaction, schemas: Schemas): Promise<void> {
  const { live, next, before } = schemas;
  const { rows } = await client.query<{ grant: string }>(GRANTS, [live, next]);
  for (const { grant } of rows) await client.query(grant);
  await client.query(`ALTER SCHEMA ${quoted(live)} RENAME TO ${quoted(before)}`);
  await client.query(`ALTER SCHEMA ${quoted(next)} RENAME TO ${quoted(live)}`);
}

const GRANTS = `
  WITH given AS (
    SELECT format('SCHEMA %I', $2::text) AS what, acl.*
    FROM pg_namespace n, aclexplode(n.nspacl) AS acl WHERE n.nspname = $1 AND acl.grantee <> n.nspowner
    UNION ALL
    SELECT format('TABLE %I.%I', $2::text, c.relname), acl.*
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) AS acl
    WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND acl.grantee <> c.relowner
      AND to_regclass(format('%I.%I', $2::text, c.relname)) IS NOT NULL
  )
  SELECT format('GRANT %s ON %s TO %s', privilege_type, what,
    CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END) AS grant
  FROM given`;
