/** The archive's own schemas, tables and functions in a database, by name. Everything else belongs to others. */
import type { ClientBase, Pool } from "pg";

/** Where the tables are, and where everybody else reads them. */
export const SCHEMA = "amoi";
export const VIEWS = "amoi_read";

/** Tables that have a view of their name in `VIEWS`. */
export const VIEWED = [
  "realms",
  "seasons",
  "rulesets",
  "factions",
  "memberships",
  "territories",
  "world_triggers",
  "sovereign_actions",
  "world_state_snapshots",
  "world_events",
  "influence_ledger",
  "archive_positions",
  "receipts",
] as const;
export type Table = (typeof VIEWED)[number];

const TABLES = [...VIEWED, "migrations"] as const;

/** Functions, with their arguments. */
export const FUNCTIONS = ["refuse_change()", "open_partition(text)"] as const;

/** A connection: one of a pool's, or a client. */
export type Connection = Pick<ClientBase, "query"> | Pick<Pool, "query">;

/** Names of the archive's tables in a schema, each partition after its table. */
export async function ownTables(client: Connection, schema: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = to_regnamespace(quote_ident($1)) AND (
        (c.relkind IN ('r', 'p') AND c.relname = ANY ($2))
        OR EXISTS (SELECT FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
          WHERE i.inhrelid = c.oid AND c.relkind = 'r' AND p.relnamespace = c.relnamespace AND p.relname = 'world_events'
            AND c.relname LIKE 'world\\_events\\_%'))
      ORDER BY c.relispartition, c.relname`,
    [schema, TABLES],
  );
  return rows.map(({ name }) => name);
}
