import { expect, test } from "vitest";
import { testCluster } from "../testing/cluster.ts";
import { candidate, sendCandidate, testRealm, until } from "../testing/realm.ts";
import { startStage } from "../testing/stages.ts";
import { chaosOfCluster } from "./cluster.ts";

test("whichever of three servers dies, every stage of every realm moves again within 15 s, and nothing is lost or doubled", async () => {
  const report = await chaosOfCluster({
    kills: 6,
    seed: Date.now() % 1_000_000,
    load: 100,
    say: console.log,
  });
  expect(report.problems).toEqual([]);
  expect([report.lost, report.doubled]).toEqual([0, 0]);
  expect(report.published).toBeGreaterThan(3_000);
}, 600_000);

test("a stage starts and works while one of three servers is down", async () => {
  const cluster = await testCluster();
  try {
    await testRealm(cluster.bus, "short", {}, 3);
    await cluster.whole();
    await cluster.kill(1);
    const ingest = await startStage("ingest/main.ts", "INGEST_PORT", { NATS_URL: cluster.natsUrl });
    await until(() => sendCandidate(cluster.bus, candidate("short")).catch(() => undefined), 20);
    await until(async () => (await ingest.metric("amoi_stage_inputs_total")) >= 1, 20);
    expect(await ingest.stop()).toBe(0);
  } finally {
    await cluster.close();
  }
}, 120_000);
