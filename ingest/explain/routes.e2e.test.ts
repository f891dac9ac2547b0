import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import {
  candidate,
  type Running,
  runStages,
  sendCandidate,
  testRealm,
  until,
} from "../../ops/testing/realm.ts";
import type { Candidate } from "../../shared/contracts/candidate.ts";
import { eventId } from "../../shared/exact/identity.ts";
import { readEnv } from "../../shared/process/env.ts";
import { listen, operationsServer } from "../../shared/process/http.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { KnownRealms } from "../../shared/stage/known-realms.ts";
import type { InEachLanguage } from "../../shared/texts/messages.ts";
import { BlockedStreams } from "../../simulator/archive/blocked-streams.ts";
import type { Database } from "../../simulator/archive/database/database.ts";
import { archiveRealm } from "../../simulator/archive/realms.ts";
import { silent, type TestPostgres, testPostgres } from "../../simulator/archive/testing/database.ts";
import { internalApi } from "../api.ts";
import type { BasedOn } from "./locate-event.ts";
import type { Applied, Steps } from "./sentences.ts";

const REALM = "told";
const TOKEN = "a-token-of-the-tests";
let nats: TestNats;
let postgres: TestPostgres;
let database: Database;
let stages: Running;
let archive: Running;
const servers: FastifyInstance[] = [];
/** With Postgres and without. */
const urls = { archived: "", alone: "" };

beforeAll(async () => {
  [nats, postgres] = await Promise.all([testNats(), testPostgres()]);
  const fresh = await postgres.fresh();
  database = fresh.database;
  const { contest } = await loadRuleset("amoi-1");
  // Nobody's land falls to who pushes there for a tick or two.
  const quick = { ...contest, flip_lead_bp: 100, flip_streak_ticks: 1, open_control_bp: 400 };
  await testRealm(nats.bus, REALM, { tick_seconds: 9_000, contest: quick });
  stages = runStages(nats.bus, REALM, ["ingest", "normalizer", "simulator"]);
  archive = startArchive();
  for (const [name, DATABASE_READ_URL] of [
    ["archived", fresh.urls.read],
    ["alone", undefined],
  ] as const) {
    const server = operationsServer({ notReady: () => undefined }, () => true);
    const env = readEnv({ INTERNAL_TOKEN: TOKEN, DATABASE_READ_URL });
    internalApi(server, { bus: nats.bus, env, log: silent, realms: new KnownRealms([REALM]) });
    urls[name] = `http://127.0.0.1:${await listen(server, "127.0.0.1", 0)}`;
    servers.push(server);
  }
});
afterAll(async () => {
  await archive.stop();
  await stages.stop();
  await Promise.all(servers.map((server) => server.close()));
  await Promise.all([nats.close(), postgres.close()]);
});

function startArchive(): Running {
  const stop = new AbortController();
  const parts = { database, bus: nats.bus, log: silent, troubles: new BlockedStreams() };
  const done = archiveRealm(REALM, parts, stop.signal);
  return {
    stop: async () => {
      stop.abort(new Error("stopped"));
      await done;
    },
  };
}

type Verdict = { validity_status: string; reason?: string; normalized_points: number; steps?: Steps };
type Explained = {
  candidate: Candidate;
  verdict: Verdict;
  rows: (Verdict & { sequence: number })[];
  applied?: Applied;
  sentence: InEachLanguage;
  based_on: BasedOn;
};
type Submitted = { command_id: string };
type Answer = { status: number; body: Explained & { detail?: string } };

async function call(url: string, path: string, body?: object): Promise<Answer> {
  const answer = await fetch(`${url}/internal/world/${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Answer["body"] };
}
const explained = (of: keyof typeof urls, event: string) => call(urls[of], `${REALM}/events/${event}`);

async function send(change: Partial<Candidate>): Promise<string> {
  const body = candidate(REALM, change);
  await sendCandidate(nats.bus, body);
  return eventId(REALM, body.user_id, body.idempotency_key);
}
/** Waits until it is decided. */
const decided = (event: string) => until(async () => (await explained("alone", event)).status === 200);

let ticks = 0;
const tick = () =>
  call(urls.alone, "tick/run", { realm_id: REALM, idempotency_key: `tick-by-hand-${++ticks}` });

/** Waits until the ledger has the event. */
const inLedger = (event: string) =>
  until(
    async () =>
      (await database.query("SELECT 1 FROM influence_ledger WHERE source_event_id = $1", [event]))
        .rowCount === 1,
  );

test("an event is told from candidate to pending points, and after its tick to applied ones", async () => {
  const event = await send({ user_id: "ada" });
  await decided(event);
  const before = (await explained("alone", event)).body;
  expect(before).toMatchObject({
    candidate: { user_id: "ada", base_points: 100 },
    verdict: {
      validity_status: "accepted",
      normalized_points: 122_000,
      steps: { base: 100_000, after_quality: 122_000, after_caps: 122_000 },
      explain: { left: { source: 278_000, user_day: 878_000, device_day: 1_878_000 } },
      ruleset_version: 1,
    },
    applied: { status: "pending", earliest_tick: 1 },
    based_on: { postgres: "absent" },
  });
  expect(before.candidate).not.toHaveProperty("normalized_points");
  expect(before.sentence.en).toMatch(/They will count in tick 1 at the earliest\.$/);
  await tick();
  const alone = (await explained("alone", event)).body;
  expect(alone.applied).toMatchObject({ status: "applied", tick: 1, points: 122_000, burst: { gain_bp: 0 } });
  expect(alone.sentence.en).toMatch(/In tick 1, 122 points counted for your faction\.$/);
});

test("of a command too Postgres and the logs tell the same, also what the tick made of it", async () => {
  const send = async (kind: string, payload: object): Promise<string> => {
    const body = { v: 1, idempotency_key: `a-command-${++ticks}`, realm_id: REALM, kind, payload };
    const { command_id } = (await call(urls.alone, "events/ingest", body)).body as unknown as Submitted;
    return command_id;
  };
  const stock = { faction: "empire", resource: "iron" };
  const sent = [
    await send("resource.grant", { ...stock, amount: 5_000 }),
    await send("resource.spend", { ...stock, amount: 9_000_000 }),
    await send("member.join", { user: "carl", faction: "atlantis" }),
    "a".repeat(26),
  ];
  const read = (of: keyof typeof urls) =>
    Promise.all(sent.map(async (id) => (await call(urls[of], `${REALM}/commands/${id}`)).body));
  await until(async () => "reason" in (await read("alone"))[2]!);
  await tick();
  const alone = await read("alone");
  expect(alone).toMatchObject([
    { status: "applied", tick: expect.any(Number) },
    { status: "refused", reason: "insufficient", tick: expect.any(Number) },
    { status: "refused", reason: "unknown_faction" },
    { status: 404 },
  ]);
  expect(await read("archived")).toEqual(alone);
  const rows = async () =>
    (await database.query("SELECT 1 FROM world_events WHERE id = ANY ($1)", [sent])).rowCount;
  await until(async () => (await rows()) === 5);
  expect(await read("archived")).toEqual(alone);
});

test("Postgres and the logs tell the same", async () => {
  const event = await send({ user_id: "bo", faction_id: "freeholds" });
  await decided(event);
  await tick();
  await inLedger(event);
  const [archived, alone] = await Promise.all([explained("archived", event), explained("alone", event)]);
  expect(archived.body.based_on).toMatchObject({ postgres: "used" });
  expect({ ...archived.body, based_on: 0, rows: 0 }).toEqual({ ...alone.body, based_on: 0, rows: 0 });
  const verdicts = ({ body }: Answer) =>
    body.rows.map(({ sequence, ...row }) => [sequence, row.normalized_points]);
  expect(verdicts(archived)).toEqual(verdicts(alone));
});

test("who pushed in the tick in which a land changed hands is shown why, with the tick's own figures", async () => {
  for (let n = 1; ; n++) {
    const event = await send({ user_id: "dora", faction_id: "freeholds", territory_id: "hollow_cross" });
    await decided(event);
    await tick();
    await inLedger(event);
    const [archived, alone] = await Promise.all([explained("archived", event), explained("alone", event)]);
    expect(archived.body.applied).toEqual(alone.body.applied);
    const { outcomes, points } = alone.body.applied as Extract<Applied, { status: "applied" }>;
    if (outcomes === undefined && n < 5) continue;
    expect(outcomes).toMatchObject([
      {
        ...{ kind: "flip", territory: "hollow_cross", to: "freeholds" },
        cause: {
          streak: 1,
          factions: { freeholds: { push: Math.min(points, 60_000) }, empire: { push: 0 } },
        },
      },
    ]);
    break;
  }
});

test("what a faction's limit cut at the tick is told, the same from the ledger and from the logs", async () => {
  const events = await Promise.all(
    Array.from({ length: 12 }, (_, i) => send({ user_id: `crowd-${i}`, faction_id: "veilborn" })),
  );
  for (const event of events) await decided(event);
  await tick();
  for (const event of events) await inLedger(event);
  let sum = 0;
  for (const event of events) {
    const [archived, alone] = await Promise.all([explained("archived", event), explained("alone", event)]);
    expect(archived.body.applied).toEqual(alone.body.applied);
    const applied = alone.body.applied as Extract<Applied, { status: "applied" }>;
    expect(applied.points).toBeLessThan(122_000);
    sum += applied.points;
    expect(applied.burst).toMatchObject({ sum: 12 * 122_000 });
    expect(alone.body.sentence.en).toContain("pushes and claims counted first");
  }
  expect(sum).toBe(
    ((await explained("alone", events[0]!)).body.applied as { burst?: { cap: number } }).burst!.cap,
  );
});

test("a release shows both decisions, also while Postgres has only the first", async () => {
  let event = "";
  for (let i = 0; i < 6; i++) event = await send({ user_id: "cleo" });
  await decided(event);
  const waiting = (await explained("alone", event)).body;
  expect(waiting).toMatchObject({ verdict: { validity_status: "quarantined", reason: "fingerprint" } });
  expect(waiting.applied).toBeUndefined();
  expect(waiting.sentence.en).toMatch(/^Your action is on hold for a game master/);
  await until(
    async () => (await database.query("SELECT 1 FROM world_events WHERE id = $1", [event])).rowCount === 1,
  );
  await archive.stop();
  await call(urls.alone, `${REALM}/quarantine/${event}/release`, { actor: "linh" });
  for (const of of ["archived", "alone"] as const) {
    const { body } = await explained(of, event);
    expect(body.rows.map(({ validity_status, reason }) => [validity_status, reason])).toEqual([
      ["quarantined", "fingerprint"],
      ["accepted", "released"],
    ]);
    expect(body.applied).toMatchObject({ status: "pending" });
    expect(body.sentence.en).toMatch(/^A game master approved your action; it earned /);
    expect(body.based_on.postgres).toBe(of === "archived" ? "used" : "absent");
  }
  archive = startArchive();
  await tick();
  await inLedger(event);
  expect((await explained("archived", event)).body).toMatchObject({
    rows: [{ validity_status: "quarantined" }, { validity_status: "accepted" }],
    applied: { status: "applied" },
  });
});

test("a repeat of the key changes nothing of what is told", async () => {
  const body = candidate(REALM, { user_id: "dan" });
  await sendCandidate(nats.bus, body);
  const event = eventId(REALM, "dan", body.idempotency_key);
  await decided(event);
  // Under another message id, as a repeat after JetStream's window arrives.
  await nats.bus.js.publish(`impact.raw.${REALM}`, JSON.stringify(body));
  await until(async () => (await explained("alone", event)).body.rows.length === 2);
  const { verdict, rows } = (await explained("alone", event)).body;
  expect(verdict).toMatchObject({ validity_status: "accepted", normalized_points: 122_000 });
  expect(rows[1]).toMatchObject({ validity_status: "rejected", reason: "duplicate" });
});

test("a rejected event is told with its reason", async () => {
  const event = await send({ user_id: "eva", campaign_id: "crusade" });
  await decided(event);
  const { body } = await explained("alone", event);
  expect(body).toMatchObject({ verdict: { validity_status: "rejected", reason: "unknown_campaign" } });
  expect(body.sentence.en).toContain("its campaign is not open");
});

test("what nobody knows is 404 and says how far was looked; a wrong id is 400, another realm 404", async () => {
  const { status, body } = await explained("alone", "z".repeat(26));
  expect(status).toBe(404);
  expect(body.detail).toMatch(
    /no Postgres is configured, and none of the newest \d+ decisions of EVENTS, sequences 1 to \d+/,
  );
  expect((await explained("archived", "z".repeat(26))).body.detail).toContain("Postgres has no such event");
  expect((await explained("alone", "not-an-id")).status).toBe(400);
  expect((await call(urls.alone, `nowhere/events/${"z".repeat(26)}`)).status).toBe(404);
});

test("while Postgres is away the logs tell", async () => {
  const event = await send({ user_id: "fay" });
  await decided(event);
  await archive.stop();
  await postgres.kill();
  const { status, body } = await explained("archived", event);
  await postgres.startAgain();
  archive = startArchive();
  expect(status).toBe(200);
  expect(body).toMatchObject({ verdict: { validity_status: "accepted" }, based_on: { postgres: "away" } });
});
