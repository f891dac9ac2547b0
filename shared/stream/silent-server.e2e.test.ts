import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats, type Wire, wireTo } from "../../ops/testing/nats.ts";
import { until } from "../../ops/testing/realm.ts";
import { metrics } from "../process/metrics.ts";
import { RealmHealth } from "../stage/realm-health.ts";
import { openBus } from "./bus.ts";

let nats: TestNats;
let wire: Wire;
beforeAll(async () => {
  nats = await testNats();
  wire = await wireTo(nats.port);
});
afterAll(async () => {
  wire.close();
  await nats.close();
});

test("a server that hangs counts as away within three pings: the gauge says so, and lag stays what was known", async () => {
  const bus = await openBus({ natsUrl: wire.url, name: "test" });
  const labels = { stage: "simulator", realm: "hung" };
  const look = () => (bus.connected ? { messages: 7, oldestAtMs: Date.now() - 3_000 } : undefined);
  const health = new RealmHealth(labels, "EVENTS_hung", look);
  const shown = async (gauge: typeof metrics.lag) =>
    (await gauge.get()).values.find(({ labels: { realm } }) => realm === "hung")?.value;
  try {
    await until(async () => (await shown(metrics.lag)) === 7, 5);
    wire.swallowReplies(true);
    await until(async () => !bus.connected, 8);
    expect((await metrics.natsConnected.get()).values[0]?.value).toBe(0);
    health.look();
    expect(await shown(metrics.lag)).toBe(7);
    expect(await shown(metrics.lagSeconds)).toBeGreaterThanOrEqual(3);
    wire.swallowReplies(false);
    await until(async () => bus.connected, 8);
    expect((await metrics.natsConnected.get()).values[0]?.value).toBe(1);
  } finally {
    health.end();
    await bus.close();
  }
});
