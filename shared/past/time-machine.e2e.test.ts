import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import { bodiesIn, testRealm } from "../../ops/testing/realm.ts";
import { playOf, recordTicks, simulate } from "../../ops/testing/recorded.ts";
import type { TickRecord, WorldSnapshot } from "../contracts/world.ts";
import { canonicalHash } from "../exact/canonical.ts";
import { lastOf, nextOf } from "../stream/last-message.ts";
import { publishOne } from "../stream/publish.ts";
import { subjects, worldStream } from "../stream/subjects.ts";
import { kvSubject } from "../stream/topology.ts";
import { CHECKPOINT_TICKS, checkpointBefore } from "./checkpoints.ts";
import { BrokenPast, openTimeMachine } from "./time-machine.ts";

const REALM = "past";
const TICKS = 2 * CHECKPOINT_TICKS + 40;
let nats: TestNats;
let records: TickRecord[];

beforeAll(async () => {
  nats = await testNats();
  const rules = await testRealm(nats.bus, REALM, { tick_seconds: 900 });
  const places = { factions: Object.keys(rules.factions), territories: Object.keys(rules.territories) };
  await recordTicks(
    nats.bus,
    REALM,
    { from: 1, to: TICKS },
    playOf(REALM, places, { users: 40, perTick: 5, seed: 3 }),
  );
  await simulate(nats.bus, REALM, TICKS);
  records = (await bodiesIn<TickRecord>(nats.bus, worldStream(REALM), "world.tick")).map(({ body }) => body);
}, 120_000);
afterAll(() => nats.close());

const SOME = [0, 1, 31, 32, 33, 255, 256, 257, 300, 511, 512, 513, TICKS - 1, TICKS];

test("every past tick has the state that its record hashes, and what it made happen", async () => {
  const machine = await openTimeMachine(nats.bus, REALM);
  for (const tick of SOME) {
    const past = (await machine.stateAt(tick))!;
    expect(past.state.tick).toBe(tick);
    expect(canonicalHash(past.state)).toBe(records[tick]!.public_hash);
    expect(past).toMatchObject({ hash: records[tick]!.public_hash, events: records[tick]!.events });
  }
  for (const tick of [TICKS + 1, -1, 1.5]) expect(await machine.stateAt(tick)).toBeUndefined();
});

test("questions asked at once are answered, and chapters beyond the memory's bound are read again", async () => {
  const machine = await openTimeMachine(nats.bus, REALM, { maxBytes: 1 });
  const asked = await Promise.all(SOME.map((tick) => machine.stateAt(tick)));
  expect(asked.map((past) => past!.hash)).toEqual(SOME.map((tick) => records[tick]!.public_hash));
  expect((await machine.stateAt(5))!.hash).toBe(records[5]!.public_hash);
});

test("without checkpoints, or with wrong ones, the past is played from tick 0 all the same", async () => {
  const keys = [256, 512].map((tick) => kvSubject("world", `${REALM}.c.${tick}`));
  for (const subject of keys) {
    const kept = JSON.parse((await lastOf(nats.bus, "KV_world", subject))!.text()) as WorldSnapshot;
    kept.state.public.meters.catastrophe_meter = 4_321;
    await publishOne(nats.bus, { subject, data: JSON.stringify(kept) });
  }
  const wrong = await openTimeMachine(nats.bus, REALM);
  expect((await wrong.stateAt(530))!.hash).toBe(records[530]!.public_hash);
  // Deleted by its key, torn, and without its private part.
  const whole = { tick: 512, public_hash: records[512]!.public_hash, record_hash: records[512]!.hash };
  const state = { public: (await wrong.stateAt(512))!.state };
  const { through_seq } = records[512]!;
  for (const data of ["", '{"tick":512,"state":', JSON.stringify({ ...whole, through_seq, state })]) {
    await publishOne(nats.bus, { subject: keys[1]!, data });
    const broken = await openTimeMachine(nats.bus, REALM);
    expect((await broken.stateAt(530))!.hash).toBe(records[530]!.public_hash);
    expect(await checkpointBefore(nats.bus, REALM, 530)).toBeUndefined();
  }
  await nats.bus.jsm.streams.purge("KV_world");
  const missing = await openTimeMachine(nats.bus, REALM);
  expect((await missing.stateAt(TICKS))!.hash).toBe(records[TICKS]!.public_hash);
});

test("where a delta is missing, ticks before it are told and those after it are refused by name", async () => {
  const deltaOf = async (tick: number) => {
    for (let seq = 1; ; ) {
      const message = (await nextOf(nats.bus, worldStream(REALM), subjects.delta(REALM), seq))!;
      if ((JSON.parse(message.text()) as { tick: number }).tick === tick) return message.seq;
      seq = message.seq + 1;
    }
  };
  await nats.bus.jsm.streams.deleteMessage(worldStream(REALM), await deltaOf(270));
  const machine = await openTimeMachine(nats.bus, REALM);
  expect((await machine.stateAt(269))!.hash).toBe(records[269]!.public_hash);
  for (const tick of [270, 271, TICKS]) {
    const asked = machine.stateAt(tick);
    await expect(asked).rejects.toThrow(BrokenPast);
    await expect(asked).rejects.toThrow("holds no delta of tick 270");
  }
});
