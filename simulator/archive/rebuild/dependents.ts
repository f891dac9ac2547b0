/**
 * What in a database depends on the archive's tables and isn't the archive's: a rebuild puts other tables in their place, so whatever
 * names those that are there would stay with the old ones, or go with them.
 */
import { type Connection, FUNCTIONS, ownTables, VIEWED, VIEWS } from "./own-tables.ts";

/**
 * A phrase for each foreign thing that is tied to the archive's tables in `schema`, as `view reports.weekly`; none where a rebuild is
 * free to replace them. The archive's own views don't count: they are pointed at the new tables in place, with all that is built on them.
 */
export async function foreignDependents(client: Connection, schema: string): Promise<string[]> {
  const tables = await ownTables(client, schema);
  const { rows } = await client.query<{ what: string }>(FOREIGN, [schema, tables, FUNCTIONS, VIEWS, VIEWED]);
  return rows.map(({ what }) => what);
}

const FOREIGN = `
  WITH own AS (
    SELECT c.oid, c.reltype, c.reltoastrelid FROM pg_class c
    WHERE c.relnamespace = to_regnamespace(quote_ident($1)) AND c.relname = ANY ($2) AND c.relkind IN ('r', 'p')
  ), views AS (
    SELECT c.oid FROM pg_class c
    WHERE c.relnamespace = to_regnamespace(quote_ident($4)) AND c.relname = ANY ($5) AND c.relkind = 'v'
  ), functions AS (
    SELECT to_regprocedure(quote_ident($1) || '.' || f) AS oid FROM unnest($3::text[]) AS f
  ), relations AS (
    -- With each, the table that it is a part of.
    SELECT oid, oid AS part_of FROM own
    UNION ALL SELECT indexrelid, indrelid FROM pg_index JOIN own ON own.oid = indrelid
    UNION ALL SELECT reltoastrelid, oid FROM own WHERE reltoastrelid <> 0
    UNION ALL SELECT indexrelid, own.oid FROM pg_index JOIN own ON own.reltoastrelid = indrelid
    -- Numbers of an identity column; a sequence that somebody ties to a column would go with the table.
    UNION ALL SELECT d.objid, d.refobjid FROM pg_depend d JOIN own ON own.oid = d.refobjid
      WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'i'
  ), objects AS (
    SELECT 'pg_class'::regclass AS class, oid FROM relations
    UNION ALL SELECT 'pg_type'::regclass, t.oid FROM pg_type t JOIN own ON t.oid = own.reltype OR t.typelem = own.reltype
    UNION ALL SELECT 'pg_constraint'::regclass, c.oid FROM pg_constraint c JOIN own ON own.oid = c.conrelid
    UNION ALL SELECT 'pg_proc'::regclass, oid FROM functions WHERE oid IS NOT NULL
  ), dependents AS (
    SELECT DISTINCT d.classid, d.objid,
      CASE d.classid
        WHEN 'pg_rewrite'::regclass THEN (SELECT ev_class FROM pg_rewrite WHERE oid = d.objid)
        WHEN 'pg_constraint'::regclass THEN (SELECT conrelid FROM pg_constraint WHERE oid = d.objid)
        WHEN 'pg_trigger'::regclass THEN (SELECT tgrelid FROM pg_trigger WHERE oid = d.objid)
        WHEN 'pg_attrdef'::regclass THEN (SELECT adrelid FROM pg_attrdef WHERE oid = d.objid)
        WHEN 'pg_policy'::regclass THEN (SELECT polrelid FROM pg_policy WHERE oid = d.objid)
        WHEN 'pg_class'::regclass THEN coalesce((SELECT part_of FROM relations WHERE oid = d.objid), d.objid)
      END AS relation
    FROM pg_depend d JOIN objects o ON o.class = d.refclassid AND o.oid = d.refobjid
    WHERE NOT EXISTS (SELECT FROM objects o WHERE o.class = d.classid AND o.oid = d.objid)
  )
  SELECT CASE c.relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' END || d.relation::regclass AS what
    FROM dependents d JOIN pg_class c ON c.oid = d.relation
    WHERE d.classid = 'pg_rewrite'::regclass AND c.relkind IN ('v', 'm') AND d.relation NOT IN (SELECT oid FROM views)
  UNION SELECT pg_describe_object(d.classid, d.objid, 0)
    FROM dependents d
    WHERE (d.relation IS NULL OR d.relation NOT IN (SELECT oid FROM own))
      AND NOT (d.classid = 'pg_rewrite'::regclass AND EXISTS (SELECT FROM pg_class WHERE oid = d.relation AND relkind IN ('v', 'm')))
  UNION SELECT format('rule %I on %s', r.rulename, own.oid::regclass)
    FROM pg_rewrite r JOIN own ON own.oid = r.ev_class
  UNION SELECT format('trigger %I on %s', t.tgname, own.oid::regclass)
    FROM pg_trigger t JOIN own ON own.oid = t.tgrelid WHERE NOT t.tgisinternal AND t.tgname <> 'append_only'
  UNION SELECT format('policy %I on %s', p.polname, own.oid::regclass)
    FROM pg_policy p JOIN own ON own.oid = p.polrelid
  UNION SELECT format('table %s, which inherits from %s', i.inhrelid::regclass, own.oid::regclass)
    FROM pg_inherits i JOIN own ON own.oid = i.inhparent
    WHERE i.inhrelid NOT IN (SELECT oid FROM own)
  UNION SELECT format('publication %I, which has all tables', pubname) FROM pg_publication WHERE puballtables
  UNION SELECT format('publication %I, which has the schema %s', p.pubname, n.pnnspid::regnamespace)
    FROM pg_publication_namespace n JOIN pg_publication p ON p.oid = n.pnpubid
    WHERE n.pnnspid = to_regnamespace(quote_ident($1))
  UNION SELECT format('subscription %s to %s', s.srsubid, own.oid::regclass)
    FROM pg_subscription_rel s JOIN own ON own.oid = s.srrelid
  ORDER BY 1`;
