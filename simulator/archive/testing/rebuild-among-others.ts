import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type TestNats, testNats } from "../../../ops/testing/nats.ts";
import { subjects } from "../../../shared/stream/subjects.ts";
import { BlockedStreams } from "../blocked-streams.ts";
import type { Database } from "../database/database.ts";
import { archiveRealm } from "../realms.ts";
import { type RebuildOptions, rebuild } from "../rebuild/rebuild.ts";
import {
  accepted,
  silent,
  type TestDatabase,
  type TestPostgres,
  type TestRealm,
  testRealm,
} from "./database.ts";

/** What ties others to the archive's tables, how a refusal names it, and how it is undone. */
const TIES: [make: string, name: string, undo: string][] = [
  [
    "CREATE VIEW reports.weekly AS SELECT count(*) FROM amoi.world_events",
    "view reports.weekly",
    "DROP VIEW reports.weekly",
  ],
  [
    "CREATE VIEW amoi_read.mine AS SELECT realm_id FROM amoi.realms",
    "view amoi_read.mine",
    "DROP VIEW amoi_read.mine",
  ],
  [
    "CREATE MATERIALIZED VIEW reports.monthly AS SELECT realm_id FROM amoi.realms",
    "materialized view reports.monthly",
    "DROP MATERIALIZED VIEW reports.monthly",
  ],
  [
    "CREATE TABLE reports.notes (realm text REFERENCES amoi.realms)",
    "constraint notes_realm_fkey on table reports.notes",
    "DROP TABLE reports.notes",
  ],
  ["CREATE PUBLICATION lake FOR TABLE amoi.influence_ledger", "publication lake", "DROP PUBLICATION lake"],
  ["CREATE PUBLICATION all_of_it FOR ALL TABLES", "publication all_of_it", "DROP PUBLICATION all_of_it"],
  ["CREATE PUBLICATION ours FOR TABLES IN SCHEMA amoi", "publication ours", "DROP PUBLICATION ours"],
  [
    `CREATE FUNCTION reports.ring() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
      CREATE TRIGGER bell AFTER INSERT ON amoi.influence_ledger EXECUTE FUNCTION reports.ring()`,
    "trigger bell on ",
    "DROP TRIGGER bell ON amoi.influence_ledger",
  ],
  [
    "CREATE POLICY own_rows ON amoi.memberships USING (true)",
    "policy own_rows on ",
    "DROP POLICY own_rows ON amoi.memberships",
  ],
  [
    "CREATE RULE quiet AS ON INSERT TO amoi.factions DO NOTHING",
    "rule quiet on ",
    "DROP RULE quiet ON amoi.factions",
  ],
  [
    "CREATE FUNCTION reports.ticks() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM amoi.world_state_snapshots; END",
    "function reports.ticks()",
    "DROP FUNCTION reports.ticks()",
  ],
  ["CREATE TABLE reports.seen (row amoi.influence_ledger)", "table reports.seen", "DROP TABLE reports.seen"],
  [
    "CREATE TABLE reports.late () INHERITS (amoi.influence_ledger)",
    "table reports.late",
    "DROP TABLE reports.late",
  ],
  [
    "CREATE STATISTICS reports.together ON realm_id, user_id FROM amoi.influence_ledger",
    "statistics object reports.together",
    "DROP STATISTICS reports.together",
  ],
  [
    "ALTER TABLE amoi.influence_ledger ADD COLUMN note text",
    "column note of ",
    "ALTER TABLE amoi.influence_ledger DROP COLUMN note",
  ],
  [
    "ALTER TABLE amoi.influence_ledger ADD CONSTRAINT positive CHECK (applied_points >= 0)",
    "constraint positive of ",
    "ALTER TABLE amoi.influence_ledger DROP CONSTRAINT positive",
  ],
];

/** What a rebuild does and refuses where the database is others' too, on a server that `startServer` starts. */
export function rebuildAmongOthers(startServer: () => Promise<TestPostgres>): void {
  let nats: TestNats;
  let postgres: TestPostgres;
  let database: Database;
  let archiving: Database;
  let urls: TestDatabase["urls"];
  let world: TestRealm;
  let made = 0;
  let running: { stop: AbortController; done: Promise<void> } | undefined;

  beforeAll(async () => {
    [nats, postgres] = await Promise.all([testNats(), startServer()]);
  });
  afterAll(() => Promise.all([nats.close(), postgres.close()]));
  beforeEach(async () => {
    ({ database, archiving, urls } = await postgres.fresh());
    await database.query("CREATE SCHEMA reports");
    world = await testRealm(nats.bus, `foreign-${++made}`);
    const stop = new AbortController();
    const surroundings = { database: archiving, bus: nats.bus, log: silent, troubles: new BlockedStreams() };
    running = { stop, done: archiveRealm(world.realm, surroundings, stop.signal) };
    await round(0);
  });
  afterEach(async () => {
    running?.stop.abort(new Error("stopped"));
    await running?.done;
  });

  const again = (options: Partial<RebuildOptions> = {}) =>
    rebuild({
      url: urls.migrate,
      bus: nats.bus,
      log: silent,
      signal: new AbortController().signal,
      ...options,
    });
  const one = async (query: string) => Object.values((await database.query(query)).rows[0] ?? {})[0];
  const ledger = (schema: string) => one(`SELECT count(*) AS n FROM ${schema}.influence_ledger`);
  /** Writes ten events and a tick, and waits until they are archived. */
  async function round(n: number): Promise<void> {
    const bodies = Array.from({ length: 10 }, (_, i) => accepted(world.realm, n * 10 + i));
    await world.write(subjects.accepted, bodies);
    await world.tick();
    for (let i = 0; i < 400 && (await ledger("amoi")) !== (n + 1) * 10; i++) await delay(25);
    expect(await ledger("amoi")).toBe((n + 1) * 10);
  }

  test("whatever of others is tied to the tables is named, and nothing is changed", async () => {
    const place = () => one("SELECT 'amoi.influence_ledger'::regclass::oid AS oid");
    const before = await place();
    for (const [make, name, undo] of TIES) {
      await database.query(make);
      const refused = await again().then(
        () => "it was rebuilt",
        (error: Error) => error.message,
      );
      expect(refused).toContain(name);
      await database.query(undo);
    }
    expect(await place()).toBe(before);
    expect(await one("SELECT to_regnamespace('amoi_next') AS next")).toBeNull();
    await again();
    expect(await place()).not.toBe(before);
  });

  test("what is not the archive's stays as it is, and what is built on the views reads the new tables", async () => {
    await database.query(`
      CREATE TABLE public.guests AS SELECT 1 AS n;
      CREATE TABLE amoi.lodger AS SELECT 2 AS n;
      CREATE TABLE amoi.world_events_of_mine AS SELECT 3 AS n;
      CREATE TYPE public.mood AS ENUM ('fair');
      CREATE VIEW reports.gains AS SELECT count(*) AS n FROM amoi_read.influence_ledger;
      CREATE ROLE analyst_${made} IN ROLE amoi_read;
      GRANT SELECT ON reports.gains TO analyst_${made}; GRANT USAGE ON SCHEMA reports TO analyst_${made}`);
    for (const keep of [true, false]) {
      await again({ keep });
      await round(keep ? 1 : 2);
      expect(await one("SELECT n FROM reports.gains")).toBe(keep ? 20 : 30);
      expect(
        await one(`SELECT has_table_privilege('analyst_${made}', 'reports.gains', 'SELECT') AS may`),
      ).toBe(true);
      if (keep) expect(await ledger("amoi_before")).toBe(10);
    }
    expect(await one("SELECT n FROM public.guests")).toBe(1);
    expect(await one("SELECT n FROM amoi.lodger")).toBe(2);
    expect(await one("SELECT n FROM amoi.world_events_of_mine")).toBe(3);
    expect(await one("SELECT 'fair'::public.mood AS mood")).toBe("fair");
    expect(await one("SELECT to_regnamespace('amoi_before') AS before")).toBeNull();
  });

  test("indexes, comments, rights and storage settings of operators are there afterwards", async () => {
    await database.query(`
      CREATE ROLE reader_${made};
      GRANT USAGE ON SCHEMA amoi TO reader_${made};
      GRANT SELECT ON amoi.world_events TO reader_${made} WITH GRANT OPTION;
      GRANT SELECT (user_id) ON amoi.influence_ledger TO reader_${made};
      CREATE INDEX by_faction ON amoi.influence_ledger (faction_id) WHERE applied_points > 0;
      CREATE INDEX by_reason ON amoi.world_events (reason);
      COMMENT ON TABLE amoi.influence_ledger IS 'who gained what, it''s all here';
      COMMENT ON COLUMN amoi.influence_ledger.user_id IS 'a player';
      COMMENT ON INDEX amoi.by_faction IS 'for the weekly report';
      ALTER TABLE amoi.influence_ledger SET (autovacuum_vacuum_scale_factor = 0.01);
      ALTER TABLE amoi.influence_ledger ALTER COLUMN user_id SET STATISTICS 500`);
    const { indexes, notKept } = await again();
    expect(indexes).toEqual(["by_faction", "by_reason"]);
    expect(notKept).toEqual(["statistics target of influence_ledger.user_id"]);
    const { rows } = await database.query(`
      SELECT has_table_privilege('reader_${made}', 'amoi.world_events', 'SELECT WITH GRANT OPTION') AS events,
        has_table_privilege('reader_${made}', 'amoi.influence_ledger', 'SELECT') AS ledger,
        has_column_privilege('reader_${made}', 'amoi.influence_ledger', 'user_id', 'SELECT') AS users,
        pg_get_indexdef('amoi.by_faction'::regclass) AS by_faction,
        (SELECT count(*) FROM pg_inherits WHERE inhparent = 'amoi.by_reason'::regclass) AS partitions,
        obj_description('amoi.influence_ledger'::regclass) AS "table",
        col_description('amoi.influence_ledger'::regclass, 4) AS "column",
        obj_description('amoi.by_faction'::regclass) AS index,
        (SELECT reloptions FROM pg_class WHERE oid = 'amoi.influence_ledger'::regclass) AS options`);
    expect(rows[0]).toEqual({
      events: true,
      ledger: false,
      users: true,
      by_faction:
        "CREATE INDEX by_faction ON amoi.influence_ledger USING btree (faction_id) WHERE (applied_points > 0)",
      partitions: 1,
      table: "who gained what, it's all here",
      column: "a player",
      index: "for the weekly report",
      options: ["autovacuum_vacuum_scale_factor=0.01"],
    });
  });

  test("a reader who holds on to the old tables is named, the old archive serves on, and without him it is replaced", async () => {
    const reader = await database.connect();
    try {
      await reader.query("BEGIN");
      await reader.query("SELECT count(*) FROM amoi_read.world_events");
      const { rows } = await reader.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      const before = await one("SELECT 'amoi.world_events'::regclass::oid AS oid");
      await expect(again({ patienceMs: 0 })).rejects.toThrow(
        new RegExp(`the old archive serves on: .* process ${rows[0]!.pid} \\(`),
      );
      expect(await one("SELECT 'amoi.world_events'::regclass::oid AS oid")).toBe(before);
      await round(1);
      const rebuilt = again();
      await delay(1_000);
      await reader.query("COMMIT");
      await rebuilt;
      expect(await one("SELECT 'amoi.world_events'::regclass::oid AS oid")).not.toBe(before);
    } finally {
      reader.release();
    }
    await round(2);
  });

  test("only the tables' owner rebuilds", async () => {
    await expect(again({ url: urls.archive })).rejects.toThrow(
      "the archive's tables belong to amoi_migrate, not to amoi_archive: run it with DATABASE_MIGRATE_URL",
    );
  });
}
