import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats, type Wire, wireTo } from "../../ops/testing/nats.ts";
import { until } from "../../ops/testing/realm.ts";
import { type Bus, openBus } from "./bus.ts";
import { streamEnds } from "./last-message.ts";
import { publishBatch } from "./publish.ts";
import { type Input, Reader, StreamGap } from "./reader.ts";

let nats: TestNats;
const opened: { close(): unknown }[] = [];
let made = 0;

beforeAll(async () => {
  nats = await testNats();
});
afterAll(() => nats.close());
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

/** A stream of its own with the subjects `<name>.read` and `<name>.other`. */
async function testStream() {
  const name = `READ${++made}`;
  await nats.bus.jsm.streams.add({ name, subjects: [`${name}.*`], allow_atomic: true });
  const publish = (kind: "read" | "other", count: number, size = 0) =>
    publishBatch(
      nats.bus,
      Array.from({ length: count }, (_, i) => ({
        subject: `${name}.${kind}`,
        data: `${i}`.padEnd(size, " "),
      })),
    );
  const consumers = async () => (await nats.bus.jsm.streams.info(name)).state.consumer_count;
  const { created } = await streamEnds(nats.bus, name);
  const read = (bus: Bus, from = 1) => {
    const reader = new Reader(bus, { stream: name, subjects: [`${name}.read`], created, from });
    opened.push(reader);
    return reader;
  };
  return { name, publish, consumers, read };
}

async function busThrough(wire: Wire): Promise<Bus> {
  const bus = await openBus({ natsUrl: wire.url, name: "through the wire" });
  opened.push(bus, wire);
  return bus;
}

/** Sequences of the next `count` messages. */
async function take(reader: Reader, count: number, withinMs = 20_000): Promise<number[]> {
  const signal = AbortSignal.timeout(withinMs);
  const taken: Input[] = [];
  while (taken.length < count && !signal.aborted)
    taken.push(...(await reader.take(count - taken.length, signal)));
  return taken.map(({ seq }) => seq);
}

const from = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);

test("a reader that waits keeps its one consumer and asks JetStream's API for nothing, though the stream moves past its filter", async () => {
  const { publish, consumers, read } = await testStream();
  await publish("read", 2);
  const reader = read(nats.bus);
  expect(await take(reader, 2)).toEqual([1, 2]);
  await publish("other", 3);
  const asked: string[] = [];
  const api = nats.bus.nc.subscribe("$JS.API.>", { callback: (_, { subject }) => void asked.push(subject) });
  opened.push({ close: () => api.unsubscribe() });
  expect(await take(reader, 1, 6_500)).toEqual([]);
  expect(asked).toEqual([]);
  expect(await consumers()).toBe(1);
  await publish("read", 1);
  expect(await take(reader, 1)).toEqual([6]);
});

test("what a reader opens is deleted when it is closed, also while it opens", async () => {
  const { publish, consumers, read } = await testStream();
  await publish("read", 1);
  const [held, opening] = [read(nats.bus), read(nats.bus)];
  await take(held, 1);
  void opening.take(1, AbortSignal.timeout(1_000));
  await held.close();
  await opening.close();
  await until(async () => (await consumers()) === 0, 5);
});

test("a consumer that somebody deletes is followed by another one that goes on after the last message", async () => {
  const { name, publish, consumers, read } = await testStream();
  const reader = read(nats.bus);
  await publish("read", 3);
  expect(await take(reader, 3)).toEqual([1, 2, 3]);
  for await (const consumer of nats.bus.jsm.consumers.list(name))
    await nats.bus.jsm.consumers.delete(name, consumer.name);
  await publish("read", 2);
  expect(await take(reader, 2, 3_000)).toEqual([4, 5]);
  expect(await consumers()).toBe(1);
});

test("messages that a broken connection swallowed come again, each once and in order, and one consumer remains", async () => {
  const { publish, consumers, read } = await testStream();
  const wire = await wireTo(nats.port);
  const reader = read(await busThrough(wire));
  await publish("read", 2);
  expect(await take(reader, 2)).toEqual([1, 2]);
  wire.swallowReplies(true);
  await publish("read", 3);
  await delay(300);
  wire.swallowReplies(false);
  // Nothing follows them: only the consumer's count in a heartbeat tells of them.
  expect(await take(reader, 3)).toEqual([3, 4, 5]);
  wire.swallowReplies(true);
  await publish("read", 3);
  await delay(300);
  wire.swallowReplies(false);
  await publish("read", 1);
  expect(await take(reader, 4)).toEqual([6, 7, 8, 9]);
  await until(async () => (await consumers()) === 1, 5);
});

test("a consumer that falls silent is given up after some seconds, and what came meanwhile is read", async () => {
  const { publish, consumers, read } = await testStream();
  const wire = await wireTo(nats.port);
  const reader = read(await busThrough(wire));
  await publish("read", 1);
  expect(await take(reader, 1)).toEqual([1]);
  wire.swallowReplies(true);
  await publish("read", 2);
  await delay(6_500);
  wire.swallowReplies(false);
  expect(await take(reader, 2, 5_000)).toEqual([2, 3]);
  await until(async () => (await consumers()) === 1, 10);
});

test("a connection that breaks costs nothing but time, and leaves no consumer", async () => {
  const { publish, consumers, read } = await testStream();
  const wire = await wireTo(nats.port);
  const reader = read(await busThrough(wire));
  for (let round = 0; round < 5; round++) {
    await publish("read", 2);
    wire.cut();
    expect(await take(reader, 2)).toEqual(from(round * 2 + 1, 2));
  }
  await until(async () => (await consumers()) === 1, 10);
});

test("who takes slowly is given no more than the bound, and everything in the end", async () => {
  const { publish, read } = await testStream();
  const size = 400_000;
  const count = 300;
  for (let sent = 0; sent < count; sent += 10) await publish("read", 10, size);
  const reader = read(nats.bus);
  const first = await take(reader, 1);
  await until(async () => reader.waiting > 150);
  await delay(500);
  const bound = (64 * 1024 * 1024) / size + 256;
  expect(reader.waiting).toBeLessThan(bound);
  expect([...first, ...(await take(reader, count - 1))]).toEqual(from(1, count));
});

test("a stream that lost what comes next is a gap, as is another of its name, and one that is gone is an error", async () => {
  const gap = await testStream();
  await gap.publish("read", 5);
  await nats.bus.jsm.streams.purge(gap.name, { seq: 4 });
  await expect(take(gap.read(nats.bus, 2), 1)).rejects.toThrow(StreamGap);

  const anew = await testStream();
  await nats.bus.jsm.streams.delete(anew.name);
  await nats.bus.jsm.streams.add({ name: anew.name, subjects: [`${anew.name}.*`] });
  await expect(take(anew.read(nats.bus), 1)).rejects.toThrow(/another log/);

  const gone = await testStream();
  await nats.bus.jsm.streams.delete(gone.name);
  await expect(take(gone.read(nats.bus), 1)).rejects.toThrow(/stream not found/);
});
