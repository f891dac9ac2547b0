import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { prepareDatabase } from "../../ops/local/prepare-database.ts";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import { runCommand } from "../../ops/testing/run-command.ts";
import { sha256 } from "../../shared/exact/canonical.ts";
import { subjects } from "../../shared/stream/subjects.ts";
import { BlockedStreams } from "./blocked-streams.ts";
import { openDatabase } from "./database/database.ts";
import { migrate } from "./database/migrate.ts";
import { archiveRealm } from "./realms.ts";
import { checkAgreement } from "./rebuild/agreement.ts";
import { accepted, silent, type TestPostgres, testPostgres, testRealm } from "./testing/database.ts";

let nats: TestNats;
let postgres: TestPostgres;
beforeAll(async () => {
  [nats, postgres] = await Promise.all([testNats(), testPostgres()]);
});
afterAll(() => Promise.all([nats.close(), postgres.close()]));

/** The migrations of the release that kept its tables in `public`, as its archive applied them. */
async function migrateAsBefore(client: pg.Client): Promise<void> {
  const folder = new URL("./sql/migrations/", import.meta.url);
  const names = (await readdir(folder)).filter((name) => /^000[123]_.*\.sql$/.test(name)).sort();
  await client.query(
    "CREATE TABLE migrations (number integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())",
  );
  for (const [i, name] of names.entries()) {
    const sql = await readFile(new URL(name, folder), "utf8");
    await client.query(sql);
    await client.query("INSERT INTO migrations (number, name, sha256) VALUES ($1, $2, $3)", [
      i + 1,
      name,
      sha256(sql),
    ]);
  }
}

test("an archive of an earlier release is carried from public with every row and whatever depends on it, and goes on", async () => {
  const { urls, database } = await postgres.empty();
  const { realm, write, tick } = await testRealm(nats.bus, "carried");
  const round = async (n: number) => {
    await write(
      subjects.accepted,
      Array.from({ length: 60 }, (_, i) => accepted(realm, n * 60 + i)),
    );
    await tick();
  };
  const archived = async (url: string, schema: string, rounds: number) => {
    const into = openDatabase(url, { log: silent, schema });
    const stop = new AbortController();
    const surroundings = { database: into, bus: nats.bus, log: silent, troubles: new BlockedStreams() };
    const done = archiveRealm(realm, surroundings, stop.signal);
    const count = async () =>
      (await into.query("SELECT count(*) AS n FROM influence_ledger WHERE tick > 0")).rows[0].n;
    const events = async () => (await into.query("SELECT count(*) AS n FROM world_events")).rows[0].n;
    const all = async () => (await count()) === rounds * 60 && (await events()) === rounds * 61 + 1;
    for (let i = 0; i < 400 && !(await all()); i++) await delay(25);
    const said = surroundings.troubles.summary();
    stop.abort();
    await done;
    expect(said).toBeUndefined();
    expect([await count(), await events()]).toEqual([rounds * 60, rounds * 61 + 1]);
    await into.end();
  };
  const admin = new pg.Client(urls.admin);
  await admin.connect();
  await migrateAsBefore(admin);
  await round(0);
  await round(1);
  await archived(urls.admin, "public", 2);
  const rowsIn = async (schema: string) => {
    const found: Record<string, string[]> = {};
    for (const table of [
      "realms",
      "rulesets",
      "memberships",
      "world_state_snapshots",
      "world_events",
      "influence_ledger",
      "archive_positions",
      "migrations",
    ]) {
      const last = table === "migrations" ? "WHERE number <= 3" : "";
      const { rows } = await admin.query(
        `SELECT to_jsonb(t)::text AS row FROM ${schema}.${table} t ${last} ORDER BY 1`,
      );
      found[table] = rows.map(({ row }) => row);
    }
    return found;
  };
  const before = await rowsIn("public");
  await admin.query(`
    CREATE VIEW public.weekly AS SELECT count(*) AS n FROM public.world_events;
    CREATE TABLE public.guests AS SELECT 1 AS n;
    CREATE TABLE public.world_events_notes AS SELECT 2 AS n;
    CREATE INDEX by_faction ON public.influence_ledger (faction_id)`);

  // Who owns nothing can't carry, and says who can.
  await expect(migrate(database)).rejects.toThrow("run npm run archive:migrate with AMOI_DATABASE_ADMIN_URL");

  const env = {
    AMOI_DATABASE_ADMIN_URL: urls.admin,
    DATABASE_MIGRATE_URL: urls.migrate,
    DATABASE_URL: urls.archive,
    DATABASE_READ_URL: urls.read,
  };
  const migrated = await runCommand("ops/tools/archive-migrate/main.ts", [], env);
  expect(migrated).toMatchObject({ code: 0, err: "" });
  expect(migrated.out).toContain("applied 0004_open_partition.sql");
  expect(await rowsIn("amoi")).toEqual(before);
  const { rows } = await admin.query(`
    SELECT (SELECT n FROM public.weekly) AS weekly, (SELECT n FROM public.guests) AS guests,
      (SELECT n FROM public.world_events_notes) AS notes,
      to_regclass('amoi.by_faction')::text AS index,
      (SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')) AS public,
      (SELECT string_agg(DISTINCT pg_get_userbyid(c.relowner), ' ') FROM pg_class c
        WHERE c.relnamespace = 'amoi'::regnamespace) AS owners`);
  expect(rows[0]).toEqual({
    weekly: "123",
    guests: 1,
    notes: 2,
    index: "amoi.by_faction",
    public: "guests weekly world_events_notes",
    owners: "amoi_migrate",
  });

  await round(2);
  await archived(urls.archive, "amoi", 3);
  expect(await checkAgreement(database, realm)).toEqual({ ticks: 3, problems: [] });
  await expect(database.query("DELETE FROM world_events_carried")).rejects.toThrow("append-only");
  expect((await runCommand("ops/tools/archive-migrate/main.ts", [], env)).out).toContain(
    "the database is up to date",
  );
  await admin.end();
});

test("a table named migrations that is somebody else's stays where it is, and an archive begins beside it", async () => {
  const { urls, database } = await postgres.empty();
  await database.query(
    "CREATE TABLE public.migrations (id integer); INSERT INTO public.migrations VALUES (7)",
  );
  await database.query("CREATE TABLE public.realms (id integer)");
  await prepareDatabase(urls.admin, silent, urls);
  expect((await database.query("SELECT id FROM public.migrations")).rows).toEqual([{ id: 7 }]);
  const { rows } = await database.query("SELECT count(*) > 0 AS begun FROM amoi.migrations");
  expect(rows).toEqual([{ begun: true }]);
});
