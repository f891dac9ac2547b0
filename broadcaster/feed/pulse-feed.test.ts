/** Pulses on the feed: conflated to one a second, and never queued for a slow client. */
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Pulse } from "../../shared/contracts/feed.ts";
import type { RawClient } from "../testing/raw-client.ts";
import { FeedServer } from "../testing/test-feed.ts";

let feed: FeedServer;
beforeEach(async () => {
  feed = await new FeedServer().listen();
});
afterEach(() => feed.close());

/** `n` tells one from another. */
const pulse = (next_tick: number, n: number, territories = 1): Pulse => ({
  realm: "amoi-1",
  next_tick,
  next_at: `2026-01-01T00:00:00.${`${n}`.padStart(3, "0")}Z`,
  pressure: Object.fromEntries(
    Array.from({ length: territories }, (_, i) => [`t${i}`, { empire: 1 as const }]),
  ),
});
const pulsesOf = ({ frames }: RawClient) =>
  frames.flatMap((frame) => (frame.type === "pulse" ? [Number(frame.next_at.slice(-4, -1))] : []));

test("of the pulses of a second the newest is told", async () => {
  const client = await feed.joined();
  for (let n = 0; n < 25; n++) {
    feed.channel.pulsed(pulse(1, n));
    await delay(50);
  }
  await client.until((c) => pulsesOf(c).length === 3);
  const told = pulsesOf(client);
  expect(told[0]).toBe(0);
  expect(told[1]).toBeGreaterThan(10);
  expect(told[2]).toBe(24);
  expect(client.frames.find(({ type }) => type === "pulse")).toEqual({ type: "pulse", ...pulse(1, 0) });
});

test("one who comes between two pulses is told the last one, unless its tick is over", async () => {
  feed.channel.pulsed(pulse(1, 7));
  const client = await feed.joined();
  await client.until((c) => pulsesOf(c).length === 1);
  expect(pulsesOf(client)).toEqual([7]);
  feed.tick();
  feed.channel.pulsed(pulse(1, 8));
  const later = await feed.joined();
  await delay(1_100);
  expect(pulsesOf(later)).toEqual([]);
  expect(pulsesOf(client)).toEqual([7]);
});

test("nothing of it waits for a client that doesn't read, and none is closed or conflated for it", async () => {
  const slow = await feed.joined();
  const quick = await feed.joined();
  slow.pause();
  // Fills the kernel's buffers; then the one that is behind gets no pulse, however long it sleeps.
  for (let i = 0; i < 8; i++) {
    feed.tick(1_000_000);
    await delay(5);
  }
  for (let n = 1; n <= 3; n++) {
    feed.channel.pulsed(pulse(9, n, 20_000));
    await delay(1_020);
  }
  expect(pulsesOf(quick)).toEqual([1, 2, 3]);
  slow.resume();
  feed.tick();
  await slow.until(({ frames }) => frames.some((frame) => "tick" in frame && frame.tick === 9));
  expect(pulsesOf(slow)).toEqual([]);
  expect(slow.socket.closed).toBe(false);
});
