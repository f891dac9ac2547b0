/** The archive's roles: made by an administrator of the database, once, with the two schemas that belong to them. */
import { readFile } from "node:fs/promises";
import pg from "pg";
import { type Connection, SCHEMA } from "../rebuild/own-tables.ts";
import { ROLES } from "./rights.ts";

/** One URL for each kind of process. */
export type DatabaseUrls = Record<keyof typeof ROLES, string>;

/** Any number, as long as it is the same everywhere: roles are of the whole server, and are made by one at a time. */
const LOCK = 6_051_734;

/**
 * Makes what `sql/roles.sql` says, an archive of an earlier release carried over from `public`, and gives the roles the passwords
 * of their URLs. `admin` may make roles, and owns what is carried.
 */
export async function makeRoles(admin: pg.Client | pg.PoolClient, urls: DatabaseUrls): Promise<void> {
  await admin.query("BEGIN");
  try {
    await admin.query("SELECT pg_advisory_xact_lock($1)", [LOCK]);
    await admin.query(await readFile(new URL("../sql/roles.sql", import.meta.url), "utf8"));
    for (const [kind, role] of Object.entries(ROLES)) {
      const { username, password } = new URL(urls[kind as keyof DatabaseUrls]);
      if (decodeURIComponent(username) !== role)
        throw new Error(`the URL of ${kind} is for ${username || "no role"}: its role is ${role}`);
      if (password !== "")
        await admin.query(
          `ALTER ROLE ${role} LOGIN PASSWORD ${pg.escapeLiteral(decodeURIComponent(password))}`,
        );
    }
    await admin.query("COMMIT");
  } catch (error) {
    await admin.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

/** Whether an archive of an earlier release lies in `public` and none in its own schema. */
export async function liesInPublic(client: Connection): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>(
    `SELECT to_regclass('public.migrations') IS NOT NULL AND to_regclass('public.archive_positions') IS NOT NULL
      AND to_regclass('${SCHEMA}.migrations') IS NULL AS there`,
  );
  return rows[0]!.there;
}
