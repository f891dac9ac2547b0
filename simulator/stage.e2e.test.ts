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
import { replay } from "../ops/tools/replay/replay.ts";
import type { TickMarker, TickRecord, WorldDelta, WorldSnapshot } from "../shared/contracts/world.ts";
import { canonicalHash } from "../shared/exact/canonical.ts";
import { lastOf } from "../shared/stream/last-message.ts";
import { publishOne } from "../shared/stream/publish.ts";
import { eventsStream, subjects, worldStream } from "../shared/stream/subjects.ts";
import { kvSubject } from "../shared/stream/topology.ts";
import { apply } from "../shared/world/merge-patch.ts";

let nats: TestNats;
let made = 0;
beforeAll(async () => {
  nats = await testNats();
});
afterAll(() => nats.close());

const ALL = ["ingest", "normalizer", "simulator"] as const;

async function freshRealm(tick_seconds: number): Promise<string> {
  const realm = `world-${++made}`;
  await testRealm(nats.bus, realm, { tick_seconds });
  return realm;
}

const records = async (realm: string) =>
  (await bodiesIn<TickRecord>(nats.bus, worldStream(realm), "world.tick")).map(({ body }) => body);
const ticked = (realm: string, tick: number) =>
  until(async () => {
    const all = await records(realm);
    return all.length > tick && all;
  });
const markers = async (realm: string) =>
  (await bodiesIn<TickMarker>(nats.bus, eventsStream(realm), "events.tick")).map(({ body }) => body);

test("ticks come when due, chain their hashes, and a replay of the stream gives the same bytes", async () => {
  const realm = await freshRealm(1);
  const stages = runStages(nats.bus, realm, [...ALL]);
  for (let i = 0; i < 30; i++) await sendCandidate(nats.bus, candidate(realm, { user_id: `player-${i}` }));
  const all = await ticked(realm, 3);
  await stages.stop();
  for (let i = 1; i < all.length; i++) {
    expect(all[i]!.prev_hash).toBe(all[i - 1]!.hash);
    expect(all[i]!.from_seq).toBe(all[i - 1]!.through_seq + 1);
  }
  const sums = all.map((record) => record.factions.empire?.sum ?? 0);
  expect(sums.reduce((a, b) => a + b)).toBe(30 * 122_000);
  const replayed = await replay(nats.bus, realm);
  expect(replayed.problems).toEqual([]);
  expect(replayed.events).toBe(30);
  expect(replayed.hash).toBe(all.at(-1)!.public_hash);
});

test("deltas lead from each public state to the next, and KV holds the latest snapshot", async () => {
  const realm = await freshRealm(1);
  const zero = JSON.parse(
    (await lastOf(nats.bus, worldStream(realm), subjects.snapshot(realm)))!.text(),
  ) as WorldSnapshot;
  const stages = runStages(nats.bus, realm, [...ALL]);
  for (let i = 0; i < 10; i++) await sendCandidate(nats.bus, candidate(realm, { user_id: `player-${i}` }));
  await ticked(realm, 2);
  await stages.stop();
  let state: unknown = zero.state.public;
  let hash = zero.public_hash;
  for (const { body } of await bodiesIn<WorldDelta>(nats.bus, worldStream(realm), "world.delta")) {
    expect(body.prev).toBe(hash);
    state = apply(state as object, body.patch);
    hash = canonicalHash(state);
    expect(hash).toBe(body.hash);
  }
  const held = JSON.parse(
    (await lastOf(nats.bus, "KV_world", kvSubject("world", realm)))!.text(),
  ) as WorldSnapshot;
  expect(held.public_hash).toBe(hash);
});

test("two simulators that both believe they own a realm write each tick once", async () => {
  const realm = await freshRealm(1);
  const first = runStages(nats.bus, realm, [...ALL]);
  const second = runStages(nats.bus, realm, ["simulator"]);
  const all = await ticked(realm, 4);
  await Promise.all([first.stop(), second.stop()]);
  expect(all.map(({ tick }) => tick)).toEqual(all.map((_, i) => i));
  expect((await markers(realm)).map(({ tick }) => tick)).toEqual((await markers(realm)).map((_, i) => i + 1));
  expect((await replay(nats.bus, realm)).problems).toEqual([]);
});

test("tick.run is answered by a marker with its key, after everything that was sent before it", async () => {
  const realm = await freshRealm(900);
  const stages = runStages(nats.bus, realm, [...ALL]);
  await sendCandidate(nats.bus, candidate(realm));
  await sendCommand(nats.bus, realm, "tick.run", {}, "first-manual");
  await sendCommand(nats.bus, realm, "tick.run", {}, "second-manual");
  const all = await ticked(realm, 2);
  await stages.stop();
  expect((await markers(realm)).map(({ kind, key }) => [kind, key])).toEqual([
    ["manual", "first-manual"],
    ["manual", "second-manual"],
  ]);
  expect(all[1]!.factions.empire!.sum).toBe(122_000);
});

test("markers that wait together, as after an outage, become ticks of one batch", async () => {
  const realm = await freshRealm(900);
  for (let tick = 1, expectedLastSubjectSeq = 0; tick <= 3; tick++) {
    const data = JSON.stringify({ realm, tick, kind: "scheduled" });
    const subject = subjects.tickMarker(realm);
    expectedLastSubjectSeq = (await publishOne(nats.bus, { subject, data, expectedLastSubjectSeq })).seq;
  }
  const stages = runStages(nats.bus, realm, ["simulator"]);
  const all = await ticked(realm, 3);
  await stages.stop();
  expect(all.map(({ tick }) => tick)).toEqual([0, 1, 2, 3]);
  expect((await replay(nats.bus, realm)).problems).toEqual([]);
});

test("in maintenance no marker but that of the status is written and candidates wait; a new cadence holds at once", async () => {
  const realm = await freshRealm(1);
  const rules = await testRealm(nats.bus, realm);
  const stages = runStages(nats.bus, realm, [...ALL]);
  await ticked(realm, 1);
  await sendCommand(nats.bus, realm, "realm.status", { status: "maintenance" });
  await until(async () => (await bodiesIn(nats.bus, eventsStream(realm), "events.command")).length === 2);
  await delay(300);
  const before = (await markers(realm)).length;
  await sendCandidate(nats.bus, candidate(realm));
  await delay(2_500);
  expect((await markers(realm)).length).toBe(before);
  await sendCommand(nats.bus, realm, "ruleset.set", { ruleset: { ...rules, tick_seconds: 900 } });
  await sendCommand(nats.bus, realm, "realm.status", { status: "active" });
  await delay(2_500);
  // The changes of status are markers themselves: the one to maintenance is among those before.
  expect((await markers(realm)).length).toBe(before + 1);
  await sendCommand(nats.bus, realm, "ruleset.set", { ruleset: { ...rules, tick_seconds: 1 } });
  const all = await ticked(realm, before + 2);
  await stages.stop();
  expect([all[before]!.kind, all[before + 1]!.kind]).toEqual(["status", "status"]);
  expect(all[before + 2]!.factions.empire!.sum).toBe(122_000);
  expect(all[before + 2]!.ruleset_version).toBe(3);
});
