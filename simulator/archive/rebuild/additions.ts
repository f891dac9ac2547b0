/** What operators added to the archive's tables: found on the tables that serve, and given to those that take their place. */
import pg from "pg";
import { type Connection, ownTables } from "./own-tables.ts";

const quoted = pg.escapeIdentifier;

/**
 * Columns and constraints that the tables in `live` have and those in `next` haven't, a phrase each. A rebuild can't fill the ones,
 * and knows nothing of the others. Partitions are left to their table.
 */
export async function foreignShape(client: Connection, live: string, next: string): Promise<string[]> {
  const { rows } = await client.query<{ what: string }>(SHAPE, [live, next, await ownTables(client, next)]);
  return rows.map(({ what }) => what);
}

const SHAPE = `
  WITH pairs AS (
    SELECT l.oid AS live, n.oid AS next FROM pg_class l JOIN pg_class n ON n.relname = l.relname
    WHERE l.relnamespace = to_regnamespace(quote_ident($1)) AND n.relnamespace = to_regnamespace(quote_ident($2))
      AND l.relname = ANY ($3)
  )
  SELECT format('column %I of %s', a.attname, p.live::regclass) AS what
    FROM pairs p JOIN pg_attribute a ON a.attrelid = p.live
    WHERE a.attnum > 0 AND NOT a.attisdropped
      AND NOT EXISTS (SELECT FROM pg_attribute b WHERE b.attrelid = p.next AND b.attname = a.attname AND NOT b.attisdropped)
  UNION ALL
  SELECT format('constraint %I of %s', c.conname, p.live::regclass)
    FROM pairs p JOIN pg_constraint c ON c.conrelid = p.live
    WHERE c.contype <> 'n' AND NOT EXISTS (SELECT FROM pg_constraint d WHERE d.conrelid = p.next AND d.conname = c.conname)
  ORDER BY 1`;

/** Makes the indexes in `next` that `live` has beyond the archive's own, under their names; answers their names. */
export async function copyIndexes(client: Connection, live: string, next: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `SELECT i.relname AS name, pg_get_indexdef(i.oid) AS definition
      FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
      WHERE t.relnamespace = to_regnamespace(quote_ident($1)) AND t.relname = ANY ($3) AND x.indisvalid
        AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = i.oid)
        AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.oid)
        AND NOT EXISTS (SELECT FROM pg_class n WHERE n.relnamespace = to_regnamespace(quote_ident($2)) AND n.relname = i.relname)
      ORDER BY 1`,
    [live, next, await ownTables(client, next)],
  );
  // Always written with its schema; ONLY would leave out the partitions.
  const place = new RegExp(` ON (?:ONLY )?(?:${live}|"${live}")\\.`);
  for (const { definition } of rows) await client.query(definition.replace(place, ` ON ${quoted(next)}.`));
  return rows.map(({ name }) => name);
}

/** Gives the tables and indexes in `next` the rights, comments and storage settings of those in `live`. */
export async function copyRemarks(client: Connection, live: string, next: string): Promise<void> {
  const { rows } = await client.query<{ statement: string }>(REMARKS, [live, next]);
  for (const { statement } of rows) await client.query(statement);
}

const PAIRS = `pairs AS (
    SELECT l.*, format('%I.%I', $2::text, l.relname) AS place FROM pg_class l JOIN pg_class n ON n.relname = l.relname
    WHERE l.relnamespace = to_regnamespace(quote_ident($1)) AND n.relnamespace = to_regnamespace(quote_ident($2))
      AND n.relkind = l.relkind
  )`;

const REMARKS = `
  WITH ${PAIRS}, given AS (
    SELECT place, relowner, NULL::name AS column, acl.*
      FROM pairs, aclexplode(relacl) AS acl WHERE relkind IN ('r', 'p')
    UNION ALL
    SELECT place, relowner, a.attname, acl.*
      FROM pairs JOIN pg_attribute a ON a.attrelid = pairs.oid, aclexplode(a.attacl) AS acl WHERE relkind IN ('r', 'p')
  )
  SELECT format('GRANT %s %s ON TABLE %s TO %s %s', privilege_type, '(' || quote_ident("column") || ')', place,
      CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
      CASE WHEN is_grantable THEN 'WITH GRANT OPTION' END) AS statement
    FROM given WHERE grantee <> relowner
  UNION ALL
  SELECT format('COMMENT ON %s IS %L', CASE
        WHEN d.objsubid > 0 THEN format('COLUMN %s.%I', place, a.attname)
        WHEN relkind IN ('i', 'I') THEN 'INDEX ' || place
        ELSE 'TABLE ' || place END, d.description)
    FROM pairs JOIN pg_description d ON d.objoid = pairs.oid AND d.classoid = 'pg_class'::regclass
      LEFT JOIN pg_attribute a ON a.attrelid = pairs.oid AND a.attnum = d.objsubid
    WHERE relkind IN ('r', 'p', 'i', 'I')
  UNION ALL
  SELECT format('ALTER %s %s SET (%s)', CASE relkind WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END, place, array_to_string(reloptions, ', '))
    FROM pairs WHERE reloptions IS NOT NULL AND relkind IN ('r', 'i')`;

/** What isn't given to the tables that take the place of those in `live`, a phrase each. */
export async function notKept(client: Connection, live: string): Promise<string[]> {
  const { rows } = await client.query<{ what: string }>(
    `WITH own AS (SELECT c.* FROM pg_class c WHERE c.relnamespace = to_regnamespace(quote_ident($1)) AND c.relname = ANY ($2))
      SELECT format('tablespace %I of %I', s.spcname, own.relname) AS what FROM own JOIN pg_tablespace s ON s.oid = own.reltablespace
      UNION ALL SELECT format('replica identity of %I', relname) FROM own WHERE relreplident <> 'd'
      UNION ALL SELECT format('statistics target of %I.%I', own.relname, a.attname)
        FROM own JOIN pg_attribute a ON a.attrelid = own.oid WHERE a.attnum > 0 AND a.attstattarget >= 0
      UNION ALL SELECT format('order of %I by %I', own.relname, i.relname)
        FROM own JOIN pg_index x ON x.indrelid = own.oid JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indisclustered
      UNION ALL SELECT format('index %I of %I, which is not valid', i.relname, own.relname)
        FROM own JOIN pg_index x ON x.indrelid = own.oid JOIN pg_class i ON i.oid = x.indexrelid WHERE NOT x.indisvalid
      ORDER BY 1`,
    [live, await ownTables(client, live)],
  );
  return rows.map(({ what }) => what);
}
