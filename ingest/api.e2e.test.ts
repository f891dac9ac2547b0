import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApi, testApi } from "../ops/testing/api.ts";
import { bodiesIn, candidate, sendCandidate, sendCommand, until } from "../ops/testing/realm.ts";
import { eventsStream, rawStream } from "../shared/stream/subjects.ts";

const REALM = "http";
let api: TestApi;

beforeAll(async () => {
  api = await testApi(REALM, ["ingest", "normalizer", "simulator"]);
});
afterAll(() => api.close());

const post: TestApi["post"] = (...request) => api.post(...request);

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
  await sendCandidate(api.nats.bus, sent);
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
  ["without a token", { authorization: "" }, 401],
  ["with a wrong token", { authorization: "Bearer another-token-of-16" }, 401],
  ["with malformed JSON", { body: "{" }, 400],
  ["with a stale time", { body: candidate(REALM, { occurred_at: "2020-01-01T00:00:00Z" }) }, 400],
  ["with a bare number", { body: "7" }, 400],
])(
  "a request %s is refused",
  async (_what, { authorization, body }: { authorization?: string; body?: unknown }, status) => {
    const headers = authorization === undefined ? {} : { authorization };
    expect((await post("impact-candidate", body ?? candidate(REALM), headers)).status).toBe(status);
  },
);

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
  await sendCommand(api.nats.bus, REALM, "realm.status", { status: "maintenance" }, "close-the-gates");
  await until(async () =>
    (await bodiesIn<{ idempotency_key: string }>(api.nats.bus, eventsStream(REALM), "events.command")).some(
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
  const { config, state } = await api.nats.bus.jsm.streams.info(rawStream(REALM));
  await api.nats.bus.jsm.streams.update(rawStream(REALM), { ...config, max_bytes: state.bytes });
  const answer = await post("impact-candidate", candidate(REALM));
  await api.nats.bus.jsm.streams.update(rawStream(REALM), config);
  expect(answer.status).toBe(503);
  expect(answer.headers.get("retry-after")).toBe("2");
});
