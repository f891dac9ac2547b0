import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats, wireTo } from "../../ops/testing/nats.ts";
import { bodiesIn, candidate, sendCandidate, testRealm, until } from "../../ops/testing/realm.ts";
import { type StageProcess, startStage } from "../../ops/testing/stages.ts";
import type { Position } from "../contracts/position.ts";
import { lastOf } from "../stream/last-message.ts";
import { subjects, validStream } from "../stream/subjects.ts";

const REALM = "handover";
let nats: TestNats;
beforeAll(async () => {
  nats = await testNats({ syncAlways: true });
  await testRealm(nats.bus, REALM);
});
afterAll(() => nats.close());

const start = () => startStage("ingest/main.ts", "INGEST_PORT", { NATS_URL: nats.url });
const owns = (stage: StageProcess) => stage.metric("amoi_realm_owned");
const through = async () =>
  JSON.parse(
    (await lastOf(nats.bus, validStream(REALM), subjects.position("ingest", REALM)))!.text(),
  ) as Position;

async function passed(seq: number): Promise<void> {
  await until(async () => (await through()).through >= seq);
}

test("a worker that is killed is replaced within 10 s, and its successor goes on where it stopped", async () => {
  const workers = [await start(), await start()];
  await until(async () => (await owns(workers[0]!)) + (await owns(workers[1]!)) === 1);
  await passed((await sendCandidate(nats.bus, candidate(REALM))).seq);
  const dying = (await owns(workers[0]!)) === 1 ? 0 : 1;
  const heir = workers[1 - dying]!;
  const before = await through();
  await workers[dying]!.kill();
  const { seq } = await sendCandidate(nats.bus, candidate(REALM));
  await passed(seq); // `until` gives it 10 s.
  const after = await through();
  expect(after.worker).not.toBe(before.worker);
  expect(await owns(heir)).toBe(1);
  expect(await heir.stop()).toBe(0);
  expect(await bodiesIn(nats.bus, validStream(REALM), subjects.validCandidate(REALM))).toHaveLength(2);
});

test("SIGTERM drains: what was read is committed, the realm goes to the other worker at once, the exit code is 0", async () => {
  const first = await start();
  await until(async () => (await owns(first)) === 1);
  const sent = await Promise.all(
    Array.from({ length: 200 }, () => sendCandidate(nats.bus, candidate(REALM, { user_id: "bo" }))),
  );
  const second = await start();
  expect(await first.stop()).toBe(0);
  await passed(Math.max(...sent.map(({ seq }) => seq)));
  await until(async () => (await owns(second)) === 1);
  expect(await second.stop()).toBe(0);
  const bodies = await bodiesIn<{ source_seq: number }>(
    nats.bus,
    validStream(REALM),
    subjects.validCandidate(REALM),
  );
  const places = bodies.map(({ body }) => body.source_seq);
  expect(new Set(places).size).toBe(places.length);
  for (const { seq } of sent) expect(places).toContain(seq);
});

test("while NATS is away a stage is alive and not ready", async () => {
  const wire = await wireTo(nats.port);
  const stage = await startStage("ingest/main.ts", "INGEST_PORT", { NATS_URL: wire.url });
  const status = async (path: string) => (await fetch(`http://127.0.0.1:${stage.port}${path}`)).status;
  await until(async () => (await status("/readyz")) === 200);
  wire.close();
  await until(async () => (await status("/readyz")) === 503);
  expect(await status("/healthz")).toBe(200);
  await stage.stop();
});

test("a stage without NATS_URL says so in one line and ends", async () => {
  await expect(startStage("normalizer/main.ts", "NORMALIZER_PORT", { NATS_URL: "" })).rejects.toThrow(
    "ended with 1",
  );
});
