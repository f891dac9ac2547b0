import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  askForBucket,
  askForEnd,
  askForRealm,
  ProvisionRefused,
} from "../../shared/provision/ask-provision.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { type Bus, openBus } from "../../shared/stream/bus.ts";
import { lastOf, streamEnds } from "../../shared/stream/last-message.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { Reader } from "../../shared/stream/reader.ts";
import { eventsStream, subjects } from "../../shared/stream/subjects.ts";
import { kvSubject } from "../../shared/stream/topology.ts";
import { startProvisioning, type TestNats, testNats, urlOf } from "../testing/nats.ts";
import { testRealm, until } from "../testing/realm.ts";
import { type StageProcess, startStage } from "../testing/stages.ts";

let nats: TestNats;
let ingest: Bus;
const buses: Bus[] = [];

async function open(user: string): Promise<Bus> {
  const bus = await openBus({ natsUrl: urlOf(nats.url, user), name: "test" });
  buses.push(bus);
  return bus;
}

beforeAll(async () => {
  nats = await testNats();
  ingest = await open("ingest");
});
afterAll(async () => {
  for (const bus of buses) await bus.close();
  await nats.close();
});

const refusal = (asking: Promise<unknown>): Promise<ProvisionRefused> =>
  asking.then(
    () => Promise.reject(new Error("nothing was refused")),
    (error) => {
      if (error instanceof ProvisionRefused) return error;
      throw error;
    },
  );

test("ingest has a realm made that it may not make itself, once", async () => {
  const ruleset = await loadRuleset("amoi-1");
  const request = { realm: "asked", name: "Asked", ruleset };
  await expect(
    ingest.jsm.streams.add({ name: "RAW_asked", subjects: ["impact.raw.asked"] }),
  ).rejects.toThrow();
  const answers = await Promise.all([1, 2, 3].map(() => askForRealm(ingest, request)));
  expect(answers.filter(({ created }) => created)).toHaveLength(1);
  expect((await streamEnds(ingest, eventsStream("asked"))).lastSeq).toBe(2);
});

test("a request that is none is refused with the field that is wrong, and makes nothing", async () => {
  const ruleset = await loadRuleset("amoi-1");
  const cases: [unknown, RegExp][] = [
    [{ realm: "Not An Id", name: "x", ruleset }, /^realm/],
    [{ realm: "wrong", name: "", ruleset }, /^name/],
    [{ realm: "wrong", name: "x", ruleset: { ...ruleset, tick_seconds: 0 } }, /^ruleset\.tick_seconds/],
    [{ realm: "wrong", name: "x", ruleset, replicas: 5 }, /replicas/],
    ["not an object", /the request/],
  ];
  for (const [request, message] of cases) {
    const { status, message: said } = await refusal(
      askForRealm(ingest, request as Parameters<typeof askForRealm>[1]),
    );
    expect([status, said]).toEqual([400, expect.stringMatching(message)]);
  }
  await expect(streamEnds(ingest, "RAW_wrong")).rejects.toThrow("stream not found");
});

test("a lost bucket is made again for a stage that asks, with the topology's settings, and no other bucket ever", async () => {
  const normalizer = await open("normalizer");
  await nats.bus.jsm.streams.delete("KV_caps");
  expect(await askForBucket(normalizer, { bucket: "caps" })).toEqual({ created: true });
  expect(await askForBucket(normalizer, { bucket: "caps" })).toEqual({ created: false });
  expect((await nats.bus.jsm.streams.info("KV_caps")).config.allow_atomic).toBe(true);
  expect((await refusal(askForBucket(normalizer, { bucket: "hoard" }))).status).toBe(400);
  const ruleset = await loadRuleset("amoi-1");
  await expect(askForRealm(normalizer, { realm: "mine", name: "x", ruleset })).rejects.toThrow(/permission/i);
});

test("several calls that end a realm at once, as after a service was killed, are all answered, and none fails", async () => {
  const realm = "ends";
  await testRealm(nats.bus, realm);
  const request = { realm, name: realm };
  const end = () => Promise.all(Array.from({ length: 6 }, () => askForEnd(ingest, request)));
  for (const { state } of await end()) expect(state).toBe("ending");
  // What it had taken is archived by now.
  const subject = kvSubject("realms", realm);
  const entry = JSON.parse((await lastOf(nats.bus, "KV_realms", subject))!.text()) as object;
  await publishOne(nats.bus, { subject, data: JSON.stringify({ ...entry, state: "ended" }) });
  expect(await end()).toEqual(Array(6).fill({ state: "ended" }));
  await expect(streamEnds(ingest, eventsStream(realm))).rejects.toThrow("stream not found");
});

test("a reader of the account READ goes on by itself when the service comes back", async () => {
  const realm = "awaited";
  await testRealm(nats.bus, realm);
  const archive = await open("archive");
  const { created } = await streamEnds(archive, eventsStream(realm));
  await nats.provisioning.close();
  const reader = new Reader(archive, {
    stream: eventsStream(realm),
    subjects: [subjects.command(realm)],
    created,
    from: 1,
  });
  const read = reader.take(10, AbortSignal.timeout(20_000));
  await delay(500);
  const back = startProvisioning(nats.bus);
  expect((await read).map(({ seq }) => seq)).toEqual([1]);
  await reader.close();
  // The next test's processes are to answer what it asks.
  await back.close();
});

test("the process makes the first realm before it is ready, and one that was killed goes on where it ended", async () => {
  await nats.provisioning.close();
  const env = { NATS_URL: nats.url, AMOI_REALM: "first" };
  const start = () => startStage("ops/provision/main.ts", "PROVISION_PORT", env);
  const ready = async ({ port }: StageProcess) => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  const killed = await start();
  await killed.kill();
  const [one, two] = await Promise.all([start(), start()]);
  await until(async () => (await ready(one)) && (await ready(two)));
  expect((await streamEnds(ingest, eventsStream("first"))).lastSeq).toBe(2);
  const ruleset = await loadRuleset("amoi-1");
  expect(await askForRealm(ingest, { realm: "second", name: "Second", ruleset })).toEqual({ created: true });
  const answered = await Promise.all(
    [one, two].map((stage) => stage.metric("amoi_provision_requests_total")),
  );
  expect(await one.stop()).toBe(0);
  expect(await two.stop()).toBe(0);
  expect(answered.reduce((a, b) => a + b, 0)).toBeGreaterThanOrEqual(1);
}, 30_000);
