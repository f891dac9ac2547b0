import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import { Superseded } from "../stream/fence.ts";
import { lastOf } from "../stream/last-message.ts";
import { publishOne } from "../stream/publish.ts";
import { bucketStream, kvSubject } from "../stream/topology.ts";
import { Cache, type CacheEntry, type CacheSpec, Watermark } from "./cache.ts";

type Counts = Map<string, string>;
/** What `takeChanged` has told already. */
const taken = new Set<string>();
const spec: CacheSpec<Counts> = {
  bucket: "caps",
  load: (state, key, value) => state.set(key, value),
  takeChanged: (state) => {
    const keys = [...state.keys()].filter((key) => !taken.has(`${key} ${state.get(key)}`));
    for (const key of keys) taken.add(`${key} ${state.get(key)}`);
    return keys;
  },
  entry: (state, key) => ({ key, value: state.get(key)! }),
};
const signal = new AbortController().signal;
let nats: TestNats;

beforeAll(async () => {
  nats = await testNats();
  await nats.bus.jsm.streams.add(bucketStream("caps", 1));
});
afterAll(() => nats.close());

beforeEach(() => taken.clear());

const restore = async (realm: string) => {
  const state: Counts = new Map();
  return { state, cache: await Cache.restore(nats.bus, spec, { stage: "normalizer", realm }, state, signal) };
};
const flush = (cache: Cache<Counts>, entries: CacheEntry[], through: number) =>
  new Promise<unknown>((resolve) => {
    const state: Counts = new Map(entries.map(({ key, value }) => [key, value]));
    void cache.drain(state, through, resolve).then(() => resolve(undefined));
  });
const entry = (key: string, value: string): CacheEntry => ({ key, value });

test("what was flushed is restored, with its watermark", async () => {
  const { cache } = await restore("one");
  expect(await flush(cache, [entry("u.ada", "1"), entry("u.bo", "2")], 7)).toBeUndefined();
  const again = await restore("one");
  expect([...again.state]).toEqual([
    ["u.ada", "1"],
    ["u.bo", "2"],
  ]);
  expect(again.cache.through).toBe(7);
});

test("the watermark of a release before entries had versions is read, and such a release can't read today's", async () => {
  const subject = kvSubject("caps", "upgraded.r.flushed");
  await publishOne(nats.bus, { subject, data: '{"through":7,"commit_id":"earlier"}' });
  expect((await restore("upgraded")).cache.through).toBe(7);
  const stored: unknown = JSON.parse((await lastOf(nats.bus, "KV_caps", subject))!.text());
  expect(Watermark.parse(stored)).toEqual({ through: 7 });
  // As those releases read it.
  expect(z.object({ through: z.int().min(0) }).safeParse(stored).success).toBe(false);
});

test("more entries than a part holds keep the old watermark until the last one is there", async () => {
  const { cache } = await restore("many");
  const entries = Array.from({ length: 2_500 }, (_, i) => entry(`u.p${i}`, `${i}`));
  const watermarks: number[] = [];
  const subject = kvSubject("caps", "many.r.flushed");
  const watching = nats.bus.nc.subscribe(subject, {
    callback: (_error, message) => {
      watermarks.push(message.json<{ flushed: number }>().flushed);
    },
  });
  await flush(cache, entries, 9);
  await nats.bus.nc.flush();
  watching.unsubscribe();
  expect(watermarks).toEqual([0, 0, 0, 0, 9]);
  expect((await restore("many")).state.size).toBe(2_500);
});

test("a round of many parts moves the watermark once, to where it began, and leaves out nothing", async () => {
  const { cache } = await restore("parts");
  const state: Counts = new Map(Array.from({ length: 1_200 }, (_, i) => [`u.p${i}`, "old"]));
  const through: number[] = [];
  for (let seq = 10; cache.through === 0; seq += 10) {
    const captured = cache.capture(state);
    // What changes during a round may wait for the next one.
    state.set(`u.p${seq}`, "new");
    cache.flush(captured, seq, signal, () => {});
    await cache.settled();
    through.push(cache.through);
  }
  expect(through).toEqual([0, 0, 10]);
  const again = await restore("parts");
  expect(again.state.size).toBe(1_200);
});

test("a round of 300 000 entries is taken in parts, not at once", async () => {
  const { cache } = await restore("crowd");
  const state: Counts = new Map(Array.from({ length: 300_000 }, (_, i) => [`u.p${i}`, "1"]));
  expect(cache.capture(state)).toMatchObject({ endsRound: false, entries: { length: 500 } });
});

test("a worker that was replaced can't overwrite an entry with an older one", async () => {
  const { cache: zombie } = await restore("zombie");
  const { cache: owner } = await restore("zombie");
  await flush(owner, [entry("u.ada", "new")], 20);
  expect(await flush(zombie, [entry("u.ada", "old")], 10)).toBeInstanceOf(Superseded);
  expect((await lastOf(nats.bus, "KV_caps", kvSubject("caps", "zombie.u.ada")))?.text()).toBe("new");
});

test("realms don't see each other's entries", async () => {
  const { cache } = await restore("left");
  await flush(cache, [entry("u.ada", "left")], 1);
  expect((await restore("lef")).state.size).toBe(0);
});
