import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import { testRealm } from "../../ops/testing/realm.ts";
import { recordTicks, simulate } from "../../ops/testing/recorded.ts";
import type { WorldSnapshot } from "../contracts/world.ts";
import { lastOf } from "../stream/last-message.ts";
import { publishOne } from "../stream/publish.ts";
import { eventsStream, rawStream, subjects, validStream, worldStream } from "../stream/subjects.ts";
import { kvSubject } from "../stream/topology.ts";
import { refreshKv } from "./world-entry.ts";

let nats: TestNats;
let realm: string;
let made = 0;
beforeAll(async () => {
  nats = await testNats();
});
afterAll(() => nats.close());
beforeEach(() => {
  realm = `entry-${++made}`;
});

const play = async (from: number, to: number) => {
  await testRealm(nats.bus, realm);
  await recordTicks(nats.bus, realm, { from, to }, () => ({ accepted: [] }));
  await simulate(nats.bus, realm, to);
};
const stored = async () =>
  JSON.parse((await lastOf(nats.bus, worldStream(realm), subjects.snapshot(realm)))!.text()) as WorldSnapshot;
const held = async () =>
  JSON.parse((await lastOf(nats.bus, "KV_world", kvSubject("world", realm)))!.text()) as WorldSnapshot;
const hold = (data: string) => publishOne(nats.bus, { subject: kvSubject("world", realm), data });

test("another past's snapshot gives way, of a later tick or of the same one", async () => {
  await play(1, 3);
  const ours = await stored();
  for (const tick of [9, 3]) {
    await hold(JSON.stringify({ ...ours, tick, record_hash: "f".repeat(64) }));
    await refreshKv(nats.bus, ours);
    expect(await held()).toEqual(ours);
  }
});

test("an owner that is ahead keeps its snapshot", async () => {
  await play(1, 2);
  const earlier = await stored();
  await play(3, 4);
  await refreshKv(nats.bus, earlier);
  expect((await held()).tick).toBe(4);
});

test.each(["not json", "null", "{}", '{"tick":"9"}'])(
  "an entry that says %s keeps no realm down",
  async (data) => {
    await play(1, 1);
    await hold(data);
    await play(2, 2);
    expect(await held()).toEqual(await stored());
  },
);

test("a realm made again under its old name shows its own world, ruleset and birth", async () => {
  await play(1, 3);
  const entry = async () =>
    JSON.parse((await lastOf(nats.bus, "KV_realms", kvSubject("realms", realm)))!.text());
  const before = await entry();
  for (const of of [rawStream, validStream, eventsStream, worldStream])
    await nats.bus.jsm.streams.delete(of(realm));
  await testRealm(nats.bus, realm, { tick_seconds: 77 });
  expect(await held()).toEqual(await stored());
  expect((await held()).tick).toBe(0);
  const rules = await lastOf(nats.bus, "KV_rulesets", kvSubject("rulesets", `${realm}.1`));
  expect(JSON.parse(rules!.text()).tick_seconds).toBe(77);
  expect((await entry()).created_at > before.created_at).toBe(true);
});
