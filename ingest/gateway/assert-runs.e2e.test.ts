import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApi, testApi } from "../../ops/testing/api.ts";
import { until } from "../../ops/testing/realm.ts";
import { announcedWorkers } from "../../shared/stage/announced-workers.ts";
import { Announcement } from "../../shared/stage/ownership.ts";
import { realmTroubles } from "../../shared/stage/realm-health.ts";
import { streamEnds } from "../../shared/stream/last-message.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { eventsStream, rawStream, subjects } from "../../shared/stream/subjects.ts";

const REALM = "halted";
let api: TestApi;
let announcement: Announcement;
beforeAll(async () => {
  api = await testApi(REALM, ["ingest", "normalizer", "simulator"]);
  // The stages of a test run in its own process, which announces them as one.
  announcement = new Announcement(api.nats.bus, "simulator", 2, { port: 1 });
  announcement.start();
});
afterAll(async () => {
  await announcement.stop();
  await api.close();
});

const runTick = (key: string) => api.post("tick/run", { realm_id: REALM, idempotency_key: `tick-${key}` });

test("a tick of a realm that a stage refuses is a 409 at once that names stage, message and reason, and nothing piles up", async () => {
  const before = await runTick("before");
  expect(before.status).toBe(200);
  const { seq } = await publishOne(api.nats.bus, { subject: subjects.tickMarker(REALM), data: "no marker" });
  await until(async () => realmTroubles().some(({ stage }) => stage === "simulator"), 20);
  const { lastSeq } = await streamEnds(api.nats.bus, rawStream(REALM));

  const announced = async () => (await announcedWorkers(api.nats.bus, "simulator"))[0]?.refused ?? [];
  await until(async () => (await announced()).length > 0, 20);
  const refused = await runTick("meanwhile");
  expect(refused.status).toBe(409);
  expect(refused.body.detail).toMatch(
    new RegExp(`simulator refuses it at message ${seq} of ${eventsStream(REALM)}: .*is foreign`),
  );
  expect((await streamEnds(api.nats.bus, rawStream(REALM))).lastSeq).toBe(lastSeq);

  // What was answered before is answered again.
  expect(await runTick("before")).toMatchObject({ status: 200, body: before.body });

  await api.nats.bus.jsm.streams.deleteMessage(eventsStream(REALM), seq);
  await until(async () => (await runTick("after")).status === 200, 30);
});
