import { expect, test } from "vitest";
import { benchArchive } from "./archive.ts";
import { benchFeed } from "./feed.ts";
import { benchGateway } from "./gateway.ts";
import { benchNormalize } from "./normalize.ts";
import { benchLatency, benchPipeline } from "./pipeline.ts";
import { benchRecovery } from "./recovery.ts";
import { benchReplay } from "./replay.ts";
import { benchTick } from "./tick.ts";
import { benchTimeMachine } from "./timemachine.ts";

// Tiny runs, so that the benchmarks cannot rot. Their figures mean nothing at this size.
const say = () => {};

test("the pipeline's benchmark runs", async () => {
  const { ratio, archivedRatio, bundleRatio } = await benchPipeline({ events: 2_000, rounds: 1, say });
  for (const value of [ratio, archivedRatio, bundleRatio]) expect(value).toBeGreaterThan(0);
}, 120_000);

test("the feed's benchmark runs", async () => {
  const tiny = { clients: [20], peerClients: 10, deafClients: 20, seconds: 0.3, rounds: 1, say };
  const { compared, storm, bandwidth } = await benchFeed(tiny);
  for (const { rate } of compared.get(20)!.values()) expect(rate).toBeGreaterThan(0);
  expect(storm).toMatchObject({ resumed: 20, gaps: 0, resyncs: 0 });
  expect(bandwidth.every(({ deltaBytes, snapshotBytes }) => deltaBytes < snapshotBytes)).toBe(true);
}, 240_000);

test("the latency's benchmark runs", async () => {
  const { p50, p99 } = await benchLatency({ perSecond: 100, seconds: 1, say });
  expect(p99).toBeGreaterThanOrEqual(p50);
}, 60_000);

test("the replay's benchmark runs", async () => {
  expect((await benchReplay({ events: 2_000, rounds: 1, say })).ratio).toBeGreaterThan(0);
}, 60_000);

test("the archive's benchmark runs", async () => {
  expect((await benchArchive({ events: 2_000, rounds: 1, say })).ratio).toBeGreaterThan(0);
}, 120_000);

test("the gateway's benchmark runs", async () => {
  const { singleRatio, arrayRatio } = await benchGateway({ seconds: 1, rounds: 1, say });
  for (const value of [singleRatio, arrayRatio]) expect(value).toBeGreaterThan(0);
}, 60_000);

test("the judgement's benchmark runs", async () => {
  const { rate, ratio } = await benchNormalize({ players: 200, known: 500, rounds: 1, say });
  for (const value of [rate, ratio]) expect(value).toBeGreaterThan(0);
}, 60_000);

test("the time machine's benchmark runs", async () => {
  const { p99, bytes } = await benchTimeMachine({ ticks: 260, queries: 10, say });
  for (const value of [p99, bytes]) expect(value).toBeGreaterThan(0);
}, 120_000);

test("the tick's benchmark runs", async () => {
  const { ratios, commitsMs } = await benchTick({ sizes: [500, 1_000], rounds: 1, say });
  for (const value of [...ratios, ...commitsMs]) expect(value).toBeGreaterThan(0);
}, 120_000);

test("the recovery's benchmark runs", async () => {
  expect((await benchRecovery({ kills: 1, say })).worst).toBeGreaterThan(0);
}, 120_000);
