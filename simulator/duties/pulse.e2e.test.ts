import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import { candidate, runStages, sendCandidate, testRealm, until } from "../../ops/testing/realm.ts";
import { Pulse } from "../../shared/contracts/feed.ts";
import { textOf } from "../../shared/stream/codec.ts";
import { subjects, worldStream } from "../../shared/stream/subjects.ts";

let nats: TestNats;
beforeAll(async () => {
  nats = await testNats();
});
afterAll(() => nats.close());

test("what was accepted shows in the pulse before its tick, at most once a second, and is stored nowhere", async () => {
  const realm = "pulsing";
  await testRealm(nats.bus, realm);
  const heard: { pulse: Pulse; ms: number }[] = [];
  nats.bus.nc.subscribe(subjects.pulse(realm), {
    callback: (_, message) => {
      heard.push({ pulse: Pulse.parse(JSON.parse(textOf(message.data))), ms: performance.now() });
    },
  });
  const stages = runStages(nats.bus, realm, ["ingest", "normalizer", "simulator"]);
  await until(async () => heard.length > 0);
  await sendCandidate(nats.bus, candidate(realm));
  await until(async () => heard.at(-1)!.pulse.pressure.iron_gate!.empire === 2);
  await sendCandidate(
    nats.bus,
    candidate(realm, { user_id: "bob", faction_id: "freeholds", base_points: 20 }),
  );
  await until(async () => heard.at(-1)!.pulse.pressure.iron_gate!.freeholds === 1);
  await stages.stop();
  for (let i = 1; i < heard.length; i++) expect(heard[i]!.ms - heard[i - 1]!.ms).toBeGreaterThan(900);
  expect(heard.every(({ pulse }) => pulse.realm === realm && pulse.next_tick === 1)).toBe(true);
  const { state } = await nats.bus.jsm.streams.info(worldStream(realm), { subjects_filter: ">" });
  expect(Object.keys(state.subjects ?? {})).not.toContain(subjects.pulse(realm));
});
