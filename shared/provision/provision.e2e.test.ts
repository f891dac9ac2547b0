import { DiscardPolicy } from "@nats-io/jetstream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import { loadRuleset } from "../rulesets/rulesets.ts";
import { lastOf } from "../stream/last-message.ts";
import { publishOne } from "../stream/publish.ts";
import { eventsStream, rawStream, subjects, validStream, worldStream } from "../stream/subjects.ts";
import { BUCKETS, kvSubject, realmStreams } from "../stream/topology.ts";
import { type NewRealm, ProvisionError, provisionRealm, updateRealms } from "./provision.ts";

let nats: TestNats;
const ruleset = await loadRuleset("amoi-1");
beforeAll(async () => {
  nats = await testNats();
});
afterAll(() => nats.close());

const wanted = (realm: string): NewRealm => ({
  realm,
  name: realm,
  ruleset,
  replicas: 1,
  rawMaxBytes: 2 ** 24,
});
const subjectsOf = async (stream: string) =>
  (await nats.bus.jsm.streams.info(stream, { subjects_filter: ">" })).state.subjects;

test("a realm is made once; repeating it changes nothing", async () => {
  expect(await provisionRealm(nats.bus, wanted("twice"))).toEqual({ created: true });
  const before = await Promise.all(
    [validStream, eventsStream, worldStream].map((of) => subjectsOf(of("twice"))),
  );
  expect(await provisionRealm(nats.bus, wanted("twice"))).toEqual({ created: false });
  const after = await Promise.all(
    [validStream, eventsStream, worldStream].map((of) => subjectsOf(of("twice"))),
  );
  expect(after).toEqual(before);
});

test("of concurrent callers one makes it", async () => {
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => provisionRealm(nats.bus, wanted("race"))),
  );
  expect(answers.filter(({ created }) => created)).toHaveLength(1);
});

test("a call that died half-way is completed by the next one, with the ruleset that the first had written", async () => {
  const realm = "half";
  await provisionRealm(nats.bus, wanted(realm));
  await nats.bus.jsm.streams.delete(worldStream(realm));
  await nats.bus.jsm.streams.delete("KV_world");
  await provisionRealm(nats.bus, { ...wanted(realm), ruleset: { ...ruleset, tick_seconds: 7 } });
  const snapshot = JSON.parse((await lastOf(nats.bus, worldStream(realm), subjects.snapshot(realm)))!.text());
  expect(snapshot.state.private.ruleset.tick_seconds).toBe(900);
});

test("a realm made again under its old name finds none of the old one's state, and others keep theirs", async () => {
  const { bus } = nats;
  const held = async (realm: string) => await lastOf(bus, "KV_caps", kvSubject("caps", `${realm}.u.ada`));
  for (const realm of ["again", "again-2"]) {
    await provisionRealm(bus, wanted(realm));
    await publishOne(bus, { subject: kvSubject("caps", `${realm}.u.ada`), data: "[]" });
  }
  await provisionRealm(bus, wanted("again"));
  expect(await held("again")).toBeDefined();
  for (const { name } of realmStreams("again", wanted("again"))) await bus.jsm.streams.delete(name);
  await provisionRealm(bus, wanted("again"));
  expect(await held("again")).toBeUndefined();
  expect(await held("again-2")).toBeDefined();
});

test("no stream and no bucket answers direct reads, which may be stale around a failover", async () => {
  await provisionRealm(nats.bus, wanted("direct"));
  const names = [
    ...realmStreams("direct", { replicas: 1, rawMaxBytes: 2 ** 24 }).map(({ name }) => name),
    ...Object.keys(BUCKETS).map((bucket) => `KV_${bucket}`),
  ];
  for (const name of names)
    expect((await nats.bus.jsm.streams.info(name)).config.allow_direct, name).toBe(false);
});

test("RAW alone has limits: an aged-out position would reset its stage's fence", async () => {
  await provisionRealm(nats.bus, wanted("limits"));
  for (const of of [validStream, eventsStream, worldStream]) {
    const { config } = await nats.bus.jsm.streams.info(of("limits"));
    expect([config.max_age, config.max_bytes, config.max_msgs]).toEqual([0, -1, -1]);
  }
  const { config } = await nats.bus.jsm.streams.info(rawStream("limits"));
  expect(config).toMatchObject({ discard: "new", max_bytes: 2 ** 24, max_msg_size: 256 * 1024 });
});

test("a stream that exists with other promises is refused by name", async () => {
  await nats.bus.jsm.streams.add({ name: validStream("foreign"), subjects: ["impact.valid.foreign"] });
  await expect(provisionRealm(nats.bus, wanted("foreign"))).rejects.toThrow(ProvisionError);
  await expect(provisionRealm(nats.bus, wanted("foreign"))).rejects.toThrow("VALID_foreign");
});

test("the streams of every realm get the subjects that a later release has, and keep what they hold", async () => {
  const { bus } = nats;
  const realms = ["earlier", "earlier-2"];
  for (const realm of realms) {
    await provisionRealm(bus, wanted(realm));
    const { config } = await bus.jsm.streams.info(rawStream(realm));
    const earlier = [subjects.rawCandidate(realm), subjects.rawCommand(realm)];
    await bus.jsm.streams.update(rawStream(realm), { ...config, subjects: earlier });
    await publishOne(bus, { subject: subjects.rawCommand(realm), data: "{}" });
  }
  await publishOne(bus, { subject: kvSubject("realms", "No.Realm"), data: "{" });
  await updateRealms(bus, { replicas: 1, rawMaxBytes: 2 ** 24 });
  for (const realm of realms) {
    const ack = await publishOne(bus, { subject: subjects.playerCommand(realm), data: "{}" });
    expect(ack).toMatchObject({ stream: rawStream(realm), seq: 2 });
  }
});

test("a bucket of an earlier release gets the limits that it has by now, and keeps what it holds", async () => {
  const { bus } = nats;
  await provisionRealm(bus, wanted("limited"));
  const { config } = await bus.jsm.streams.info("KV_workers");
  await bus.jsm.streams.update("KV_workers", {
    ...config,
    max_age: 0,
    max_bytes: -1,
    max_msgs: -1,
    discard: DiscardPolicy.New,
    max_msg_size: -1,
    allow_rollup_hdrs: true,
    allow_atomic: true,
  });
  await publishOne(bus, { subject: kvSubject("workers", "test.x"), data: "{}" });
  await provisionRealm(bus, wanted("limited"));
  const now = (await bus.jsm.streams.info("KV_workers")).config;
  expect(now).toMatchObject({
    max_age: config.max_age,
    max_bytes: 16 * 1024 * 1024,
    max_msgs: 4_096,
    discard: DiscardPolicy.Old,
    allow_rollup_hdrs: false,
  });
  // The server leaves it out where it is false.
  expect(now.allow_atomic ?? false).toBe(false);
  expect((await lastOf(bus, "KV_workers", kvSubject("workers", "test.x")))?.text()).toBe("{}");
});
