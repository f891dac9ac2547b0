import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats } from "../ops/testing/nats.ts";
import {
  bodiesIn,
  candidate,
  runStages,
  sendCandidate,
  sendCommand,
  testRealm,
  until,
} from "../ops/testing/realm.ts";
import type { DecidedCommand } from "../shared/contracts/command.ts";
import type { Decision } from "../shared/contracts/decision.ts";
import { eventId } from "../shared/exact/identity.ts";
import { readEnv } from "../shared/process/env.ts";
import { openLog } from "../shared/process/log.ts";
import { loadRuleset } from "../shared/rulesets/rulesets.ts";
import { StageRunner } from "../shared/stage/stage-runner.ts";
import { lastOf } from "../shared/stream/last-message.ts";
import { publishBatch, publishOne } from "../shared/stream/publish.ts";
import { eventsStream, subjects, validStream } from "../shared/stream/subjects.ts";
import { kvSubject } from "../shared/stream/topology.ts";
import { normalizerStage } from "./stage.ts";
import { JUDGEMENTS_KEPT } from "./state/state.ts";

let nats: TestNats;
let made = 0;
beforeAll(async () => {
  nats = await testNats();
});
afterAll(() => nats.close());

async function freshRealm(): Promise<string> {
  const realm = `judge-${++made}`;
  await testRealm(nats.bus, realm);
  return realm;
}

const decisions = async (realm: string) =>
  (await bodiesIn<Decision>(nats.bus, eventsStream(realm), "events."))
    .filter(({ subject }) => !/command|tick/.test(subject))
    .map(({ body }) => body);

const decided = (realm: string, count: number) =>
  until(async () => {
    const all = await decisions(realm);
    return all.length >= count && all;
  });

/** Publishes to RAW without a message id, as a repeat after JetStream's window arrives. */
const repeat = (realm: string, body: object) =>
  publishOne(nats.bus, { subject: subjects.rawCandidate(realm), data: JSON.stringify(body) });

test("an accepted candidate carries its factors, its points and its day", async () => {
  const realm = await freshRealm();
  const stages = runStages(nats.bus, realm, ["ingest", "normalizer"]);
  await sendCandidate(nats.bus, candidate(realm));
  const [decision] = await decided(realm, 1);
  await stages.stop();
  expect(decision).toMatchObject({
    validity_status: "accepted",
    factors: { quality_bp: 12_200, anti_spam_bp: 10_000, fairness_bp: 10_000 },
    normalized_points: 122_000,
    clipped: [],
    ruleset_version: 1,
  });
  expect(decision!.daily_cap_bucket).toBe(
    new Date(Date.parse(decision!.received_at) + 420 * 60_000).toISOString().slice(0, 10),
  );
});

test("a repeated key counts once, and with another body it is a conflict, also after a restart from KV", async () => {
  const realm = await freshRealm();
  const first = candidate(realm);
  let stages = runStages(nats.bus, realm, ["ingest", "normalizer"]);
  await repeat(realm, first);
  await decided(realm, 1);
  await stages.stop();
  expect(await lastOf(nats.bus, "KV_caps", kvSubject("caps", `${realm}.u.ada`))).toBeDefined();

  stages = runStages(nats.bus, realm, ["ingest", "normalizer"]);
  await repeat(realm, first);
  await repeat(realm, { ...first, base_points: 7 });
  const all = await decided(realm, 3);
  await stages.stop();
  expect(all.map(({ validity_status, reason }) => [validity_status, reason])).toEqual([
    ["accepted", undefined],
    ["rejected", "duplicate"],
    ["rejected", "key_conflict"],
  ]);
});

test("the day's cap holds to the milli-point across a wiped KV bucket: the decisions are the state", async () => {
  const realm = "wiped";
  await testRealm(nats.bus, realm, { caps: { ...(await loadRuleset("amoi-1")).caps, user_day: 300 } });
  let stages = runStages(nats.bus, realm, ["ingest", "normalizer"]);
  for (let i = 0; i < 3; i++) await sendCandidate(nats.bus, candidate(realm));
  await decided(realm, 3);
  await stages.stop();
  await nats.bus.jsm.streams.purge("KV_caps", { filter: kvSubject("caps", `${realm}.>`) });

  stages = runStages(nats.bus, realm, ["ingest", "normalizer"]);
  for (let i = 0; i < 3; i++) await sendCandidate(nats.bus, candidate(realm));
  const all = await decided(realm, 6);
  await stages.stop();
  expect(all.reduce((sum, { normalized_points }) => sum + normalized_points, 0)).toBe(300_000);
  expect(all[3]!.clipped).toMatchObject([{ by: "user_day" }]);
  expect(all[4]).toMatchObject({ validity_status: "accepted", normalized_points: 0 });
  expect(all[5]).toMatchObject({ validity_status: "quarantined", reason: "fingerprint" });
});

test("a realm whose rules changed more often than their cache remembers is restored from its decisions", async () => {
  const realm = await freshRealm();
  const ruleset = await testRealm(nats.bus, realm);
  const first = candidate(realm);
  let stages = runStages(nats.bus, realm, ["ingest", "normalizer"]);
  await repeat(realm, first);
  await decided(realm, 1);
  for (let i = 0; i <= JUDGEMENTS_KEPT; i++) await sendCommand(nats.bus, realm, "ruleset.set", { ruleset });
  await until(async () => {
    const all = await bodiesIn<DecidedCommand>(nats.bus, eventsStream(realm), subjects.command(realm));
    return all.length === JUDGEMENTS_KEPT + 2;
  });
  await stages.stop();
  // As if the worker had died when the rules were flushed, and nothing else was.
  for (const key of ["u", "d", "s"])
    await nats.bus.jsm.streams.purge("KV_caps", { filter: kvSubject("caps", `${realm}.${key}.>`) });
  const watermark = JSON.stringify({ through: 1, commit_id: "older" });
  await publishOne(nats.bus, { subject: kvSubject("caps", `${realm}.r.flushed`), data: watermark });

  stages = runStages(nats.bus, realm, ["ingest", "normalizer"]);
  await repeat(realm, first);
  const all = await decided(realm, 2).finally(() => stages.stop());
  expect(all.map(({ reason }) => reason)).toEqual([undefined, "duplicate"]);
});

test("references that the ruleset doesn't know are rejected by name", async () => {
  const realm = await freshRealm();
  const stages = runStages(nats.bus, realm, ["ingest", "normalizer"]);
  for (const change of [
    { faction_id: "constructor" },
    { territory_id: "toString".toLowerCase() },
    { event_type: "relic_claim", relic_id: "grail" } as const,
    { campaign_id: "crusade" },
  ])
    await sendCandidate(nats.bus, candidate(realm, change));
  const all = await decided(realm, 4);
  await stages.stop();
  expect(all.map(({ reason }) => reason)).toEqual([
    "unknown_faction",
    "unknown_territory",
    "unknown_relic",
    "unknown_campaign",
  ]);
});

test("the first accepted event binds a player to their faction", async () => {
  const realm = await freshRealm();
  const stages = runStages(nats.bus, realm, ["ingest", "normalizer"]);
  await sendCandidate(nats.bus, candidate(realm, { faction_id: "veilborn" }));
  await sendCandidate(nats.bus, candidate(realm, { faction_id: "empire" }));
  const all = await decided(realm, 2);
  await stages.stop();
  expect(all.map(({ reason }) => reason)).toEqual([undefined, "faction_mismatch"]);
});

test("an input that makes the core throw is quarantined with the error, and what follows is judged", async () => {
  const realm = await freshRealm();
  const poison = {
    ...candidate(realm),
    stakes: undefined,
    event_id: "a".repeat(26),
    received_at: new Date().toISOString(),
    source_seq: 1,
  };
  const good = {
    ...candidate(realm),
    event_id: "b".repeat(26),
    received_at: new Date().toISOString(),
    source_seq: 2,
  };
  await publishBatch(nats.bus, [
    { subject: subjects.validCandidate(realm), data: JSON.stringify([poison, good]) },
  ]);
  const stages = runStages(nats.bus, realm, ["normalizer"]);
  const all = await decided(realm, 2);
  await stages.stop();
  expect(all[0]).toMatchObject({
    validity_status: "quarantined",
    reason: "stage_error",
    error: expect.stringContaining("safe integer"),
  });
  expect(all[1]).toMatchObject({ validity_status: "accepted" });
  expect(
    (await lastOf(nats.bus, eventsStream(realm), subjects.position("normalizer", realm)))!.text(),
  ).toContain('"through":3');
});

test("a ruleset takes effect from its place in the log, and an invalid one is refused with its reasons", async () => {
  const realm = await freshRealm();
  const ruleset = await testRealm(nats.bus, realm);
  const stages = runStages(nats.bus, realm, ["ingest", "normalizer"]);
  await sendCandidate(nats.bus, candidate(realm));
  await decided(realm, 1);
  await sendCommand(nats.bus, realm, "ruleset.set", { ruleset: { ...ruleset, caps: { user_day: 150 } } });
  const trigger = { ...ruleset.triggers[0], when: { gt: ["faction.nobody.share_bp", 1] } };
  await sendCommand(nats.bus, realm, "ruleset.set", { ruleset: { ...ruleset, triggers: [trigger] } });
  const commands = await until(async () => {
    const all = await bodiesIn<DecidedCommand>(nats.bus, eventsStream(realm), subjects.command(realm));
    return all.length === 3 && all.map(({ body }) => body);
  });
  await sendCandidate(nats.bus, candidate(realm));
  const all = await decided(realm, 2);
  await stages.stop();
  expect(commands.map(({ status, ruleset_version }) => [status, ruleset_version])).toEqual([
    ["applied", 1],
    ["applied", 2],
    ["refused", undefined],
  ]);
  expect(commands[2]!.reason).toContain("nobody");
  expect(all[1]).toMatchObject({
    ruleset_version: 2,
    normalized_points: 28_000,
    clipped: [{ by: "user_day", points: 53_337 }],
  });
});

test("bundles on VALID and EVENTS hold consecutive bodies, at most 50", async () => {
  const realm = await freshRealm();
  await publishBatch(
    nats.bus,
    Array.from({ length: 120 }, (_, i) => ({
      subject: subjects.rawCandidate(realm),
      data: JSON.stringify(candidate(realm, { user_id: `player-${i}` })),
    })),
  );
  const stages = runStages(nats.bus, realm, ["ingest", "normalizer"]);
  const all = await decided(realm, 120);
  await stages.stop();
  expect(all.map(({ source_seq }) => source_seq)).toEqual(Array.from({ length: 120 }, (_, i) => i + 1));
  const { state } = await nats.bus.jsm.streams.info(validStream(realm), { subjects_filter: ">" });
  expect(state.subjects?.[subjects.validCandidate(realm)]).toBeLessThan(10);
});

test("an idle stage writes its state to KV until all of it is there, and a restart then folds nothing", async () => {
  const realm = await freshRealm();
  const users = 1_500;
  const received = (n: number) => ({
    ...candidate(realm, { user_id: `player-${n}`, device_id: `device-${n}` }),
    event_id: eventId(realm, `player-${n}`, "only"),
    received_at: new Date().toISOString(),
    source_seq: n + 1,
  });
  const send = (bodies: object[]) =>
    publishOne(nats.bus, { subject: subjects.validCandidate(realm), data: JSON.stringify(bodies) });
  let last = 0;
  for (let from = 0; from < users; from += 50)
    last = (await send(Array.from({ length: 50 }, (_, n) => received(from + n)))).seq;
  const head = async () =>
    (await lastOf(nats.bus, eventsStream(realm), subjects.position("normalizer", realm)))!;
  const reached = (seq: number) => until(async () => JSON.parse((await head()).text()).through >= seq, 20);
  const watermark = async () => {
    const stored = await lastOf(nats.bus, "KV_caps", kvSubject("caps", `${realm}.r.flushed`));
    return { seq: stored?.seq, through: stored && JSON.parse(stored.text()).flushed };
  };
  const stages = runStages(nats.bus, realm, ["normalizer"]);
  await reached(last);
  await until(async () => (await watermark()).through === (await head()).seq, 20);
  const keys = kvSubject("caps", `${realm}.>`);
  const { state } = await nats.bus.jsm.streams.info("KV_caps", { subjects_filter: keys });
  const held = Object.keys(state.subjects ?? {});
  for (const kind of ["u.player", "d.device", "m.player"])
    expect(held.filter((key) => key.includes(`.${kind}-`)).length, kind).toBe(users);
  // Idle means idle: nothing more is written.
  const before = await watermark();
  await delay(300);
  expect(await watermark()).toEqual(before);
  await stages.stop();

  let folded = 0;
  const refold = () => {
    folded++;
  };
  const watched = { ...normalizerStage, cache: { ...normalizerStage.cache!, refold } };
  const stop = new AbortController();
  const log = openLog(readEnv({ AMOI_LOG_LEVEL: "silent" }), "normalizer");
  const done = new StageRunner(watched, nats.bus, realm, "again", log).run(stop.signal);
  await reached((await send([received(users)])).seq);
  stop.abort();
  await done;
  expect(folded).toBe(0);
}, 60_000);

test("after an upgrade entries with and without a version lie side by side, and nothing is folded again", async () => {
  const realm = await freshRealm();
  const [ada, bo] = ["ada", "bo"].map((user_id) =>
    candidate(realm, { user_id, session_id: `of-${user_id}` }),
  );
  const runs = runStages(nats.bus, realm, ["ingest", "normalizer"]);
  for (const body of [ada!, bo!]) await repeat(realm, body);
  await decided(realm, 2);
  await runs.stop();
  for (const key of ["u.ada", "m.ada", "d.phone-of-ada", "s.of-ada"]) {
    const subject = kvSubject("caps", `${realm}.${key}`);
    const text = (await lastOf(nats.bus, "KV_caps", subject))!.text();
    expect(text, key).toMatch(/^\[1,/);
    await publishOne(nats.bus, { subject, data: text.replace("[1,", "[") });
  }

  let folded = 0;
  const refold = () => {
    folded++;
  };
  const watched = { ...normalizerStage, cache: { ...normalizerStage.cache!, refold } };
  const stop = new AbortController();
  const log = openLog(readEnv({ AMOI_LOG_LEVEL: "silent" }), "normalizer");
  const upgraded = new StageRunner(watched, nats.bus, realm, "upgraded", log).run(stop.signal);
  const others = runStages(nats.bus, realm, ["ingest"]);
  for (const body of [ada!, bo!]) {
    await repeat(realm, body);
    const { user_id } = body;
    await repeat(realm, candidate(realm, { user_id, faction_id: "veilborn" }));
  }
  const all = await decided(realm, 6);
  stop.abort();
  await Promise.all([upgraded, others.stop()]);
  expect(folded).toBe(0);
  expect(all.map(({ user_id, reason }) => [user_id, reason])).toEqual([
    ["ada", undefined],
    ["bo", undefined],
    ["ada", "duplicate"],
    ["ada", "faction_mismatch"],
    ["bo", "duplicate"],
    ["bo", "faction_mismatch"],
  ]);
});

test("an entry of KV that can't be read costs a longer restart, and no decision", async () => {
  const realm = await freshRealm();
  let stages = runStages(nats.bus, realm, ["ingest", "normalizer"]);
  await sendCandidate(nats.bus, candidate(realm));
  await decided(realm, 1);
  await stages.stop();
  for (const [key, data] of [
    ["u.ada", "[0,"],
    // Of a later release: read as of this one, it says that nothing is hot.
    ["u.ada", "[2,0,9,0,0,0,[],[0,0,0,0,0,0],[],[],[],[0,0,0],[],[],[]]"],
    ["r.realm", "{}"],
    ["r.flushed", "no watermark"],
  ]) {
    await publishOne(nats.bus, { subject: kvSubject("caps", `${realm}.${key}`), data: data! });
    stages = runStages(nats.bus, realm, ["ingest", "normalizer"]);
    const count = (await decisions(realm)).length;
    await sendCandidate(nats.bus, candidate(realm));
    const all = await decided(realm, count + 1);
    await stages.stop();
    expect(all.at(-1), key).toMatchObject({ validity_status: "accepted" });
    expect(all.at(-1)?.explain?.[1], `${key}: the entry's heat is known`).toBeGreaterThan(0);
  }
}, 30_000);
