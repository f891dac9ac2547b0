import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats } from "../ops/testing/nats.ts";
import {
  bodiesIn,
  candidate,
  type Running,
  runStages,
  sendCandidate,
  sendCommand,
  testRealm,
  until,
} from "../ops/testing/realm.ts";
import { replay } from "../ops/tools/replay/replay.ts";
import { recordsOf } from "../ops/tools/replay/streams.ts";
import type { Accepted } from "../shared/contracts/decision.ts";
import type { TickRecord, WorldSnapshot } from "../shared/contracts/world.ts";
import { lastOf } from "../shared/stream/last-message.ts";
import { eventsStream, subjects, worldStream } from "../shared/stream/subjects.ts";

const REALM = "paused";
let nats: TestNats;
let stages: Running[] = [];

beforeAll(async () => {
  nats = await testNats();
  // No tick comes by itself.
  await testRealm(nats.bus, REALM, { tick_seconds: 9_000 });
});
afterAll(async () => {
  for (const stage of stages) await stage.stop();
  await nats.close();
});

const lastRecord = async (): Promise<TickRecord> =>
  JSON.parse((await lastOf(nats.bus, worldStream(REALM), subjects.tick(REALM)))!.text()) as TickRecord;
const lastSnapshot = async (): Promise<WorldSnapshot> =>
  JSON.parse((await lastOf(nats.bus, worldStream(REALM), subjects.snapshot(REALM)))!.text()) as WorldSnapshot;
const tickOf = (kind: string, tick: number): Promise<TickRecord> =>
  until(async () => {
    const record = await lastRecord();
    return record.tick === tick && record.kind === kind && record;
  });
const acceptedNow = async (): Promise<Accepted[]> =>
  (await bodiesIn<Accepted>(nats.bus, eventsStream(REALM), "events.accepted")).map(({ body }) => body);
const accept = async (user_id: string): Promise<void> => {
  await sendCandidate(nats.bus, candidate(REALM, { user_id }));
  await until(async () => (await acceptedNow()).some((decision) => decision.user_id === user_id));
};

test("a change of status is a tick at once, and what was accepted waits through it, through a restart and through the pause", async () => {
  const others = runStages(nats.bus, REALM, ["ingest", "normalizer"]);
  let simulator = runStages(nats.bus, REALM, ["simulator"]);
  stages = [others, simulator];
  await accept("before");
  await sendCommand(nats.bus, REALM, "realm.status", { status: "maintenance" });
  const paused = await tickOf("status", 1);
  expect(paused).toMatchObject({
    from_seq: 1,
    factions: {},
    events: [{ kind: "status", status: "maintenance" }],
  });
  expect((await lastSnapshot()).state.public).toMatchObject({ status: "maintenance", tick: 1 });
  await accept("in-the-pause");

  await simulator.stop();
  simulator = runStages(nats.bus, REALM, ["simulator"]);
  stages = [others, simulator];
  await sendCommand(nats.bus, REALM, "realm.status", { status: "active" });
  const resumed = await tickOf("status", 2);
  expect(resumed).toMatchObject({
    from_seq: 1,
    factions: {},
    events: [{ kind: "status", status: "active" }],
  });
  await accept("after");
  await sendCommand(nats.bus, REALM, "tick.run", {});
  const ordinary = await tickOf("manual", 3);
  const points = (await acceptedNow()).map(({ normalized_points }) => normalized_points);
  expect(points).toHaveLength(3);
  expect(ordinary.from_seq).toBe(1);
  expect(ordinary.factions.empire!.sum).toBe(points.reduce((sum, each) => sum + each, 0));
  expect((await replay(nats.bus, REALM)).problems).toEqual([]);
}, 40_000);

test("a season's end is an ordinary tick at once, and a status that is taken back is none", async () => {
  await sendCommand(nats.bus, REALM, "season.close", {});
  const closed = await tickOf("scheduled", 4);
  expect(closed.events).toContainEqual(expect.objectContaining({ kind: "season", step: "close" }));
  await sendCommand(nats.bus, REALM, "season.open", {});
  const opened = await tickOf("scheduled", 5);
  expect(opened.events).toContainEqual(expect.objectContaining({ kind: "season", step: "open" }));
  await sendCommand(nats.bus, REALM, "realm.status", { status: "active" });
  await sendCommand(nats.bus, REALM, "tick.run", {});
  await tickOf("manual", 6);
  const kinds: string[] = [];
  for await (const { kind } of recordsOf(nats.bus, REALM)) kinds.push(kind);
  expect(kinds).toEqual(["genesis", "status", "status", "manual", "scheduled", "scheduled", "manual"]);
}, 40_000);
