/** Who may do what in the archive's database. The tables belong to `amoi_migrate`; a test tries every role against a server. */
import { readFile } from "node:fs/promises";
import pg from "pg";
import { type Connection, ownTables, SCHEMA, type Table, VIEWED, VIEWS } from "../rebuild/own-tables.ts";

/** The role of each kind of process. */
export const ROLES = { migrate: "amoi_migrate", archive: "amoi_archive", read: "amoi_read" } as const;

/** What the archive does to its tables: what happened is only ever added. */
const ARCHIVE_MAY: Record<Table | "migrations", string> = {
  world_events: "SELECT, INSERT",
  influence_ledger: "SELECT, INSERT",
  world_state_snapshots: "SELECT, INSERT",
  rulesets: "SELECT, INSERT",
  receipts: "SELECT, INSERT",
  realms: "SELECT, INSERT, UPDATE",
  seasons: "SELECT, INSERT, UPDATE",
  memberships: "SELECT, INSERT, UPDATE",
  sovereign_actions: "SELECT, INSERT, UPDATE",
  archive_positions: "SELECT, INSERT, UPDATE",
  // The realm as it is now: what a ruleset drops goes.
  factions: "SELECT, INSERT, UPDATE, DELETE",
  territories: "SELECT, INSERT, UPDATE, DELETE",
  world_triggers: "SELECT, INSERT, UPDATE, DELETE",
  migrations: "SELECT",
};
const may = (table: string): string =>
  table in ARCHIVE_MAY ? ARCHIVE_MAY[table as Table] : ARCHIVE_MAY.world_events;

const quoted = pg.escapeIdentifier;

/**
 * Gives each role that there is exactly its rights on the tables of `SCHEMA` and the views of `VIEWS`, and makes those views anew in
 * place. The role that runs it owns both.
 */
export async function settleRights(client: Connection): Promise<void> {
  await client.query(await readFile(new URL("../sql/views.sql", import.meta.url), "utf8"));
  const { rows } = await client.query<{ role: string }>(
    "SELECT rolname AS role FROM pg_roles WHERE rolname = ANY ($1)",
    [Object.values(ROLES)],
  );
  const exists = (role: string) => rows.some((row) => row.role === role);
  const tables = await ownTables(client, SCHEMA);
  const statements: string[] = [];
  if (exists(ROLES.archive)) {
    statements.push(`GRANT USAGE ON SCHEMA ${SCHEMA} TO ${ROLES.archive}`);
    for (const table of tables) {
      const name = `${SCHEMA}.${quoted(table)}`;
      statements.push(`REVOKE ALL ON ${name} FROM ${ROLES.archive}`);
      statements.push(`GRANT ${may(table)} ON ${name} TO ${ROLES.archive}`);
    }
    statements.push(`GRANT EXECUTE ON FUNCTION ${SCHEMA}.open_partition(text) TO ${ROLES.archive}`);
  }
  if (exists(ROLES.read)) {
    statements.push(`GRANT USAGE ON SCHEMA ${VIEWS} TO ${ROLES.read}`);
    for (const view of VIEWED) {
      statements.push(`REVOKE ALL ON ${VIEWS}.${view} FROM ${ROLES.read}`);
      statements.push(`GRANT SELECT ON ${VIEWS}.${view} TO ${ROLES.read}`);
    }
  }
  for (const statement of statements) await client.query(statement);
}

/** Tables of what happened: the archive's role may insert into them and never change a row. */
const KEPT = ["world_events", "influence_ledger", "world_state_snapshots"];

/**
 * What this connection's role may do that the archive must not, as one sentence; nothing where its rights are those of
 * `amoi_archive`.
 */
export async function excessOf(client: Connection): Promise<string | undefined> {
  const { rows } = await client.query<{ role: string; superuser: boolean; owns: boolean; changes: boolean }>(
    `SELECT current_user AS role, r.rolsuper AS superuser,
        bool_or(pg_has_role(c.relowner, 'MEMBER')) AS owns,
        bool_or(has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')) AS changes
      FROM pg_class c, pg_roles r
      WHERE c.oid = ANY ($1::regclass[]) AND r.rolname = current_user
      GROUP BY r.rolsuper`,
    [KEPT],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { role, superuser, owns, changes } = row;
  if (superuser) return `the role ${role} is a superuser`;
  if (owns) return `the role ${role} owns the archive's tables`;
  if (changes) return `the role ${role} may change ${KEPT.join(", ")}`;
  return undefined;
}
