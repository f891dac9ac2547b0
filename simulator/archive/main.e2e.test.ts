import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { pickPort } from "../../ops/local/ports.ts";
import { type TestNats, testNats, urlOf } from "../../ops/testing/nats.ts";
import { until } from "../../ops/testing/realm.ts";
import { subjects } from "../../shared/stream/subjects.ts";
import { checkAgreement } from "./rebuild/agreement.ts";
import { accepted, type TestPostgres, testPostgres, testRealm } from "./testing/database.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
let nats: TestNats;
let postgres: TestPostgres;
const started: ChildProcess[] = [];

beforeAll(async () => {
  [nats, postgres] = await Promise.all([testNats(), testPostgres()]);
});
afterAll(() => Promise.all([nats.close(), postgres.close()]));
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

type Variables = Record<string, string | undefined>;

function run(env: Variables): ChildProcess & { said: string } {
  const child = Object.assign(
    spawn(process.execPath, [MAIN], {
      env: {
        PATH: process.env.PATH,
        NATS_URL: urlOf(nats.url, "archive"),
        AMOI_WORKER_TTL_SECONDS: "2",
        ...env,
      },
      stdio: ["ignore", "ignore", "pipe"],
    }),
    { said: "" },
  );
  child.stderr?.on("data", (text) => {
    child.said += text;
  });
  started.push(child);
  return child;
}
async function readiness(port: number): Promise<{ status: number; reason?: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
  if (answer === undefined) return { status: 0 };
  return { status: answer.status, reason: ((await answer.json()) as { reason?: string }).reason ?? "" };
}

test("killed before and after COMMIT, again and again, the archive is whole and nothing is in it twice", async () => {
  const { url, database } = await postgres.fresh();
  const { realm, write, tick } = await testRealm(nats.bus, "killed");
  const ticks = 6;
  for (let n = 0; n < ticks; n++) {
    const bodies = Array.from({ length: 120 }, (_, i) => accepted(realm, n * 120 + i));
    await write(subjects.accepted, bodies);
    await tick();
  }
  const variables = { DATABASE_URL: url, ARCHIVE_PORT: "0" };
  for (const point of ["before_archive:1", "after_archive:1", "before_archive:3"]) {
    const [, signal] = await once(run({ ...variables, AMOI_CRASH_AT: point }), "exit");
    expect(signal).toBe("SIGKILL");
  }
  const last = run(variables);
  const rows = async (table: string) => (await database.query(`SELECT * FROM ${table}`)).rowCount;
  const players = "world_events WHERE source_type = 'player'";
  for (let i = 0; i < 400 && (await checkAgreement(database, realm)).ticks < ticks; i++) await delay(25);
  for (let i = 0; i < 400 && ((await rows(players)) ?? 0) < ticks * 120; i++) await delay(25);
  expect(await checkAgreement(database, realm)).toEqual({ ticks, problems: [] });
  expect(await rows(players)).toBe(ticks * 120);
  expect(await rows("influence_ledger")).toBe(ticks * 120);
  last.kill("SIGTERM");
  expect((await once(last, "exit"))[0], last.said).toBe(0);
});

test("a commit that Postgres doesn't answer holds the process no longer than its grace, and nothing is lost", async () => {
  const { url, database } = await postgres.fresh();
  const { realm, write } = await testRealm(nats.bus, "held");
  const variables = { DATABASE_URL: url, ARCHIVE_PORT: "0" };
  const first = run(variables);
  const ofHeld = "SELECT * FROM world_events WHERE source_type = 'player' AND realm_id = 'held'";
  const rows = async () => (await database.query(ofHeld).catch(() => undefined))?.rowCount;
  await write(subjects.accepted, [accepted(realm, 1)]);
  for (let i = 0; i < 400 && (await rows()) !== 1; i++) await delay(25);
  const holder = await database.connect();
  // The archive locks table and partition in the other order: of two that wait for each other Postgres ends one.
  await until(async () => {
    await holder.query("BEGIN");
    const locked = await holder.query("LOCK TABLE world_events").catch(() => undefined);
    if (locked === undefined) await holder.query("ROLLBACK");
    return locked;
  });
  await write(subjects.accepted, [accepted(realm, 2)]);
  await delay(1_000);
  first.kill("SIGTERM");
  const since = Date.now();
  expect((await once(first, "exit"))[0], first.said).toBe(0);
  expect(Date.now() - since).toBeLessThan(8_000);
  await holder.query("ROLLBACK");
  holder.release();
  run(variables);
  for (let i = 0; i < 400 && (await rows()) !== 2; i++) await delay(25);
  expect(await rows()).toBe(2);
});

test("without Postgres the process stays, idle or not, says why it isn't ready, and goes on when Postgres is there", async () => {
  const { url } = await postgres.fresh();
  await testRealm(nats.bus, "waiting");
  const port = await pickPort();
  await postgres.kill();
  run({ DATABASE_URL: url, ARCHIVE_PORT: `${port}` });
  let seen = await readiness(port);
  for (; seen.status === 0; seen = await readiness(port)) await delay(25);
  for (; !seen.reason?.includes("ECONNREFUSED"); seen = await readiness(port)) await delay(25);
  expect(seen.status).toBe(503);
  await postgres.startAgain();
  for (let i = 0; i < 400 && seen.status !== 200; i++, seen = await readiness(port)) await delay(25);
  expect(seen.status, seen.reason).toBe(200);
  // Nothing is written any more, and yet it notices.
  await postgres.kill();
  for (let i = 0; i < 600 && seen.status !== 503; i++, seen = await readiness(port)) await delay(25);
  expect(seen).toMatchObject({ status: 503, reason: expect.stringMatching(/^postgres: /) });
  await postgres.startAgain();
});

test("without DATABASE_URL it ends with one clear sentence", async () => {
  const child = run({ ARCHIVE_PORT: "0" });
  expect((await once(child, "exit"))[0]).toBe(1);
  expect(child.said).toBe("archive: DATABASE_URL is required to run it by itself; npm start starts all\n");
});
