/** A database for the archive: its roles, its tables, everybody's rights. */
import { randomBytes } from "node:crypto";
import pg from "pg";
import type { Log } from "../../shared/process/log.ts";
import { openDatabase } from "../../simulator/archive/database/database.ts";
import { bringUpToDate } from "../../simulator/archive/database/migrate.ts";
import { ROLES } from "../../simulator/archive/database/rights.ts";
import { type DatabaseUrls, makeRoles } from "../../simulator/archive/database/roles.ts";

const CONNECT_MS = 10_000;
/** An archive that is carried over is moved, not copied; what may take long is somebody else's lock on it. */
const STATEMENT_MS = 120_000;

/** The database of `admin` for each role, with a password of its own: the one that it has in `known`, or a new one. */
export function urlsFor(admin: string, known: Partial<DatabaseUrls> = {}): DatabaseUrls {
  const urlOf = (kind: keyof DatabaseUrls): string => {
    const password = passwordIn(known[kind]) ?? randomBytes(16).toString("hex");
    return Object.assign(new URL(admin), { username: ROLES[kind], password }).href;
  };
  return { archive: urlOf("archive"), migrate: urlOf("migrate"), read: urlOf("read") };
}

function passwordIn(url: string | undefined): string | undefined {
  return url === undefined ? undefined : decodeURIComponent(new URL(url).password) || undefined;
}

/** Makes roles and schemas as `admin`, who may do so, with the passwords of `urls`. */
export async function prepareRoles(admin: string, urls: DatabaseUrls): Promise<void> {
  const client = new pg.Client({
    connectionString: admin,
    application_name: "prepare",
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: STATEMENT_MS,
    keepAlive: true,
  });
  client.on("error", () => {}); // The statement that is under way tells.
  await client.connect();
  try {
    await client.query("SET lock_timeout = '60s'");
    await makeRoles(client, urls);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Brings the tables up to date as `migrate`, their owner; answers the names of what was applied. */
export async function migrateDatabase(migrate: string, log: Log): Promise<string[]> {
  const database = openDatabase(migrate, { log, name: "migrate", max: 1 });
  try {
    return await bringUpToDate(database);
  } finally {
    await database.end();
  }
}

/** Both; answers the URL of each role. */
export async function prepareDatabase(
  admin: string,
  log: Log,
  urls: DatabaseUrls = urlsFor(admin),
): Promise<DatabaseUrls> {
  await prepareRoles(admin, urls);
  await migrateDatabase(urls.migrate, log);
  return urls;
}
