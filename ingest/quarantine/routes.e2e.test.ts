import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import {
  bodiesIn,
  candidate,
  type Running,
  runStages,
  sendCandidate,
  sendCommand,
  testRealm,
  until,
} from "../../ops/testing/realm.ts";
import type { Candidate } from "../../shared/contracts/candidate.ts";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { Accepted, Decision, Quarantined } from "../../shared/contracts/decision.ts";
import type { Problem } from "../../shared/contracts/problem.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { TickRecord } from "../../shared/contracts/world.ts";
import { explanationOf } from "../../shared/judgement/explanation.ts";
import { readEnv } from "../../shared/process/env.ts";
import { listen, operationsServer } from "../../shared/process/http.ts";
import { openLog } from "../../shared/process/log.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { KnownRealms } from "../../shared/stage/known-realms.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { eventsStream, subjects, worldStream } from "../../shared/stream/subjects.ts";
import { kvSubject } from "../../shared/stream/topology.ts";
import { internalApi } from "../api.ts";
import type { Group, Item } from "./list.ts";
import type { Effect } from "./release-effect.ts";

const TOKEN = "a-token-of-the-tests";
const env = readEnv({ INTERNAL_TOKEN: TOKEN, AMOI_LOG_LEVEL: "silent" });
const realms = new KnownRealms();
const running: Running[] = [];
let nats: TestNats;
let server: FastifyInstance;
let url = "";

beforeAll(async () => {
  nats = await testNats();
  server = operationsServer({ notReady: () => undefined }, () => true);
  internalApi(server, { bus: nats.bus, env, log: openLog(env, "ingest"), realms });
  url = `http://127.0.0.1:${await listen(server, "127.0.0.1", 0)}`;
});
afterAll(async () => {
  await Promise.all(running.map((stages) => stages.stop()));
  await server.close();
  await nats.close();
});

/** Every field that some answer has. */
type Body = {
  counts: { open: number };
  matching: number;
  items: Item[];
  groups: Group[];
  next: number;
  effect: Effect;
  decision: Quarantined;
  points: number;
  clipped: Accepted["clipped"];
  results: { event_id: string; status: string; problem?: Problem }[];
  tick: number;
} & Problem;
type Answer = { status: number; headers: Headers; body: Body };

async function call(method: string, path: string, body?: object): Promise<Answer> {
  const answer = await fetch(`${url}/internal/world/${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Body };
}
const get = (path: string) => call("GET", path);
const post = (path: string, body: object) => call("POST", path, body);

/** A realm whose stages run; what a user repeats is quarantined from the sixth time on: `fingerprint`, then `burst_user`. */
async function openRealm(realm: string, change: Partial<Ruleset> = {}): Promise<Ruleset> {
  const { judgement } = await loadRuleset("amoi-1");
  const heat = { ...judgement.heat, user_burst: { leak_seconds: 60, quarantine: 6, reject: 20 } };
  const fingerprint = { leak_seconds: 21_600, quarantine: 5 };
  const rules = { judgement: { ...judgement, heat, fingerprint }, ...change };
  const ruleset = await testRealm(nats.bus, realm, rules);
  realms.heard(realm, "open");
  running.push(runStages(nats.bus, realm, ["ingest", "normalizer", "simulator"]));
  return ruleset;
}
const withUserCap = async (user_day: number): Promise<Partial<Ruleset>> => ({
  caps: { ...(await loadRuleset("amoi-1")).caps, user_day },
});

/** Five alike are accepted, everything further waits; answers the ids that wait. */
async function quarantineOf(realm: string, user_id: string, count: number, change: Partial<Candidate> = {}) {
  for (let i = 0; i < 5 + count; i++) await sendCandidate(nats.bus, candidate(realm, { user_id, ...change }));
  return until(async () => {
    const waiting = (await decisions(realm)).filter(
      (decision) => decision.user_id === user_id && decision.validity_status === "quarantined",
    );
    return waiting.length === count && waiting.map(({ event_id }) => event_id);
  });
}

const decisions = async (realm: string) =>
  (await bodiesIn<Decision>(nats.bus, eventsStream(realm), "events."))
    .filter(({ subject }) => !/command|tick/.test(subject))
    .map(({ body }) => body);

const decisionsOn = async (realm: string, event: string) =>
  (await decisions(realm)).filter(({ event_id }) => event_id === event);

test("what waits is listed oldest first, in pages, with its reasons counted", async () => {
  await openRealm("listed");
  const ada = await quarantineOf("listed", "ada", 3);
  const bo = await quarantineOf("listed", "bo", 2, { territory_id: "mist_fen" });
  const { status, body } = await get("listed/quarantine?limit=2");
  expect(status).toBe(200);
  expect(body).toMatchObject({
    counts: { open: 5, by_reason: { fingerprint: 2, burst_user: 3 } },
    matching: 5,
  });
  expect(body.items.map(({ event_id }) => event_id)).toEqual(ada.slice(0, 2));
  expect(body.items[0]).toMatchObject({
    reason: "fingerprint",
    user_id: "ada",
    device_id: "phone-of-ada",
    factors: { quality_bp: 12_200 },
    heat: { fingerprint: 5 },
    age_s: expect.any(Number),
  });
  const next = await get(`listed/quarantine?limit=10&after=${body.next}`);
  expect(next.body.items.map(({ event_id }) => event_id)).toEqual([ada[2], ...bo]);
  expect(next.body.next).toBeUndefined();
  expect((await get("listed/quarantine?user=bo&older_than_s=3600")).body.matching).toBe(0);
  expect((await get("listed/quarantine?user=bo&reason=burst_user")).body.matching).toBe(1);
  expect(
    (await get(`listed/quarantine?fingerprint=${encodeURIComponent(body.items[0]!.fingerprint)}`)).body
      .matching,
  ).toBe(3);
});

test("groups are counted, the largest first", async () => {
  const groups = async (by: string) => (await get(`listed/quarantine?group=${by}`)).body.groups;
  expect(await groups("user")).toMatchObject([
    { key: "ada", count: 3, by_reason: { fingerprint: 1, burst_user: 2 } },
    { key: "bo", count: 2, oldest_age_s: expect.any(Number) },
  ]);
  expect(await groups("device")).toMatchObject([{ key: "phone-of-ada" }, { key: "phone-of-bo" }]);
  expect(await groups("reason")).toMatchObject([
    { key: "burst_user", count: 3 },
    { key: "fingerprint", count: 2 },
  ]);
  expect(await groups("fingerprint")).toMatchObject([
    { key: "territory_push|iron_gate|combat.skirmish|100|6000|8000", count: 3 },
    { key: "territory_push|mist_fen|combat.skirmish|100|6000|8000", count: 2 },
  ]);
});

test("a release counts once, at the next tick, also when it is asked for again; a reject never does", async () => {
  await openRealm("counted");
  const [released, rejected] = await quarantineOf("counted", "ada", 2);
  await post("tick/run", { realm_id: "counted", idempotency_key: "tick-before" });
  const review = { actor: "gm-linh", note: "seen the chapter" };
  const first = await post(`counted/quarantine/${released}/release`, review);
  expect(first).toMatchObject({
    status: 200,
    body: { event_id: released, status: "released", clipped: expect.any(Array), earliest_tick: 2 },
  });
  expect(first.body.points).toBeGreaterThan(0);
  expect(await post(`counted/quarantine/${released}/release`, review)).toMatchObject({
    status: 200,
    body: first.body,
  });
  expect(await post(`counted/quarantine/${rejected}/reject`, review)).toMatchObject({
    status: 200,
    body: { event_id: rejected, status: "rejected" },
  });
  const { tick } = (await post("tick/run", { realm_id: "counted", idempotency_key: "tick-after" })).body;
  expect(tick).toBe(2);
  const record = JSON.parse(
    (await lastOf(nats.bus, worldStream("counted"), subjects.tick("counted")))!.text(),
  ) as TickRecord;
  expect(record.factions.empire!.sum).toBe(first.body.points);
  expect(await decisionsOn("counted", released!)).toMatchObject([
    { validity_status: "quarantined" },
    { validity_status: "accepted", reason: "released", normalized_points: first.body.points },
  ]);
  expect(await decisionsOn("counted", rejected!)).toMatchObject([
    { validity_status: "quarantined" },
    { validity_status: "rejected", reason: "review_rejected", normalized_points: 0 },
  ]);
});

test("of two reviewers at once the first wins, and the second is told who it was", async () => {
  await openRealm("raced");
  for (const event of await quarantineOf("raced", "ada", 3)) {
    const answers = await Promise.all([
      post(`raced/quarantine/${event}/release`, { actor: "linh" }),
      post(`raced/quarantine/${event}/reject`, { actor: "minh" }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const told = answers.find(({ status }) => status === 409)!;
    expect(told.headers.get("content-type")).toContain("application/problem+json");
    expect(told.body.detail).toMatch(
      /^already_reviewed: it was (released by gm linh|rejected by gm minh) at 20/,
    );
    expect(told.body.errors).toEqual([{ path: "event_id", message: "already_reviewed" }]);
    expect(await decisionsOn("raced", event)).toHaveLength(2);
    expect(await post(`raced/quarantine/${event}/reject`, { actor: "nga" })).toMatchObject({ status: 409 });
    expect((await get(`raced/quarantine/${event}`)).status).toBe(404);
  }
});

test("a forged decision in a raw command is refused, and the event still waits", async () => {
  await openRealm("forged");
  const [event] = await quarantineOf("forged", "ada", 1);
  const [decision] = (await decisionsOn("forged", event!)) as [Quarantined];
  const key = "forged-release";
  await sendCommand(
    nats.bus,
    "forged",
    "review.release",
    { event, decision: { ...decision, base_points: 120 } },
    key,
  );
  const answer = await until(async () =>
    (await bodiesIn<DecidedCommand>(nats.bus, eventsStream("forged"), "events.command"))
      .map(({ body }) => body)
      .find(({ idempotency_key }) => idempotency_key === key),
  );
  expect(answer).toMatchObject({ status: "refused", reason: "decision_mismatch" });
  expect((await get("forged/quarantine")).body.counts.open).toBe(1);
});

test("in bulk each item is answered in order, and a bad one doesn't sink the rest", async () => {
  await openRealm("bulk");
  const [a, b, c, d] = await quarantineOf("bulk", "ada", 4);
  await post(`bulk/quarantine/${b}/reject`, { actor: "minh" });
  const { status, body } = await post("bulk/quarantine/bulk", {
    verdict: "release",
    event_ids: [a, "no-such-id", b, "a".repeat(26), c, a],
    actor: "linh",
    note: "a community campaign",
  });
  expect(status).toBe(200);
  expect(body.results.map(({ event_id }) => event_id)).toEqual([a, "no-such-id", b, "a".repeat(26), c, a]);
  expect(body.results.map(({ status, problem }) => [status, problem?.status])).toEqual([
    ["released", undefined],
    ["refused", 404],
    ["refused", 409],
    ["refused", 404],
    ["released", undefined],
    ["released", undefined],
  ]);
  expect(body.results[5]).toEqual(body.results[0]);
  const filtered = await post("bulk/quarantine/bulk", {
    verdict: "reject",
    filter: { user: "ada", reason: "burst_user" },
    actor: "linh",
  });
  expect(filtered.body).toMatchObject({ results: [{ event_id: d, status: "rejected" }], remaining: 0 });
  expect((await get("bulk/quarantine")).body.counts).toEqual({ open: 0, oldest_age_s: 0, by_reason: {} });
});

test("hundreds of reviews in bulk are decided together", async () => {
  await openRealm("crowd");
  const users = Array.from({ length: 60 }, (_, i) => `user-${i}`);
  for (let i = 0; i < 10; i++)
    await Promise.all(users.map((user_id) => sendCandidate(nats.bus, candidate("crowd", { user_id }))));
  await until(async () => (await get("crowd/quarantine")).body.counts.open === 300);
  const { body } = await post("crowd/quarantine/bulk", {
    verdict: "release",
    filter: { fingerprint: "territory_push|iron_gate|combat.skirmish|100|6000|8000" },
    actor: "linh",
  });
  expect(body.results).toHaveLength(300);
  expect(body.results.every(({ status }) => status === "released")).toBe(true);
});

test.each([undefined, 360])(
  "what a release would give is what it gives, when nothing happens in between (user cap %s)",
  async (userDay) => {
    const realm = `shown-${userDay}`;
    await openRealm(realm, userDay === undefined ? {} : await withUserCap(userDay));
    const [event] = await quarantineOf(realm, "ada", 1);
    const { body } = await get(`${realm}/quarantine/${event}`);
    const { effect, decision } = body;
    expect(decision).toMatchObject({ validity_status: "quarantined" });
    expect(explanationOf(decision)).toMatchObject({ base: 100_000 });
    const given = await post(`${realm}/quarantine/${event}/release`, { actor: "linh" });
    expect(given.body).toMatchObject({ points: effect.points_after_caps, clipped: effect.clipped });
    const accepted = (await decisionsOn(realm, event!))[1] as Accepted;
    expect(explanationOf(accepted)!.left).toEqual(effect.left);
    expect(accepted.daily_cap_bucket).toBe(effect.daily_cap_bucket);
    if (userDay !== undefined) expect(effect.clipped).not.toEqual([]);
  },
);

test("the effect is right over what KV has, over what came since, and without KV", async () => {
  const realm = "flushed";
  await openRealm(realm, await withUserCap(500));
  const [first, second] = await quarantineOf(realm, "ada", 2);
  const effect = async () => (await get(`${realm}/quarantine/${second}`)).body.effect;
  const before = await effect();
  await running.pop()!.stop(); // Flushes everything.
  expect(await lastOf(nats.bus, "KV_caps", kvSubject("caps", `${realm}.u.ada`))).toBeDefined();
  expect(await effect()).toMatchObject({ ...before, at: expect.any(String) });
  running.push(runStages(nats.bus, realm, ["ingest", "normalizer", "simulator"]));
  const { points } = (await post(`${realm}/quarantine/${first}/release`, { actor: "linh" })).body;
  const after = await effect();
  expect(after.left.user_day + after.points_after_caps).toBe(
    before.left.user_day + before.points_after_caps - points,
  );
  await nats.bus.jsm.streams.purge("KV_caps", { filter: kvSubject("caps", `${realm}.>`) });
  expect((await effect()).points_after_caps).toBe(after.points_after_caps);
});

test("while a later release has written the counters, what a release would give is a 503 with the reason", async () => {
  const realm = "later";
  await openRealm(realm);
  const [event] = await quarantineOf(realm, "ada", 1);
  await running.pop()!.stop(); // Flushes everything.
  for (const key of ["u.ada", "m.ada", "d.phone-of-ada"]) {
    const subject = kvSubject("caps", `${realm}.${key}`);
    const text = (await lastOf(nats.bus, "KV_caps", subject))!.text();
    await publishOne(nats.bus, { subject, data: text.replace("[1,", "[2,") });
    const { status, body } = await get(`${realm}/quarantine/${event}`);
    expect([status, body.detail]).toEqual([503, expect.stringContaining("the entry has version 2")]);
    await publishOne(nats.bus, { subject, data: text.replace("[1,", "[") });
  }
  expect((await get(`${realm}/quarantine/${event}`)).body.effect.points_after_caps).toBeGreaterThan(0);
});

test("what a release would give is right when the day has turned, for one who is ahead of the realm", async () => {
  const realm = "turned";
  const { judgement } = await loadRuleset("amoi-1");
  const fairness = { ...judgement.fairness, users_min: 1, mean_min: 5 };
  const heat = { ...judgement.heat, user_burst: { leak_seconds: 60, quarantine: 20, reject: 60 } };
  const ruleset = await openRealm(realm, {
    judgement: { ...judgement, fairness, heat },
    day_offset_minutes: -720,
    ...(await withUserCap(1_600)),
  });
  await sendCandidate(nats.bus, candidate(realm, { user_id: "bo" }));
  // KV has what was decided until here, and nothing further for some seconds.
  await until(
    async () => (await lastOf(nats.bus, "KV_caps", kvSubject("caps", `${realm}.r.week`))) !== undefined,
  );
  for (const user_id of ["cleo", "dan"]) await sendCandidate(nats.bus, candidate(realm, { user_id }));
  for (const territory_id of ["mist_fen", "moon_stair"])
    await sendCandidate(nats.bus, candidate(realm, { territory_id }));
  await sendCommand(nats.bus, realm, "ruleset.set", { ruleset: { ...ruleset, day_offset_minutes: 840 } });
  const [event] = await quarantineOf(realm, "ada", 1);
  const { effect } = (await get(`${realm}/quarantine/${event}`)).body;
  const given = await post(`${realm}/quarantine/${event}/release`, { actor: "linh" });
  expect(given.body).toMatchObject({ points: effect.points_after_caps, clipped: effect.clipped });
  const [, accepted] = (await decisionsOn(realm, event!)) as [Quarantined, Accepted];
  expect(explanationOf(accepted)!.recent).toBeGreaterThan(explanationOf(accepted)!.mean);
  expect(explanationOf(accepted)!.left).toEqual(effect.left);
});

test("a review that the rules refuse is a conflict, and can be asked for again when they allow it", async () => {
  await openRealm("closed");
  const [event] = await quarantineOf("closed", "ada", 1);
  const status = (status: string) => sendCommand(nats.bus, "closed", "realm.status", { status });
  await status("season_end");
  const release = () => post(`closed/quarantine/${event}/release`, { actor: "linh" });
  const refused = await until(async () => {
    const answer = await release();
    return answer.status === 409 && answer;
  }).catch(release);
  expect(refused.body.errors).toEqual([{ path: "event_id", message: "realm_closed" }]);
  expect((await get(`closed/quarantine/${event}`)).body.effect.refusal).toBe("realm_closed");
  await status("active");
  expect(await until(async () => (await release()).status === 200)).toBe(true);
});

test("while nobody decides, a reviewer hears 503 and when to ask again, and the same request again is answered", async () => {
  await openRealm("slow");
  const [event] = await quarantineOf("slow", "ada", 1);
  await running.pop()!.stop();
  const late = await post(`slow/quarantine/${event}/release`, { actor: "linh" });
  expect(late.status).toBe(503);
  expect(late.headers.get("retry-after")).toBe("2");
  running.push(runStages(nats.bus, "slow", ["ingest", "normalizer", "simulator"]));
  const again = await post(`slow/quarantine/${event}/release`, { actor: "linh" });
  expect(again).toMatchObject({ status: 200, body: { status: "released" } });
  expect(await decisionsOn("slow", event!)).toHaveLength(2);
});

test.each([
  ["an unknown realm", "nowhere/quarantine", 404],
  ["an unknown reason", "listed/quarantine?reason=boredom", 400],
  ["an unknown group", "listed/quarantine?group=mood", 400],
  ["a limit above 1 000", "listed/quarantine?limit=1001", 400],
  ["an unknown event", `listed/quarantine/${"a".repeat(26)}`, 404],
])("%s is refused", async (_what, path, status) => {
  expect((await get(path)).status).toBe(status);
});

test("a review of nothing known, under a used key, or of 1 001 events is refused", async () => {
  const waiting = (await get("listed/quarantine?user=bo")).body.items[0]!.event_id;
  const other = (await get("listed/quarantine?user=ada")).body.items[0]!.event_id;
  expect((await post(`listed/quarantine/${"b".repeat(26)}/release`, { actor: "linh" })).status).toBe(404);
  const keyed = { actor: "linh", idempotency_key: "a-key-of-linh" };
  expect((await post(`listed/quarantine/${waiting}/release`, keyed)).status).toBe(200);
  expect((await post(`listed/quarantine/${other}/release`, keyed)).status).toBe(422);
  const event_ids = Array.from({ length: 1_001 }, () => waiting);
  expect((await post("listed/quarantine/bulk", { verdict: "reject", event_ids, actor: "linh" })).status).toBe(
    413,
  );
  expect((await post("listed/quarantine/bulk", { verdict: "reject", actor: "linh" })).status).toBe(400);
  const all = { verdict: "reject", filter: {}, actor: "linh" };
  expect((await post("listed/quarantine/bulk", all)).status).toBe(400);
});
