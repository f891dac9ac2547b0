import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { largeWorld } from "../ops/bench/large-world.ts";
import { type TestNats, testNats } from "../ops/testing/nats.ts";
import { candidate, runStages, sendCandidate, testRealm, until } from "../ops/testing/realm.ts";
import { playOf, recordTicks, simulate } from "../ops/testing/recorded.ts";
import { rebuildWorld } from "../ops/tools/replay/rebuild.ts";
import { replay } from "../ops/tools/replay/replay.ts";
import type { TickRecord, WorldSnapshot } from "../shared/contracts/world.ts";
import { canonicalHash } from "../shared/exact/canonical.ts";
import { CHECKPOINT_TICKS } from "../shared/past/checkpoints.ts";
import { messageOfTick } from "../shared/past/tick-sequence.ts";
import { metrics } from "../shared/process/metrics.ts";
import type { Bus } from "../shared/stream/bus.ts";
import { lastOf } from "../shared/stream/last-message.ts";
import { publishOne } from "../shared/stream/publish.ts";
import { eventsStream, subjects, worldStream } from "../shared/stream/subjects.ts";
import { kvSubject } from "../shared/stream/topology.ts";
import { decided } from "./testing/builders.ts";

let nats: TestNats;
let realm: string;
let made = 0;
beforeAll(async () => {
  nats = await testNats();
});
afterAll(() => nats.close());
beforeEach(() => {
  realm = `broken-${++made}`;
});

const bus = (): Bus => nats.bus;
const world = () => worldStream(realm);

/** Records ticks `from` … `to`, and has the simulator play them. */
async function play(from: number, to: number): Promise<void> {
  const rules = await testRealm(bus(), realm);
  const places = { factions: Object.keys(rules.factions), territories: Object.keys(rules.territories) };
  await recordTicks(
    bus(),
    realm,
    { from, to },
    playOf(realm, places, { users: 20, perTick: 10, seed: from }),
  );
  await simulate(bus(), realm, to);
}

const lastSnapshot = async () =>
  JSON.parse((await lastOf(bus(), world(), subjects.snapshot(realm)))!.text()) as WorldSnapshot;
const lastRecord = async () =>
  JSON.parse((await lastOf(bus(), world(), subjects.tick(realm)))!.text()) as TickRecord;
const spoil = (snapshot: unknown) =>
  publishOne(bus(), {
    subject: subjects.snapshot(realm),
    data: typeof snapshot === "string" ? snapshot : JSON.stringify(snapshot),
    rollup: true,
  });
const deleteRecord = async (tick: number) => {
  const { seq } = (await messageOfTick(bus(), world(), subjects.tick(realm), tick))!;
  await bus().jsm.streams.deleteMessage(world(), seq);
};

/** Runs the stages until one of them refuses the realm. */
async function refused(names: Parameters<typeof runStages>[2] = ["simulator"]): Promise<void> {
  const stages = runStages(bus(), realm, names);
  await until(async () => {
    const { values } = await metrics.refused.get();
    return values.some(({ labels, value }) => labels.realm === realm && value === 1);
  });
  await stages.stop();
}

test("a snapshot that says something else is computed again from EVENTS, with the hash of its record", async () => {
  await play(1, 5);
  const whole = await lastSnapshot();
  const spoilers: ((snapshot: WorldSnapshot) => unknown)[] = [
    (snapshot) => {
      snapshot.state.public.meters.catastrophe_meter = 9_999;
      return snapshot;
    },
    (snapshot) => {
      snapshot.state.private.fronts.iron_gate!.streak = 77;
      return snapshot;
    },
    (snapshot) => ({ ...snapshot, tick: 3 }),
    () => '{"realm":"broken',
  ];
  for (const [i, spoiler] of spoilers.entries()) {
    await spoil(spoiler(structuredClone(whole)));
    await play(6 + i, 6 + i);
  }
  const { problems, ticks } = await replay(bus(), realm);
  expect({ problems, ticks }).toEqual({ problems: [], ticks: 9 });
});

test("a snapshot that is missing comes back before the next tick", async () => {
  await play(1, 3);
  const whole = await lastSnapshot();
  await bus().jsm.streams.purge(world(), { filter: subjects.snapshot(realm) });
  const stages = runStages(bus(), realm, ["simulator"]);
  await until(async () => (await lastOf(bus(), world(), subjects.snapshot(realm))) !== undefined);
  await stages.stop();
  expect(await lastSnapshot()).toEqual(whole);
});

test("a spoiled snapshot of a long history is computed from the last checkpoint, or from tick 0 when that is spoiled too", async () => {
  await play(1, CHECKPOINT_TICKS + 3);
  await spoil({ ...(await lastSnapshot()), public_hash: "0", record_hash: "0" });
  await play(CHECKPOINT_TICKS + 4, CHECKPOINT_TICKS + 4);
  await spoil("null");
  const key = kvSubject("world", `${realm}.c.${CHECKPOINT_TICKS}`);
  await publishOne(bus(), { subject: key, data: JSON.stringify({ tick: 0 }) });
  await play(CHECKPOINT_TICKS + 5, CHECKPOINT_TICKS + 5);
  expect((await replay(bus(), realm)).problems).toEqual([]);
}, 60_000);

test("a snapshot and a record that EVENTS doesn't give refuse the realm: nothing is made up", async () => {
  await play(1, 3);
  const record = await lastRecord();
  await deleteRecord(3);
  const lie = { ...record, private_hash: "b".repeat(64) };
  await publishOne(bus(), { subject: subjects.tick(realm), data: JSON.stringify(lie) });
  await refused();
  await deleteRecord(3);
  const { hash: _, ...content } = lie;
  const data = JSON.stringify({ ...content, hash: canonicalHash(content) });
  await publishOne(bus(), { subject: subjects.tick(realm), data });
  await refused();
  expect((await lastRecord()).tick).toBe(3);
  expect((await replay(bus(), realm)).problems[0]).toContain("tick 3: private_hash is recorded as");
});

test("a missing tick record refuses the realm, and WORLD is rebuilt from EVENTS with the same hashes", async () => {
  await play(1, 12);
  const hash = (await lastRecord()).hash;
  await deleteRecord(5);
  await refused();
  expect(await rebuildWorld(bus(), realm)).toMatchObject({ held: 12, missing: [5], tick: 12 });
  await simulate(bus(), realm, 12);
  expect((await lastRecord()).hash).toBe(hash);
  expect(await replay(bus(), realm)).toMatchObject({ problems: [], ticks: 12 });

  await deleteRecord(12);
  await refused();
  await rebuildWorld(bus(), realm);
  await simulate(bus(), realm, 12);
  await bus().jsm.streams.delete(world());
  await refused();
  await rebuildWorld(bus(), realm);
  await simulate(bus(), realm, 12);
  expect((await lastRecord()).hash).toBe(hash);
}, 60_000);

test("WORLD is rebuilt under a simulator that runs, which loses its fence and plays everything again", async () => {
  await play(1, 4);
  const hash = (await lastRecord()).hash;
  const stages = runStages(bus(), realm, ["simulator"]);
  await delay(300);
  await rebuildWorld(bus(), realm);
  const rules = await testRealm(bus(), realm);
  await recordTicks(
    bus(),
    realm,
    { from: 5, to: 5 },
    playOf(
      realm,
      { factions: Object.keys(rules.factions), territories: ["iron_gate"] },
      {
        users: 3,
        perTick: 3,
        seed: 5,
      },
    ),
  );
  await until(async () => (await lastRecord()).tick === 5);
  await stages.stop();
  const fourth = await messageOfTick(bus(), world(), subjects.tick(realm), 4);
  expect((JSON.parse(fourth!.text()) as TickRecord).hash).toBe(hash);
}, 30_000);

test("WORLD is left alone where a record that is left isn't what EVENTS gives", async () => {
  await play(1, 4);
  await deleteRecord(2);
  const record = await lastRecord();
  await deleteRecord(4);
  const data = JSON.stringify({ ...record, public_hash: "c".repeat(64) });
  await publishOne(bus(), { subject: subjects.tick(realm), data });
  await expect(rebuildWorld(bus(), realm)).rejects.toThrow(/tick 4: public_hash .* is left alone/);
  expect((await lastRecord()).public_hash).toBe("c".repeat(64));
});

test("a ruleset for an engine that this node lacks refuses the realm; the node that has it goes on from there", async () => {
  await play(1, 2);
  const rules = await testRealm(bus(), realm);
  const later = { ...rules, engine: 3 } as unknown as typeof rules;
  const commands = [decided({ kind: "ruleset.set", payload: { ruleset: later }, ruleset_version: 2 }, 900)];
  await recordTicks(bus(), realm, { from: 3, to: 3 }, () => ({ accepted: [], commands }));
  await refused();
  await expect(replay(bus(), realm, { verify: true })).resolves.toMatchObject({ ticks: 2, problems: [] });
  expect((await lastRecord()).tick).toBe(2);
  await expect(rebuildWorld(bus(), realm)).rejects.toThrow(
    /is ruled by engine 3, but this node has engine 2:/,
  );
});

test("a normalizer meets a ruleset of another engine, and refuses the realm rather than judge by it", async () => {
  const rules = await testRealm(bus(), realm);
  const { status: _, ...command } = decided({ kind: "realm.status", payload: { status: "active" } });
  const ahead = { ...command, kind: "ruleset.set", payload: { ruleset: { ...rules, engine: 3 } } };
  await publishOne(bus(), { subject: subjects.validCommand(realm), data: JSON.stringify([ahead]) });
  await refused(["normalizer"]);
  expect(await lastOf(bus(), eventsStream(realm), subjects.position("normalizer", realm))).toMatchObject({
    seq: 2,
  });
});

test("the world bucket is removed or emptied under a running realm: the next tick makes it again", async () => {
  await play(1, 2);
  const rules = await testRealm(bus(), realm);
  const stages = runStages(bus(), realm, ["simulator"]);
  await delay(300);
  await bus().jsm.streams.delete("KV_world");
  const places = { factions: Object.keys(rules.factions), territories: ["iron_gate"] };
  const some = playOf(realm, places, { users: 3, perTick: 3, seed: 7 });
  const inBucket = (tick: number) =>
    until(async () => {
      const held = await lastOf(bus(), "KV_world", kvSubject("world", realm)).catch(() => undefined);
      return held !== undefined && (JSON.parse(held.text()) as WorldSnapshot).tick === tick;
    });
  await recordTicks(bus(), realm, { from: 3, to: 3 }, some);
  await inBucket(3);
  await bus().jsm.streams.purge("KV_world");
  await recordTicks(bus(), realm, { from: 4, to: 4 }, some);
  await inBucket(4);
  await stages.stop();
  expect((await replay(bus(), realm)).problems).toEqual([]);
}, 30_000);

test("the caps bucket is removed: the normalizer makes it again and folds its decisions, so that a key still counts once", async () => {
  await testRealm(bus(), realm, { tick_seconds: 900 });
  const all = ["ingest", "normalizer", "simulator"] as const;
  const accepted = async () => {
    const { state } = await bus().jsm.streams.info(eventsStream(realm), { subjects_filter: ">" });
    const count = (subject: string) => state.subjects?.[subject] ?? 0;
    return [count(subjects.accepted(realm)), count(subjects.rejected(realm))];
  };
  const once = candidate(realm, { user_id: "ada" });
  let stages = runStages(bus(), realm, [...all]);
  await sendCandidate(bus(), once);
  await until(async () => (await accepted())[0] === 1);
  await stages.stop();
  await bus().jsm.streams.delete("KV_caps");
  stages = runStages(bus(), realm, [...all]);
  // Past JetStream's own window, as far as the stream goes: the same body under another message id.
  const data = JSON.stringify(once);
  await publishOne(bus(), { subject: subjects.rawCandidate(realm), data, msgId: "another" });
  await until(async () => (await accepted())[1] === 1);
  await stages.stop();
  expect(await accepted()).toEqual([1, 1]);
}, 30_000);

test("a snapshot that NATS doesn't take refuses the realm by its size; with a higher max_payload it goes on", async () => {
  const small = await testNats({ maxPayloadBytes: 48 * 1024 });
  const { bus: narrow } = small;
  try {
    await testRealm(narrow, realm);
    const ruleset = await largeWorld();
    const commands = [decided({ kind: "ruleset.set", payload: { ruleset }, ruleset_version: 2 })];
    await recordTicks(narrow, realm, { from: 1, to: 1 }, () => ({ accepted: [], commands }));
    const stages = runStages(narrow, realm, ["simulator"]);
    await until(async () => {
      const { values } = await metrics.refused.get();
      return values.some(({ labels, value }) => labels.realm === realm && value === 1);
    });
    const recorded = async () => JSON.parse((await lastOf(narrow, world(), subjects.tick(realm)))!.text());
    expect((await recorded()).tick).toBe(0);
    await small.restart({ maxPayloadBytes: 8 * 1024 * 1024 });
    await until(async () => (await recorded().catch(() => ({ tick: 0 }))).tick === 1);
    await stages.stop();
    expect((await replay(narrow, realm)).problems).toEqual([]);
  } finally {
    await small.close();
  }
}, 60_000);
