import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import {
  bodiesIn,
  candidate,
  type Running,
  runStages,
  sendCandidate,
  testRealm,
  until,
} from "../../ops/testing/realm.ts";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { Decision, Quarantined } from "../../shared/contracts/decision.ts";
import type { WorldState } from "../../shared/contracts/world.ts";
import { DAY_MS } from "../../shared/judgement/day.ts";
import { readEnv } from "../../shared/process/env.ts";
import { type Log, openLog } from "../../shared/process/log.ts";
import { registry } from "../../shared/process/metrics.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { eventsStream, rawStream, subjects } from "../../shared/stream/subjects.ts";
import { genesis } from "../../shared/world/genesis.ts";
import { openFolding } from "../steps/fold.ts";
import { standing } from "../testing/builders.ts";
import { dueCommands } from "./due-commands.ts";
import { keepHouse, speakForWorld } from "./steward.ts";

const silent = openLog(readEnv({ AMOI_LOG_LEVEL: "silent" }), "test");
let nats: TestNats;
const running: Running[] = [];

beforeAll(async () => {
  nats = await testNats();
});
afterAll(async () => {
  await Promise.all(running.map((stages) => stages.stop()));
  await nats.close();
});

/** A steward with a clock of its own. */
const steward = (realm: string, now: () => number, log = silent): Running =>
  untilStopped((signal) => keepHouse({ bus: nats.bus, realm, log, signal }, now));

/** An owner of the realm that says what a world calls for. */
const speaker = (realm: string, world: WorldState, log: Log): Running =>
  untilStopped((signal) =>
    speakForWorld({ bus: nats.bus, state: { realm, world, folding: openFolding() }, log, signal }),
  );

function untilStopped(run: (signal: AbortSignal) => Promise<void>): Running {
  const stop = new AbortController();
  const done = run(stop.signal);
  return {
    stop: async () => {
      stop.abort();
      await done;
    },
  };
}

/** A realm's log, and the lines that were written. */
function logOf(realm: string): { log: Log; lines: string[] } {
  const lines: string[] = [];
  return { log: pino({}, { write: (line: string) => lines.push(line) }).child({ realm }), lines };
}

/** Takes the message ids of the steward's keys, as whoever may publish candidates can. */
async function squat(realm: string, keys: string[]): Promise<void> {
  for (const key of keys)
    await publishOne(nats.bus, { subject: subjects.rawCandidate(realm), data: "x", msgId: `s.${key}` });
}

/** A realm whose candidates are judged, and `count` events that wait for a review. */
async function waitingIn(realm: string, count: number): Promise<Quarantined[]> {
  const { judgement } = await loadRuleset("amoi-1");
  const heat = { ...judgement.heat, user_burst: { leak_seconds: 60, quarantine: 6, reject: 20 } };
  await testRealm(nats.bus, realm, { judgement: { ...judgement, heat } });
  running.push(runStages(nats.bus, realm, ["ingest", "normalizer"]));
  for (let i = 0; i < 5 + count; i++) {
    await sendCandidate(nats.bus, candidate(realm));
    await delay(2); // Each has a millisecond of its own.
  }
  return until(async () => {
    const all = (await bodiesIn<Quarantined>(nats.bus, eventsStream(realm), "events.quarantined")).map(
      ({ body }) => body,
    );
    return all.length === count && all;
  });
}

const reviewsIn = async (realm: string) =>
  (await bodiesIn<DecidedCommand>(nats.bus, eventsStream(realm), "events.command"))
    .map(({ body }) => body)
    .filter(({ kind }) => kind === "review.reject");
const rejectedIn = async (realm: string) =>
  (await bodiesIn<Decision>(nats.bus, eventsStream(realm), "events.rejected")).map(({ body }) => body);
const metric = async (name: string, labels: Record<string, string>) =>
  (await registry.getSingleMetric(name)!.get()).values.find(({ labels: found }) =>
    Object.entries(labels).every(([key, value]) => found[key] === value),
  )?.value;

test("what was open for seven days is rejected as expired, and what was not stays", async () => {
  const [first, second] = await waitingIn("aged", 2);
  const expiresAt = ({ received_at }: Quarantined) => Date.parse(received_at) + 7 * DAY_MS;
  const before = steward("aged", () => expiresAt(first!) - 1);
  await until(async () => (await metric("amoi_quarantine_open_events", { realm: "aged" })) !== undefined);
  await before.stop();
  expect(await reviewsIn("aged")).toEqual([]);

  const after = steward("aged", () => expiresAt(first!));
  await until(async () => (await rejectedIn("aged")).length > 0);
  await until(
    async () =>
      (await metric("amoi_quarantine_open_events", { realm: "aged", reason: "burst_user" })) === 1 &&
      (await metric("amoi_quarantine_open_events", { realm: "aged", reason: "fingerprint" })) === 0,
  );
  expect(await metric("amoi_quarantine_oldest_seconds", { realm: "aged" })).toBeGreaterThan(600_000);
  await after.stop();
  expect(await metric("amoi_quarantine_open_events", { realm: "aged" })).toBeUndefined();
  expect(await rejectedIn("aged")).toMatchObject([
    { event_id: first!.event_id, reason: "review_expired", normalized_points: 0 },
  ]);
  expect(await reviewsIn("aged")).toMatchObject([
    { status: "applied", actor: { type: "system", id: "steward" }, payload: { event: first!.event_id } },
  ]);
  expect(second!.reason).toBe("burst_user");
});

test("stewards that were killed, overlap or come late reject each event once", async () => {
  const waiting = await waitingIn("repeated", 5);
  const later = () => Date.now() + 8 * DAY_MS;
  const stewards = [steward("repeated", later), steward("repeated", later)];
  await until(async () => (await rejectedIn("repeated")).length === 5);
  await Promise.all(stewards.map((each) => each.stop()));
  // The same command again, after JetStream has forgotten its id.
  const { state } = await nats.bus.jsm.streams.info(rawStream("repeated"));
  const last = await nats.bus.jsm.streams.getMessage(rawStream("repeated"), { seq: state.last_seq });
  await publishOne(nats.bus, { subject: subjects.rawCommand("repeated"), data: last!.data });
  const reviews = await until(async () => {
    const all = await reviewsIn("repeated");
    return all.length === 6 && all;
  });
  expect(reviews.map(({ status, reason }) => reason ?? status)).toEqual([
    ...waiting.map(() => "applied"),
    "already_reviewed",
  ]);
  expect((await rejectedIn("repeated")).map(({ event_id }) => event_id)).toEqual(
    waiting.map(({ event_id }) => event_id),
  );
});

test("the owner of a realm keeps house beside its clock", async () => {
  const [event] = await waitingIn("owned", 1);
  running.push(runStages(nats.bus, "owned", ["simulator"]));
  await until(
    async () =>
      (await metric("amoi_quarantine_open_events", { realm: "owned", reason: event!.reason })) === 1,
  );
  expect(await reviewsIn("owned")).toEqual([]);
});

test("message ids of the steward's that a publisher took silence nothing: an alarm, and the same word once, whoever says it", async () => {
  const realm = "squatted";
  const [event] = await waitingIn(realm, 1);
  const key = `review.expire.${event!.event_id}.${event!.source_seq}`;
  await squat(realm, [key, ...Array.from({ length: 31 }, (_, n) => `${key}.${n + 2}`)]);
  const later = () => Date.now() + 8 * DAY_MS;
  const { log, lines } = logOf(realm);
  const keeper = steward(realm, later, log);
  const [rejected] = await until(async () => {
    const all = (await rejectedIn(realm)).filter(({ event_id }) => event_id === event!.event_id);
    return all.length > 0 && all;
  });
  await keeper.stop();
  expect(rejected).toMatchObject({ event_id: event!.event_id, reason: "review_expired" });
  expect(await reviewsIn(realm)).toMatchObject([{ status: "applied", idempotency_key: key }]);
  expect(await metric("amoi_steward_keys_taken_total", { realm })).toBe(1);
  expect(lines.map((line) => line.match(/"realm":/g)?.length)).toEqual([1]);
});

test("what the world calls for is said although all ids of it are taken, once, also by owners that overlap or come after", async () => {
  const realm = "besieged";
  await testRealm(nats.bus, realm, await loadRuleset("amoi-1"));
  running.push(runStages(nats.bus, realm, ["ingest", "normalizer"]));
  const rules = { ...(await loadRuleset("amoi-1")), season_length_ticks: 1 };
  const world = standing(genesis(realm, rules, new Date().toISOString()), (state) => {
    state.public.tick = 1;
  }).state;
  const [call] = dueCommands(world);
  const key = call!.idempotency_key;
  await squat(realm, [key, ...Array.from({ length: 15 }, (_, n) => `${key}.${n + 2}`)]);
  const { log, lines } = logOf(realm);
  const speakers = [speaker(realm, world, log), speaker(realm, world, log)];
  const closes = async () =>
    (await bodiesIn<DecidedCommand>(nats.bus, eventsStream(realm), "events.command"))
      .map(({ body }) => body)
      .filter(({ kind }) => kind === "season.close");
  await until(async () => (await closes()).length === 2);
  await Promise.all(speakers.map((each) => each.stop()));
  const next = speaker(realm, world, log);
  await until(async () => (await closes()).length === 3);
  await delay(500);
  await next.stop();
  expect((await closes()).map(({ status, reason }) => reason ?? status)).toEqual([
    "passed",
    "duplicate",
    "duplicate",
  ]);
  expect(new Set((await closes()).map(({ command_id }) => command_id)).size).toBe(1);
  expect(lines.map((line) => line.match(/"realm":/g)?.length)).toEqual([1, 1, 1]);
});

test("while RAW takes nothing, the steward says so once, and says its word as soon as there is room", async () => {
  const realm = "brimful";
  const [event] = await waitingIn(realm, 1);
  const { config, state } = await nats.bus.jsm.streams.info(rawStream(realm));
  await nats.bus.jsm.streams.update(rawStream(realm), { ...config, max_bytes: state.bytes });
  const { log, lines } = logOf(realm);
  const keeper = steward(realm, () => Date.now() + 8 * DAY_MS, log);
  await until(async () => lines.length > 0);
  await delay(2_500);
  expect(lines).toMatchObject([expect.stringContaining("publishes it again")]);
  await nats.bus.jsm.streams.update(rawStream(realm), config);
  await until(async () => (await rejectedIn(realm)).length === 1);
  await keeper.stop();
  expect(await reviewsIn(realm)).toMatchObject([{ status: "applied", payload: { event: event!.event_id } }]);
  expect(lines.map((line) => (JSON.parse(line) as { level: number }).level)).toEqual([40, 30]);
});
