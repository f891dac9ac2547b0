import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import {
  bodiesIn,
  candidate,
  runStages,
  sendCandidate,
  sendCommand,
  testRealm,
  until,
} from "../../ops/testing/realm.ts";
import { replay } from "../../ops/tools/replay/replay.ts";
import { NoticesPart } from "../../shared/contracts/notice.ts";
import type { TickRecord } from "../../shared/contracts/world.ts";
import { canonicalHash } from "../../shared/exact/canonical.ts";
import { worldStream } from "../../shared/stream/subjects.ts";

let nats: TestNats;
beforeAll(async () => {
  nats = await testNats();
});
afterAll(() => nats.close());

test("a rush of 40 is told of the clip in its tick's own batch, and a replay that holds holds the notices too", async () => {
  const realm = "noticed";
  await testRealm(nats.bus, realm, { tick_seconds: 900 });
  const stages = runStages(nats.bus, realm, ["ingest", "normalizer", "simulator"]);
  for (let i = 0; i < 40; i++) await sendCandidate(nats.bus, candidate(realm, { user_id: `player-${i}` }));
  await sendCommand(nats.bus, realm, "tick.run", {}, "manual-tick");
  const stream = worldStream(realm);
  const records = await until(async () => {
    const all = await bodiesIn<TickRecord>(nats.bus, stream, "world.tick");
    return all.length === 2 && all;
  });
  await stages.stop();
  const [part, ...more] = await bodiesIn(nats.bus, stream, "world.notices");
  expect(more).toEqual([]);
  const { notices, ...place } = NoticesPart.parse(part!.body);
  expect(place).toEqual({ realm, tick: 1, part: 1, parts: 1 });
  expect(notices.map(({ user }) => user)).toEqual([...Array(40).keys()].map((i) => `player-${i}`).sort());
  expect(notices[0]!.items[0]).toMatchObject({
    kind: "clip",
    faction: "empire",
    brought: 122_000,
    applied: 15_000,
  });
  const { problems, state } = await replay(nats.bus, realm);
  expect(problems).toEqual([]);
  expect(canonicalHash(state.world.private)).toBe(records[1]!.body.private_hash);
  expect(state.world.private.notices_hash).toBe(canonicalHash(notices));
});
