import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestNats, testNats, urlOf } from "../../ops/testing/nats.ts";
import { until } from "../../ops/testing/realm.ts";
import { provisionBuckets } from "../provision/provision.ts";
import { type Bus, openBus } from "../stream/bus.ts";
import { bucketStream } from "../stream/topology.ts";
import { Workers } from "./ownership.ts";

const TTL_SECONDS = 2;
const REALMS = Array.from({ length: 20 }, (_, i) => `realm-${i}`);
let nats: TestNats;
let buses: Bus[];
let workers: Workers[];

beforeEach(async () => {
  nats = await testNats();
  await provisionBuckets(nats.bus, 1);
  buses = [];
  workers = [];
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  for (const bus of buses) await bus.close();
  await nats.close();
});

async function start(signal = new AbortController().signal): Promise<Workers> {
  const bus = await openBus({ natsUrl: nats.url, name: "worker" });
  const worker = new Workers(bus, "test", TTL_SECONDS, { port: 0 });
  buses.push(bus);
  workers.push(worker);
  await worker.start(() => {}, signal);
  return worker;
}

/** Each realm has exactly one owner, and all agree on who lives. */
const isSettled = async () =>
  REALMS.every((realm) => workers.filter((worker) => worker.owns(realm)).length === 1) &&
  workers.every((worker) => worker.live().length === workers.length);

/** Fails as soon as a realm has no owner, or two. */
async function staysSettled(ms: number): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end; await delay(20))
    expect(await isSettled()).toBe(true);
}

test("a worker knows of all others once it has started, and who leaves is left out at once", async () => {
  await start();
  await start();
  await until(isSettled);
  await workers.pop()!.stop();
  await until(isSettled, 1);
});

test("each realm keeps its one owner while the bucket of workers is removed, made anew by somebody, or emptied", async () => {
  for (let i = 0; i < 3; i++) await start();
  await until(isSettled);
  await nats.bus.jsm.streams.delete("KV_workers");
  await staysSettled(TTL_SECONDS * 2_000);
  await nats.bus.jsm.streams.delete("KV_workers");
  await nats.bus.jsm.streams.add(bucketStream("workers", 1));
  await staysSettled(TTL_SECONDS * 1_500);
  await nats.bus.jsm.streams.purge("KV_workers");
  await staysSettled(TTL_SECONDS * 1_500);
  // Whoever comes now hears of all of them.
  await start();
  await until(isSettled);
});

test("each realm keeps its one owner while the server is killed and started again", async () => {
  for (let i = 0; i < 2; i++) await start();
  await until(isSettled);
  await nats.restart();
  await staysSettled(TTL_SECONDS * 2_000);
});

test("the bucket of workers holds an entry for each that lives, and none of those that are long gone", async () => {
  for (let i = 0; i < 5; i++) await (await start()).stop();
  workers = [];
  await start();
  await until(async () => (await nats.bus.jsm.streams.info("KV_workers")).state.messages === 1);
});

test.each([
  ["of the largest size", 3_800, 4_600],
  ["of one byte", 1, 6_000],
])(
  "a bucket that somebody filled with announcements %s keeps no worker out, and those that live come back to it",
  async (_, bytes, count) => {
    await start();
    const entries = async () => {
      const { state } = await nats.bus.jsm.streams.info("KV_workers", {
        subjects_filter: "$KV.workers.test.*",
      });
      return Object.keys(state.subjects ?? {}).sort();
    };
    await until(async () => (await entries()).length === 1);
    const archive = await openBus({ natsUrl: urlOf(nats.url, "archive"), name: "flood" });
    buses.push(archive);
    const flood = async () => {
      for (let i = 0; i < count; i++) archive.nc.publish(`$KV.workers.archive.f${i}`, "x".repeat(bytes));
      await archive.nc.flush();
      // The answer to the last comes when all were dealt with, whether the bucket took them or not.
      await archive.nc.request(`$KV.workers.archive.f${count}`, "x".repeat(bytes));
    };
    await flood();
    const { config, state } = await nats.bus.jsm.streams.info("KV_workers");
    expect(state.bytes).toBeLessThanOrEqual(config.max_bytes);
    expect(state.messages).toBeLessThan(count);
    await start(AbortSignal.timeout(10_000));
    await until(isSettled);
    const keys = workers.map(({ id }) => `$KV.workers.test.${id}`).sort();
    await until(async () => isDeepStrictEqual(await entries(), keys));
    // Once more, while both live: neither takes the other for dead.
    await flood();
    await staysSettled(TTL_SECONDS * 1_500);
    expect(await entries()).toEqual(keys);
  },
  40_000,
);
