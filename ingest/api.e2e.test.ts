import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats } from "../ops/testing/nats.ts";
import {
  bodiesIn,
  candidate,
  type Running,
  runStages,
  sendCandidate,
  sendCommand,
  testRealm,
  until,
} from "../ops/testing/realm.ts";
import { readEnv } from "../shared/env.ts";
import { listen, operationsServer } from "../shared/http.ts";
import { openLog } from "../shared/log.ts";
import { eventsStream, rawStream } from "../shared/subjects.ts";
import { internalApi } from "./api.ts";

const REALM = "http";
const TOKEN = "a-token-of-the-tests";
const env = readEnv({ INTERNAL_TOKEN: TOKEN, AMOI_LOG_LEVEL: "silent" });
let nats: TestNats;
let server: FastifyInstance;
let stages: Running;
let url = "";

beforeAll(async () => {
  nats = await testNats();
  await testRealm(nats.bus, REALM);
  stages = runStages(nats.bus, REALM, ["ingest", "normalizer", "simulator"]);
  server = operationsServer({ notReady: () => undefined });
  internalApi(server, { bus: nats.bus, env, log: openLog(env, "ingest"), realms: new Set([REALM, "fresh"]) });
  url = `http://127.0.0.1:${await listen(server, "127.0.0.1", 0)}`;
});
afterAll(async () => {
  await stages.stop();
  await server.close();
  await nats.close();
});

async function post(path: string, body: unknown, token = TOKEN) {
  const answer = await fetch(`${url}/internal/world/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return {
    status: answer.status,
    headers: answer.headers,
    body: (await answer.json()) as Record<string, unknown>,
  };
}

test("a candidate is acknowledged with its id; the same again is a duplicate; another body under its key is 422", async () => {
  const sent = candidate(REALM);
  const first = await post("impact-candidate", sent);
  expect(first).toMatchObject({
    status: 202,
    body: { duplicate: false, event_id: expect.stringMatching(/^[a-z2-7]{26}$/) },
  });
  expect(first.body.earliest_tick).toBeGreaterThanOrEqual(1);
  const again = await post("impact-candidate", Object.fromEntries(Object.entries(sent).reverse()));
  expect(again).toMatchObject({ status: 202, body: { duplicate: true, event_id: first.body.event_id } });
  const other = await post("impact-candidate", { ...sent, base_points: 1 });
  expect(other).toMatchObject({ status: 422, body: { title: "Unprocessable Content" } });
  expect(other.headers.get("content-type")).toContain("application/problem+json");
});

test("what NATS has seen is known over HTTP too", async () => {
  const sent = candidate(REALM);
  await sendCandidate(nats.bus, sent);
  expect(await post("impact-candidate", sent)).toMatchObject({ status: 202, body: { duplicate: true } });
});

test("an array is answered item by item, in its order, and one bad item doesn't sink the rest", async () => {
  const [a, b] = [candidate(REALM), candidate(REALM)];
  const { status, body } = await post("impact-candidate", [
    a,
    { ...b, stakes: -1 },
    a,
    { ...b, realm_id: "nowhere" },
    b,
    { ...b, base_points: 3 },
  ]);
  expect(status).toBe(200);
  const results = body.results as {
    status: number;
    duplicate?: boolean;
    problem?: { errors?: { path: string }[] };
  }[];
  expect(results.map((result) => result.status)).toEqual([202, 400, 202, 404, 202, 422]);
  expect(results.map((result) => result.duplicate)).toEqual([
    false,
    undefined,
    true,
    undefined,
    false,
    undefined,
  ]);
  expect(results[1]!.problem!.errors![0]!.path).toBe("stakes");
});

test("1 000 items are taken at once, 1 001 are too many", async () => {
  const items = Array.from({ length: 1_000 }, (_, i) => candidate(REALM, { user_id: `crowd-${i}` }));
  const { body } = await post("impact-candidate", items);
  expect((body.results as { status: number }[]).every(({ status }) => status === 202)).toBe(true);
  expect((await post("impact-candidate", [...items, candidate(REALM)])).status).toBe(413);
});

test("concurrent posts of one key store one event", async () => {
  const sent = candidate(REALM, { user_id: "stampede" });
  const answers = await Promise.all(Array.from({ length: 50 }, () => post("impact-candidate", sent)));
  expect(answers.every(({ status }) => status === 202)).toBe(true);
  expect(answers.filter(({ body }) => body.duplicate === false)).toHaveLength(1);
});

test.each([
  ["without a token", { token: "" }, 401],
  ["with a wrong token", { token: "another-token-of-16" }, 401],
  ["with malformed JSON", { body: "{" }, 400],
  ["with a stale time", { body: candidate(REALM, { occurred_at: "2020-01-01T00:00:00Z" }) }, 400],
  ["with a bare number", { body: "7" }, 400],
])("a request %s is refused", async (_what, { token, body }: { token?: string; body?: unknown }, status) => {
  expect((await post("impact-candidate", body ?? candidate(REALM), token ?? TOKEN)).status).toBe(status);
});

test("tick/run answers with the tick that it caused, and again with the same one", async () => {
  const run = { realm_id: REALM, idempotency_key: "tick-by-hand" };
  const first = await post("tick/run", run);
  expect(first).toMatchObject({
    status: 200,
    body: { realm_id: REALM, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
  });
  expect((await post("tick/run", run)).body).toEqual(first.body);
  expect((await post("tick/run", { realm_id: "nowhere", idempotency_key: "tick-by-hand" })).status).toBe(404);
});

test("tick/run in maintenance is a conflict", async () => {
  await sendCommand(nats.bus, REALM, "realm.status", { status: "maintenance" }, "close-the-gates");
  await until(async () =>
    (await bodiesIn<{ idempotency_key: string }>(nats.bus, eventsStream(REALM), "events.command")).some(
      ({ body }) => body.idempotency_key === "close-the-gates",
    ),
  );
  expect((await post("tick/run", { realm_id: REALM, idempotency_key: "tick-too-late" })).status).toBe(409);
});

test("a realm is made once, with a ruleset that holds together", async () => {
  expect((await post("realms", { realm_id: "fresh", name: "Fresh" })).status).toBe(201);
  expect((await post("realms", { realm_id: "fresh", name: "Fresh" })).status).toBe(409);
  expect((await post("realms", { realm_id: "UPPER", name: "x" })).status).toBe(400);
  expect(await post("impact-candidate", candidate("fresh"))).toMatchObject({ status: 202 });
});

test("when RAW is full the answer is 503 with Retry-After", async () => {
  const { config, state } = await nats.bus.jsm.streams.info(rawStream(REALM));
  await nats.bus.jsm.streams.update(rawStream(REALM), { ...config, max_bytes: state.bytes });
  const answer = await post("impact-candidate", candidate(REALM));
  await nats.bus.jsm.streams.update(rawStream(REALM), config);
  expect(answer.status).toBe(503);
  expect(answer.headers.get("retry-after")).toBe("2");
});
