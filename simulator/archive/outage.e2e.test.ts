import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import { registry } from "../../shared/process/metrics.ts";
import { realmTroubles } from "../../shared/stage/realm-health.ts";
import { streamEnds } from "../../shared/stream/last-message.ts";
import { eventsStream, subjects } from "../../shared/stream/subjects.ts";
import { BlockedStreams } from "./blocked-streams.ts";
import type { Database } from "./database/database.ts";
import { follow } from "./follow.ts";
import { archiveRealm } from "./realms.ts";
import { checkAgreement } from "./rebuild/agreement.ts";
import {
  accepted,
  silent,
  type TestPostgres,
  type TestRealm,
  testPostgres,
  testRealm,
} from "./testing/database.ts";

let nats: TestNats;
let postgres: TestPostgres;
let database: Database;
let archiving: Database;
let url: string;
let world: TestRealm;
let realm: string;
let made = 0;
const running: { stop: AbortController; done: Promise<void> }[] = [];

beforeAll(async () => {
  [nats, postgres] = await Promise.all([testNats(), testPostgres()]);
});
afterAll(() => Promise.all([nats.close(), postgres.close()]));
beforeEach(async () => {
  ({ database, archiving, url } = await postgres.fresh());
  world = await testRealm(nats.bus, `outage-${++made}`);
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
async function round(n: number): Promise<void> {
  const bodies = Array.from({ length: 100 }, (_, i) => accepted(realm, n * 100 + i));
  await world.write(subjects.accepted, bodies);
  await world.tick();
}
async function until(rounds: number, from = database): Promise<void> {
  for (let i = 0; i < 800; i++) {
    const { rows } = await from
      .query(
        `SELECT (SELECT count(*) FROM influence_ledger) AS ledger, (SELECT count(*) FROM world_events) AS events`,
      )
      .catch(() => ({ rows: [] }));
    if (rows[0]?.ledger === rounds * 100 && rows[0].events === rounds * 101 + 1) return;
    await delay(25);
  }
  throw new Error("not archived in time");
}
async function refusal(troubles: BlockedStreams): Promise<string> {
  for (let i = 0; i < 800 && troubles.refused(realm) === 0; i++) await delay(10);
  return troubles.summary() ?? "nothing is refused";
}
async function metric(name: string, labels: Record<string, string>): Promise<number> {
  const { values } = await registry.getSingleMetric(name)!.get();
  return (
    values.find((value) => Object.entries(labels).every(([key, of]) => value.labels[key] === of))?.value ?? 0
  );
}
const rowsOf = async (from: Database, table: string): Promise<string[]> => {
  const { rows } = await from.query(`SELECT (to_jsonb(t) - 'id')::text AS row FROM ${table} AS t ORDER BY 1`);
  return rows.map(({ row }) => row);
};

test("Postgres is away for the whole of a run: nothing waits for it, a metric says so, and it catches up by itself", async () => {
  await postgres.kill();
  const troubles = start();
  const errors = await metric("amoi_archive_errors_total", { realm });
  for (let n = 0; n < 3; n++) await round(n); // The log and the ticks go on.
  for (let i = 0; i < 800 && (await metric("amoi_archive_errors_total", { realm })) < errors + 2; i++)
    await delay(25);
  expect(await metric("amoi_archive_trouble", { place: realm })).toBe(1);
  expect(troubles.summary()).toContain("ECONNREFUSED");
  await postgres.startAgain();
  await until(3);
  expect(await checkAgreement(database, realm)).toEqual({ ticks: 3, problems: [] });
  while (troubles.summary() !== undefined) await delay(10);
  expect(await metric("amoi_archive_trouble", { place: realm })).toBe(0);
});

test("what Postgres has not committed is behind, though it was read", async () => {
  const lag = () => metric("amoi_archive_lag_messages", { realm, stream: eventsStream(realm) });
  start();
  await round(0);
  await until(1);
  const holder = await database.connect();
  await holder.query("BEGIN");
  await holder.query("LOCK TABLE world_events");
  try {
    // Two bundles and a marker, in three bursts: what comes while a commit waits doesn't hide what waits.
    const bodies = Array.from({ length: 100 }, (_, i) => accepted(realm, 100 + i));
    for (const part of [bodies.slice(0, 50), bodies.slice(50)]) {
      await world.write(subjects.accepted, part);
      await delay(400);
    }
    await world.tick();
    for (let i = 0; i < 200 && (await lag()) !== 3; i++) await delay(25);
    expect(await lag()).toBe(3);
    await delay(500);
    expect(await lag()).toBe(3);
  } finally {
    await holder.query("ROLLBACK");
    holder.release();
  }
  await until(2);
  for (let i = 0; i < 400 && (await lag()) > 0; i++) await delay(25);
  expect(await lag()).toBe(0);
});

test("Postgres that was restored from an older backup ends with the rows that it had lost", async () => {
  start();
  for (let n = 0; n < 2; n++) await round(n);
  await until(2);
  await stopAll();
  const restored = await postgres.backup(url);
  start();
  for (let n = 2; n < 5; n++) await round(n);
  await until(5);
  await stopAll();
  await until(2, restored.database);
  start(restored.archiving);
  await until(5, restored.database);
  await stopAll();
  for (const table of [
    "world_events",
    "influence_ledger",
    "memberships",
    "world_state_snapshots",
    "territories",
  ])
    expect(await rowsOf(restored.database, table), table).toEqual(await rowsOf(database, table));
  expect(await checkAgreement(restored.database, realm)).toEqual({ ticks: 5, problems: [] });
});

test("Postgres that is ahead of a stream is refused, and what can be done is said", async () => {
  start();
  await round(0);
  await until(1);
  await stopAll();
  const { lastSeq } = await streamEnds(nats.bus, eventsStream(realm));
  await database.query("UPDATE archive_positions SET through = $1 WHERE stream = $2", [
    lastSeq + 1,
    eventsStream(realm),
  ]);
  const said = await refusal(start());
  expect(said).toContain(`${eventsStream(realm)} ends at ${lastSeq}, but is archived up to ${lastSeq + 1}`);
  expect(said).toContain("restore the stream as it was, or give up what only Postgres has and run npm run");
  expect(await metric("amoi_realm_refused", { stage: "archive", realm })).toBe(1);
});

test("another stream of the same name is refused, also where it claims to be the same and is as long", async () => {
  start();
  await round(0);
  await until(1);
  await stopAll();
  for (const name of ["RAW", "VALID", "EVENTS", "WORLD"])
    await nats.bus.jsm.streams.delete(`${name}_${realm}`);
  world = await testRealm(nats.bus, realm);
  expect(await refusal(start())).toMatch(
    /was created at .*, but the archive counts in the one of .*--discard/,
  );
  await stopAll();

  await world.write(
    subjects.accepted,
    Array.from({ length: 200 }, (_, i) => accepted(realm, 900 + i)),
  );
  for (const name of ["VALID", "EVENTS", "WORLD"]) {
    const { created } = await streamEnds(nats.bus, `${name}_${realm}`);
    await database.query("UPDATE archive_positions SET created = $1, through = 1 WHERE stream = $2", [
      created,
      `${name}_${realm}`,
    ]);
  }
  expect(await refusal(start())).toMatch(
    /EVENTS_.* has another message at \d+ than the archive, so it was restored/,
  );
  expect(await rowsOf(database, "world_events")).toHaveLength(102);
});

test("an archive that can't begin stands still as soon as something waits, says where, and tells nothing once it has left", async () => {
  start();
  await until(0);
  await stopAll();
  const stream = eventsStream(realm);
  const stop = new AbortController();
  const stuck = {
    stream,
    subjects: [subjects.accepted(realm)],
    open: () =>
      new Promise<never>((_, reject) => {
        stop.signal.addEventListener("abort", () => reject(new Error("stopped")), { once: true });
      }),
  };
  const surroundings = { database: archiving, bus: nats.bus, log: silent, troubles: new BlockedStreams() };
  const done = follow(realm, stuck, surroundings, stop.signal);
  const trouble = () => realmTroubles(6_500).find((one) => one.realm === realm);
  const told = async () => {
    for (let i = 0; i < 600 && trouble() === undefined; i++) await delay(25);
    return trouble();
  };
  await delay(8_000);
  expect(trouble()).toBeUndefined();
  await round(0);
  expect(await told()).toMatchObject({ kind: "stalled", stage: "archive", stream, seq: expect.any(Number) });
  expect(await metric("amoi_archive_lag_messages", { stream })).toBeGreaterThan(0);
  stop.abort(new Error("stopped"));
  await done;
  expect(trouble()).toBeUndefined();
  expect(await metric("amoi_archive_lag_messages", { stream })).toBe(0);
  start();
  await until(1);
}, 40_000);
