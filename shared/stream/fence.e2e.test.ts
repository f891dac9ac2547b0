import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type TestNats, testNats, wireTo } from "../../ops/testing/nats.ts";
import { openBus } from "./bus.ts";
import { Fence, Superseded } from "./fence.ts";
import { publishBatch } from "./publish.ts";

let nats: TestNats;
let n = 0;
let stream = "";
const signal = new AbortController().signal;

beforeAll(async () => {
  nats = await testNats();
});
afterAll(() => nats.close());
beforeEach(async () => {
  stream = `F${++n}`;
  await nats.bus.jsm.streams.add({
    name: stream,
    subjects: [`${stream}.>`],
    allow_atomic: true,
    allow_rollup_hdrs: true,
  });
});

const open = (bus = nats.bus) => Fence.open(bus, stream, `${stream}.head`);
const outputs = async () =>
  (await nats.bus.jsm.streams.info(stream, { subjects_filter: `${stream}.out` })).state.subjects;

test("outputs and head are committed together, and only one head remains", async () => {
  const { fence } = await open();
  await fence.commit([{ subject: `${stream}.out`, data: "1" }], { through: 1 }, signal);
  await fence.commit([{ subject: `${stream}.out`, data: "2" }], { through: 2 }, signal);
  const { state } = await nats.bus.jsm.streams.info(stream, { subjects_filter: ">" });
  expect(state.subjects).toEqual({ [`${stream}.out`]: 2, [`${stream}.head`]: 1 });
});

test("of two writers that hold the same head, one commit wins and the other stores nothing", async () => {
  const [first, second] = [await open(), await open()];
  await first.fence.commit([{ subject: `${stream}.out`, data: "mine" }], { through: 1 }, signal);
  await expect(
    second.fence.commit([{ subject: `${stream}.out`, data: "zombie" }], { through: 1 }, signal),
  ).rejects.toThrow(Superseded);
  expect(await outputs()).toEqual({ [`${stream}.out`]: 1 });
});

test("a commit whose acknowledgement is lost is recognised as committed, not repeated", async () => {
  const wire = await wireTo(nats.port);
  const bus = await openBus({ natsUrl: wire.url, name: "wired" });
  try {
    const { fence } = await open(bus);
    wire.swallowReplies(true);
    const committing = fence.commit([{ subject: `${stream}.out`, data: "once" }], { through: 1 }, signal);
    await delay(200);
    wire.cut();
    wire.swallowReplies(false);
    const seq = await committing;
    expect(seq).toBe(2);
    expect(await outputs()).toEqual({ [`${stream}.out`]: 1 });
    expect(await fence.commit([{ subject: `${stream}.out`, data: "next" }], { through: 2 }, signal)).toBe(4);
  } finally {
    await bus.close();
    wire.close();
  }
});

test("a commit that the server never got is sent again, with the same bytes, once", async () => {
  const wire = await wireTo(nats.port);
  const bus = await openBus({ natsUrl: wire.url, name: "wired" });
  try {
    const { fence } = await open(bus);
    wire.cut();
    await fence.commit([{ subject: `${stream}.out`, data: "once" }], { through: 1 }, signal);
    expect(await outputs()).toEqual({ [`${stream}.out`]: 1 });
  } finally {
    await bus.close();
    wire.close();
  }
});

test("an incomplete batch leaves nothing behind", async () => {
  const { fence } = await open();
  await expect(
    publishBatch(nats.bus, [
      { subject: `${stream}.out`, data: "lost" },
      { subject: `${stream}.head`, data: "{}", expectedLastSubjectSeq: 99 },
    ]),
  ).rejects.toMatchObject({ code: 10071 });
  expect(await outputs()).toBeUndefined();
  expect(await fence.commit([], { through: 0 }, signal)).toBe(1);
});
