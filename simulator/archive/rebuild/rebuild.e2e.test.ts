import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type TestNats, testNats, urlOf } from "../../../ops/testing/nats.ts";
import { eventsStream, subjects } from "../../../shared/stream/subjects.ts";
import { passed } from "../../testing/command-builders.ts";
import { BlockedStreams } from "../blocked-streams.ts";
import type { Database } from "../database/database.ts";
import { archiveRealm } from "../realms.ts";
import {
  accepted,
  silent,
  type TestDatabase,
  type TestPostgres,
  type TestRealm,
  testPostgres,
  testRealm,
} from "../testing/database.ts";
import { checkAgreement } from "./agreement.ts";
import { type RebuildOptions, rebuild } from "./rebuild.ts";

const MAIN = fileURLToPath(new URL("../../../ops/tools/archive-rebuild/main.ts", import.meta.url));
let nats: TestNats;
let postgres: TestPostgres;
let database: Database;
let archiving: Database;
let urls: TestDatabase["urls"];
let world: TestRealm;
let realm: string;
let made = 0;
const running: { stop: AbortController; done: Promise<void> }[] = [];

beforeAll(async () => {
  [nats, postgres] = await Promise.all([testNats(), testPostgres()]);
});
afterAll(() => Promise.all([nats.close(), postgres.close()]));
beforeEach(async () => {
  ({ database, archiving, urls } = await postgres.fresh());
  world = await testRealm(nats.bus, `rebuilt-${++made}`);
  realm = world.realm;
});
afterEach(stopAll);

function start(into = archiving): BlockedStreams {
  const stop = new AbortController();
  const troubles = new BlockedStreams();
  const done = archiveRealm(realm, { database: into, bus: nats.bus, log: silent, troubles }, stop.signal);
  running.push({ stop, done });
  return troubles;
}
async function stopAll(): Promise<void> {
  for (const { stop, done } of running.splice(0)) {
    stop.abort(new Error("stopped"));
    await done;
  }
}
const again = (options: Partial<RebuildOptions> = {}) =>
  rebuild({
    url: urls.migrate,
    bus: nats.bus,
    log: silent,
    signal: new AbortController().signal,
    ...options,
  });
/** A hundred events and two commands of which the world refuses one. */
async function round(n: number): Promise<void> {
  const ofFaction = (faction: string, seq: number) => ({
    ...passed("resource.grant", { faction, resource: "iron", amount: 1_000 }, seq),
    realm_id: realm,
  });
  await world.write(subjects.command, [
    ofFaction("empire", 1_000 + 2 * n),
    ofFaction("atlantis", 1_001 + 2 * n),
  ]);
  await world.write(
    subjects.accepted,
    Array.from({ length: 100 }, (_, i) => accepted(realm, n * 100 + i)),
  );
  await world.tick();
}
/** Waits until `rounds` rounds are archived. */
async function until(rounds: number, from = database): Promise<void> {
  for (let i = 0; i < 800; i++) {
    const { rows } = await from.query(
      `SELECT (SELECT count(*) FROM influence_ledger) AS ledger,
        (SELECT count(*) FROM world_events WHERE stream = 'EVENTS' AND event_type <> 'ruleset.set') AS events`,
    );
    if (rows[0].ledger === rounds * 100 && rows[0].events === rounds * 103) return;
    await delay(25);
  }
  throw new Error("not archived in time");
}

/** All that was archived: every column but those that count or date the archive's own writing. */
const TABLES = {
  realms: "*",
  seasons: "*",
  rulesets: "*",
  factions: "*",
  memberships: "*",
  territories: "*",
  world_triggers: "realm_id, trigger_key, condition_json, effect_json, armed, streak, last_triggered_tick",
  sovereign_actions: "*",
  world_state_snapshots:
    "realm_id, tick_number, state_json, record_json, faction_state_json, hash, created_at",
  world_events: "*",
  influence_ledger:
    "realm_id, tick, user_id, faction_id, influence_points, source_event_id, normalized_points, applied_points, daily_cap_bucket, created_at",
};
async function contents(from: Database, schema = "amoi"): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const [table, columns] of Object.entries(TABLES)) {
    const { rows } = await from.query(
      `SELECT to_jsonb(t)::text AS row FROM (SELECT ${columns} FROM ${schema}.${table}) AS t ORDER BY 1`,
    );
    found[table] = rows.map(({ row }) => row);
  }
  return found;
}
const schemas = async () =>
  (await database.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'amoi%' ORDER BY 1")).rows.map(
    ({ nspname }) => nspname,
  );

test("rebuilt while it is written, the archive has row by row what one from the start has, and goes on", async () => {
  const troubles = start();
  await round(0);
  await until(1);
  // What somebody did to a row is gone afterwards.
  await database.query(
    "UPDATE influence_ledger SET applied_points = applied_points + 7 WHERE user_id = 'user-5'",
  );
  let writing = true;
  let rounds = 1;
  const written = (async () => {
    while (writing) await round(rounds++);
  })();
  const { before } = await again({ keep: true });
  for (const more = rounds + 2; rounds < more; ) await delay(10);
  writing = false;
  await written;
  await until(rounds);
  await stopAll();
  expect(troubles.summary()).toBeUndefined();
  expect(await checkAgreement(database, realm)).toEqual({ ticks: rounds, problems: [] });

  const reference = await postgres.fresh();
  start(reference.archiving);
  await until(rounds, reference.database);
  await stopAll();
  const rebuilt = await contents(database);
  expect(rebuilt).toEqual(await contents(reference.database));
  const of = (stream: string) => rebuilt.world_events!.filter((row) => row.includes(`"stream": "${stream}"`));
  expect(of("EVENTS")).toHaveLength(rounds * 103 + 1);
  // Two ends of commands and two events of each tick, besides what the hundred events make happen.
  expect(of("WORLD").length).toBeGreaterThanOrEqual(rounds * 4);

  // Nothing that was served before the swap is missing after it.
  const old = await contents(database, before);
  for (const table of ["world_events", "world_state_snapshots"]) {
    expect(old[table]!.length).toBeGreaterThan(1);
    const now = new Set(rebuilt[table]);
    expect(old[table]!.filter((row) => !now.has(row))).toEqual([]);
  }
  await expect(database.query("DELETE FROM world_events")).rejects.toThrow("append-only");
});

test("killed in the middle, the old archive serves, and the next rebuild starts clean", async () => {
  await round(0);
  await round(1);
  start();
  await until(2);
  const run = (crash?: string) =>
    spawn(process.execPath, [MAIN], {
      env: {
        PATH: process.env.PATH,
        NATS_URL: urlOf(nats.url, "operator"),
        DATABASE_MIGRATE_URL: urls.migrate,
        ...(crash ? { AMOI_CRASH_AT: crash } : {}),
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
  for (const point of ["before_archive:1", "after_archive:2"]) {
    expect((await once(run(point), "exit"))[1]).toBe("SIGKILL");
    expect(await schemas()).toEqual(["amoi", "amoi_next", "amoi_read"]);
    await until(2);
  }
  const served = await contents(database);
  const last = run();
  let said = "";
  last.stdout.on("data", (text) => {
    said += text;
  });
  expect((await once(last, "exit"))[0]).toBe(0);
  expect(said).toContain("the new archive serves");
  expect(await schemas()).toEqual(["amoi", "amoi_read"]);
  expect(await contents(database)).toEqual(served);
});

test("a rebuild that fails at the last moment changes nothing, and a second one at a time is refused", async () => {
  start();
  await round(0);
  await until(1);
  const failing = again({
    beforeSwap: async () => {
      await expect(again()).rejects.toThrow("another rebuild of this archive runs");
      throw new Error("no swap today");
    },
  });
  await expect(failing).rejects.toThrow("no swap today");
  expect(await schemas()).toEqual(["amoi", "amoi_read"]);
  await round(1);
  await until(2);
});

test("an archive that has more than the streams is rebuilt only when that is given up", async () => {
  start();
  await round(0);
  await until(1);
  await stopAll();
  const count = async () => (await database.query("SELECT count(*) AS n FROM world_events")).rows[0].n;
  const has = await count();
  for (const name of ["RAW", "VALID", "EVENTS", "WORLD"])
    await nats.bus.jsm.streams.delete(`${name}_${realm}`);
  await testRealm(nats.bus, realm);
  await expect(again()).rejects.toThrow(
    new RegExp(
      `the archive counts in the ${eventsStream(realm)} of .*restore it, or give it up with --discard`,
    ),
  );
  expect(await count()).toBe(has);
  await again({ discard: true });
  expect(await count()).toBe(1);
});

test("an archive that was kept stays through rebuilds that are refused or fail, and makes room for the next one's", async () => {
  start();
  await round(0);
  await until(1);
  const { before } = await again({ keep: true });
  await database.query(`COMMENT ON TABLE ${before}.realms IS 'a mark'`);
  const marked = async () =>
    (await database.query("SELECT obj_description(to_regclass($1)) AS t", [`${before}.realms`])).rows[0].t;
  const fails = async () => {
    throw new Error("no swap today");
  };
  await expect(again({ beforeSwap: fails })).rejects.toThrow("no swap today");
  expect(await marked()).toBe("a mark");
  expect((await again({ keep: true })).before).toBe(before);
  expect(await marked()).toBeNull();
  await again();
  expect(await schemas()).toEqual(["amoi", "amoi_read"]);
});

test("streams that were purged can't be rebuilt from, and the old archive stays", async () => {
  start();
  await round(0);
  await until(1);
  await stopAll();
  await nats.bus.jsm.streams.purge(eventsStream(realm), { seq: 3 });
  await expect(again()).rejects.toThrow("what lies between is missing");
  expect(await schemas()).toEqual(["amoi", "amoi_read"]);
});

test("who was allowed to read the old archive may read the new one", async () => {
  start();
  await round(0);
  await until(1);
  await database.query("CREATE ROLE analyst; GRANT SELECT ON world_events TO analyst");
  await again();
  const { rows } = await database.query(
    `SELECT has_table_privilege('analyst', 'world_events', 'SELECT') AS events,
      has_table_privilege('analyst', 'influence_ledger', 'SELECT') AS ledger`,
  );
  expect(rows).toEqual([{ events: true, ledger: false }]);
});
