import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FeedFrame } from "../../shared/contracts/feed.ts";
import type { PublicState } from "../../shared/contracts/world.ts";
import { canonicalHash } from "../../shared/exact/canonical.ts";
import { readEnv } from "../../shared/process/env.ts";
import { metrics } from "../../shared/process/metrics.ts";
import { apply } from "../../shared/world/merge-patch.ts";
import { FEED_LIMITS } from "../http/limits.ts";
import { PublicServer } from "../public.ts";
import { HELD_DELTAS, RealmView } from "../realm/realm-view.ts";
import { RawClient } from "../testing/raw-client.ts";
import { ScriptedWorld } from "../testing/scripted-world.ts";
import { makeEngine } from "../testing/test-engine.ts";
import type { Channel } from "./channel.ts";
import { CLOSE } from "./close-codes.ts";

const { FEED_TOKEN_SECRET: SECRET } = readEnv({});
let server: PublicServer;
let port: number;
let channel: Channel;
let world: ScriptedWorld;
let clients: RawClient[];

async function start(limits: Partial<typeof FEED_LIMITS> = {}): Promise<void> {
  server = new PublicServer(makeEngine, SECRET, { ...FEED_LIMITS, ...limits });
  port = await server.listen("127.0.0.1", 0);
  world = new ScriptedWorld("amoi-1");
  channel = server.feed.open("amoi-1");
  channel.restored(new RealmView(world.snapshot, "e1"));
}
beforeEach(() => {
  clients = [];
});
afterEach(() => {
  for (const client of clients) client.close();
  server.close();
});

function connect(since?: string): RawClient {
  const client = new RawClient(port, `/feed/amoi-1${since === undefined ? "" : `?since=${since}`}`);
  clients.push(client);
  return client;
}
/** A tick whose delta has about `bytes` bytes. */
function tick(bytes = 0): void {
  const text = `${world.snapshot.tick + 1}`.padEnd(bytes, ".");
  channel.advanced(channel.view!.advance(world.tick({ effects: { note: { source: text } } }).delta));
}
const lastTick = (client: RawClient) => {
  const last = client.frames.at(-1);
  return last === undefined || !("tick" in last) ? undefined : last.tick;
};

/** The ticks that a client has shown, each vouched for by its hash; throws where a frame doesn't continue the one before. */
function replay(frames: FeedFrame[]): number[] {
  let state: PublicState | undefined;
  let hash = "";
  const ticks: number[] = [];
  for (const frame of frames) {
    if (frame.type === "resync") {
      state = undefined;
      continue;
    }
    if (frame.type === "pulse" || frame.type === "notice" || frame.type === "alive") continue;
    if (frame.type === "delta") {
      if (state === undefined || frame.prev !== hash) throw new Error(`a gap before tick ${frame.tick}`);
      state = apply(state, frame.patch) as PublicState;
    } else state = frame.state;
    hash = canonicalHash(state);
    if (hash !== frame.hash) throw new Error(`tick ${frame.tick} doesn't have its hash`);
    ticks.push(frame.tick);
  }
  return ticks;
}

test("a client gets the snapshot, then every delta", async () => {
  await start();
  const client = await connect().until(({ frames }) => frames.length === 1);
  for (let i = 0; i < 3; i++) tick();
  await client.until(({ frames }) => frames.length === 4);
  expect(replay(client.frames)).toEqual([0, 1, 2, 3]);
});

test("clients that connect while ticks are published miss none and get none twice", async () => {
  await start();
  for (let i = 1; i <= 40; i++) {
    connect(i % 2 === 0 ? `e1:${i - 1}` : undefined);
    tick(i % 5 === 0 ? 40_000 : 0);
    if (i % 4 === 0) await delay(1);
  }
  for (const client of clients) {
    await client.until((c) => lastTick(c) === 40);
    const ticks = client.frames.map((frame) => ("tick" in frame ? frame.tick : -1));
    expect(ticks).toEqual(ticks.map((_, i) => 41 - ticks.length + i));
  }
});

test("a client that missed many large ticks and reads slowly gets each of them, then is live", async () => {
  await start();
  for (let i = 0; i < HELD_DELTAS; i++) tick(80_000);
  const client = connect("e1:10");
  for (let i = 0; i < 5; i++) {
    client.pause();
    await delay(20);
    tick(80_000);
    client.resume();
    await delay(5);
  }
  await client.until((c) => lastTick(c) === HELD_DELTAS + 5);
  tick();
  await client.until((c) => lastTick(c) === HELD_DELTAS + 6);
  const ticks = client.frames.map((frame) => (frame.type === "delta" ? frame.tick : frame.type));
  expect(ticks).toEqual(Array.from({ length: HELD_DELTAS - 4 }, (_, i) => i + 11));
}, 20_000);

test("a client that can't keep up is conflated to the newest snapshot, and its stream has no gap", async () => {
  await start();
  const slow = await connect().until(({ frames }) => frames.length === 1);
  const quick = await connect().until(({ frames }) => frames.length === 1);
  slow.pause();
  for (let i = 0; i < 150; i++) {
    tick(100_000);
    await delay(1);
  }
  await quick.until((c) => lastTick(c) === 150);
  slow.resume();
  await slow.until((c) => lastTick(c) === 150);
  tick();
  for (const client of [slow, quick]) await client.until((c) => lastTick(c) === 151);
  expect(replay(quick.frames)).toEqual(Array.from({ length: 152 }, (_, i) => i));
  expect(slow.frames.filter((frame) => frame.type === "resync")).toEqual([
    { type: "resync", reason: "slow" },
  ]);
  const seen = replay(slow.frames);
  expect(seen.length).toBeLessThan(152);
  expect(seen.slice(-2)).toEqual([150, 151]);
}, 20_000);

test("a client that stays slow is closed with the code that says so", async () => {
  await start({ slowGraceMs: 100 });
  const slow = await connect().until(({ frames }) => frames.length === 1);
  slow.pause();
  for (let i = 0; i < 150; i++) {
    tick(100_000);
    await delay(1);
  }
  await delay(150);
  slow.resume();
  await slow.ended();
  expect(slow.closeCode).toBe(CLOSE.slow.code);
  expect(replay(slow.frames)[0]).toBe(0);
}, 20_000);

test("a client that is slow again soon after is closed with the code that says so", async () => {
  await start();
  const slow = await connect().until(({ frames }) => frames.length === 1);
  for (let round = 0; round < 2; round++) {
    slow.pause();
    for (let i = 0; i < 150; i++) {
      tick(100_000);
      await delay(1);
    }
    slow.resume();
    if (round === 0) await slow.until((c) => lastTick(c) === 150);
  }
  await slow.ended();
  expect(slow.closeCode).toBe(CLOSE.slow.code);
}, 20_000);

test("a client that never reads at all is cut", async () => {
  await start({ slowGraceMs: 100, closeGraceMs: 100 });
  const open = async () =>
    (await metrics.connections.get()).values.find(({ labels }) => labels.realm === "amoi-1");
  const slow = await connect().until(({ frames }) => frames.length === 1);
  expect((await open())?.value).toBe(1);
  slow.pause();
  for (let i = 0; i < 150; i++) {
    tick(100_000);
    await delay(1);
  }
  await vi.waitFor(async () => expect((await open())?.value).toBe(0), 2_000);
});

test("whatever a client sends closes it with the code that says not to come back", async () => {
  await start();
  const client = await connect().until(({ frames }) => frames.length === 1);
  client.say("hello");
  await client.ended();
  expect(client.closeCode).toBe(CLOSE.unexpectedMessage.code);
});

test("a message beyond any token's size cuts the connection, and the others don't notice", async () => {
  await start();
  const other = await connect().until(({ frames }) => frames.length === 1);
  const client = await connect().until(({ frames }) => frames.length === 1);
  client.say("x".repeat(60_000));
  await client.ended();
  tick();
  await other.until((c) => lastTick(c) === 1);
});

test("a restored view that continues the one before brings live clients its deltas", async () => {
  await start();
  tick();
  const client = await connect().until(({ frames }) => frames.length === 1);
  const ticks = [world.tick(), world.tick()];
  const restored = new RealmView(world.snapshot, "e1");
  for (const { delta } of ticks) restored.recall(delta);
  channel.restored(restored);
  tick();
  await client.until((c) => lastTick(c) === 4);
  expect(client.frames.map(({ type }) => type)).toEqual(["snapshot", "delta", "delta", "delta"]);
  replay(client.frames);
});

test("a restored view of another epoch, or with a gap, has live clients start anew", async () => {
  await start();
  const client = await connect().until(({ frames }) => frames.length === 1);
  world.tick();
  world.tick();
  channel.restored(new RealmView(world.snapshot, "e1"));
  channel.restored(new RealmView(world.snapshot, "e2"));
  tick();
  await client.until((c) => lastTick(c) === 3);
  expect(client.frames.filter((frame) => frame.type === "resync").map(({ reason }) => reason)).toEqual([
    "gap",
    "epoch",
  ]);
  expect(replay(client.frames)).toEqual([0, 2, 2, 3]);
});
