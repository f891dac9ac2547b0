import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import { type StageProcess, startStage } from "../../ops/testing/stages.ts";
import { subjects } from "../../shared/stream/subjects.ts";
import { BlockedStreams } from "./blocked-streams.ts";
import {
  accepted,
  silent,
  type TestDatabase,
  type TestPostgres,
  type TestRealm,
  testPostgres,
  testRealm,
} from "./testing/database.ts";
import { watchPostgres } from "./watch.ts";

let nats: TestNats;
let postgres: TestPostgres;
let fresh: TestDatabase;
let world: TestRealm;
let archive: StageProcess;
let made = 0;

beforeAll(async () => {
  [nats, postgres] = await Promise.all([testNats(), testPostgres()]);
});
afterAll(() => Promise.all([nats.close(), postgres.close()]));
beforeEach(async () => {
  fresh = await postgres.fresh();
  world = await testRealm(nats.bus, `watched-${++made}`);
  const env = { NATS_URL: nats.url, DATABASE_URL: fresh.url, AMOI_LOG_LEVEL: "silent" };
  archive = await startStage("simulator/archive/main.ts", "ARCHIVE_PORT", env);
  await told(archive, 0);
  const entered = async () => await metric("amoi_archive_lag_messages", `stream="EVENTS_${world.realm}"`);
  for (let i = 0; i < 400 && ((await entered()) !== 0 || (await readiness()).status !== 200); i++)
    await delay(25);
});
afterEach(() => archive.kill());

async function metric(name: string, label: string): Promise<number | undefined> {
  const text = await (await fetch(`http://127.0.0.1:${archive.port}/metrics`)).text();
  const line = text.split("\n").find((line) => line.startsWith(`${name}{`) && line.includes(label));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(" ") + 1));
}
const trouble = () => metric("amoi_archive_trouble", 'place="postgres"');
const readiness = async () => {
  const answer = await fetch(`http://127.0.0.1:${archive.port}/readyz`);
  return { reason: "", ...((await answer.json()) as { reason?: string }), status: answer.status };
};
/** Waits until the trouble `postgres` is that, for at most three looks of the archive. */
async function told(of: StageProcess, value: number): Promise<void> {
  for (let i = 0; i < 300 && (await trouble().catch(() => undefined)) !== value; i++) await delay(50);
  expect(await trouble(), `port ${of.port}`).toBe(value);
}
const waiting = async () =>
  (
    await fresh.database.query(
      "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND usename = 'amoi_archive'",
    )
  ).rows[0].n as number;

test("an archive that has nothing to write tells that Postgres is away, and that it is back", async () => {
  expect(await readiness()).toMatchObject({ status: 200 });
  await postgres.kill();
  await told(archive, 1);
  expect(await readiness()).toMatchObject({ status: 503, reason: expect.stringMatching(/^postgres: /) });
  await postgres.startAgain();
  await told(archive, 0);
  expect((await readiness()).status).toBe(200);
});

test("a lock that keeps it from writing is told, work waits in messages and seconds, and no connections pile up", async () => {
  const holder = await fresh.database.connect();
  try {
    await holder.query("BEGIN; LOCK TABLE amoi.world_events IN ACCESS EXCLUSIVE MODE");
    await told(archive, 1);
    expect(await readiness()).toMatchObject({
      status: 503,
      reason: expect.stringContaining("lock timeout"),
    });
    for (let n = 0; n < 3; n++) await world.write(subjects.accepted, [accepted(world.realm, n)]);
    const stream = `stream="EVENTS_${world.realm}"`;
    for (let i = 0; i < 200 && !((await metric("amoi_archive_lag_messages", stream)) === 3); i++)
      await delay(50);
    // Past the first lock timeout, when another try has begun.
    for (let i = 0; i < 300 && !((await metric("amoi_archive_lag_seconds", stream))! > 11); i++)
      await delay(50);
    expect(await metric("amoi_archive_lag_seconds", stream)).toBeGreaterThan(11);
    expect(await metric("amoi_archive_lag_messages", stream)).toBe(3);
    // One for each stream of the realm, the watch, and one that is on its way out.
    expect(await waiting()).toBeLessThanOrEqual(5);
  } finally {
    await holder.query("ROLLBACK");
    holder.release();
  }
  await told(archive, 0);
  for (let i = 0; i < 400; i++, await delay(50))
    if (
      (await fresh.database.query("SELECT count(*) AS n FROM world_events WHERE source_type = 'player'"))
        .rows[0].n === 3
    )
      return;
  throw new Error("not archived after the lock was gone");
});

test("rights that were taken, a database that refuses writes, and one that isn't there are told while idle", async () => {
  const { database } = fresh;
  const name = new URL(fresh.url).pathname.slice(1);
  for (const [harm, mend] of [
    [
      "REVOKE INSERT ON amoi.influence_ledger FROM amoi_archive",
      "GRANT INSERT ON amoi.influence_ledger TO amoi_archive",
    ],
    [
      `ALTER DATABASE ${name} SET default_transaction_read_only = on; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND usename = 'amoi_archive'`,
      `SET default_transaction_read_only = off; ALTER DATABASE ${name} RESET default_transaction_read_only; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND usename = 'amoi_archive'`,
    ],
    ["ALTER TABLE amoi.world_events RENAME TO gone", "ALTER TABLE amoi.gone RENAME TO world_events"],
  ] as const) {
    await database.query(harm);
    await told(archive, 1);
    await database.query(mend);
    await told(archive, 0);
  }
});

test("a database that isn't migrated, or whose role may do too much, is refused with what to do", async () => {
  const refused = async (url: string) => {
    const troubles = new BlockedStreams();
    const stop = new AbortController();
    const { ready, done } = watchPostgres(url, { log: silent, troubles, strict: true, signal: stop.signal });
    for (let i = 0; i < 200 && troubles.summary() === undefined; i++) await delay(25);
    stop.abort();
    await Promise.all([ready, done]);
    return troubles.summary();
  };
  const empty = await postgres.empty();
  expect(await refused(empty.urls.admin)).toContain("no schema amoi yet: run npm run archive:migrate");
  expect(await refused(fresh.urls.migrate)).toContain("the role amoi_migrate owns the archive's tables");
  expect(await refused(fresh.urls.admin)).toContain("is a superuser, which an archive must not");
});
