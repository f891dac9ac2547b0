import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import { bodiesIn, type Running, runStages, sendCommand, testRealm, until } from "../../ops/testing/realm.ts";
import type { TickMarker } from "../../shared/contracts/world.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { eventsStream } from "../../shared/stream/subjects.ts";

let nats: TestNats;
const running: Running[] = [];
beforeAll(async () => {
  nats = await testNats();
});
afterAll(async () => {
  await Promise.all(running.map((stages) => stages.stop()));
  await nats.close();
});

test("however many owners a realm believes it has, each tick that is asked for is one tick", async () => {
  const realm = "two-clocks";
  await testRealm(nats.bus, realm, { ...(await loadRuleset("amoi-1")), tick_seconds: 9_000 });
  running.push(runStages(nats.bus, realm, ["ingest", "normalizer"]));
  for (let i = 0; i < 2; i++) running.push(runStages(nats.bus, realm, ["simulator"]));
  const markers = async () =>
    (await bodiesIn<TickMarker>(nats.bus, eventsStream(realm), "events.tick")).map(({ body }) => body.key);
  const keys = Array.from({ length: 40 }, (_, i) => `manual-tick-${i}`);
  for (const [i, key] of keys.entries()) {
    await sendCommand(nats.bus, realm, "tick.run", {}, key);
    await until(async () => (await markers()).length > i);
  }
  expect(await markers()).toEqual(keys);
});
