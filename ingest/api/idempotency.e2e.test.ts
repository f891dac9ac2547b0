import { afterAll, beforeAll, expect, test } from "vitest";
import { type Answer, type TestApi, testApi } from "../../ops/testing/api.ts";
import { bodiesIn, candidate, until } from "../../ops/testing/realm.ts";
import { rawStream } from "../../shared/stream/subjects.ts";

const REALM = "keys";
let api: TestApi;

beforeAll(async () => {
  api = await testApi(REALM, ["ingest", "normalizer", "simulator"]);
});
afterAll(() => api.close());

/** A candidate without a key of its own. */
function keyless(change: object = {}) {
  const { idempotency_key: _, ...body } = candidate(REALM);
  return { ...body, ...change };
}
const post = (body: unknown, key?: string, path = "impact-candidate") =>
  api.post(path, body, key === undefined ? {} : { "idempotency-key": key });

/** Asks until NATS is back. */
const answered = (ask: () => Promise<Answer>) =>
  until(async () => {
    const answer = await ask();
    return answer.status !== 503 && answer;
  });

test("the header is the key of a candidate that has none, with or without quotes", async () => {
  const body = keyless();
  const first = await post(body, "from-the-header");
  expect(first).toMatchObject({ status: 202, body: { duplicate: false } });
  for (const again of [
    await post(body, '"from-the-header"'),
    await post({ ...body, idempotency_key: "from-the-header" }),
    await post({ ...body, idempotency_key: "from-the-header" }, "from-the-header"),
  ])
    expect(again).toMatchObject({ status: 202, body: { ...first.body, duplicate: true } });
});

test.each([
  ["without any key", keyless(), undefined, "idempotency_key"],
  ["with two keys that differ", keyless({ idempotency_key: "one-of-two" }), "two-of-two", "idempotency_key"],
  ["with a key in the header that is none", keyless(), "a key with spaces", "Idempotency-Key"],
  ["that is an array with a header's key", [candidate(REALM)], "for-all-of-them", "Idempotency-Key"],
])("a body %s is refused, and the place is named", async (_what, body, key, path) => {
  expect(await post(body, key)).toMatchObject({ status: 400, body: { errors: [{ path }] } });
});

test("a repeat after ingest and NATS were restarted is answered as the first time; another body is 422", async () => {
  const body = keyless();
  const first = await post(body, "before-the-storm");
  const command = {
    v: 1,
    realm_id: REALM,
    kind: "member.join",
    actor: { type: "gm", id: "tester" },
    payload: { user: "ada", faction: "empire" },
  };
  const joined = await post(command, "join-before-the-storm", "events/ingest");
  expect(joined).toMatchObject({ status: 202, body: { duplicate: false } });

  await api.restart();
  expect(await post(body, "before-the-storm")).toMatchObject({
    status: 202,
    body: { ...first.body, duplicate: true },
  });
  await api.nats.restart();
  await api.restart();
  expect(await answered(() => post(body, "before-the-storm"))).toMatchObject({
    status: 202,
    body: { ...first.body, duplicate: true },
  });
  expect((await post({ ...body, stakes: 1 }, "before-the-storm")).status).toBe(422);
  expect(await post(command, "join-before-the-storm", "events/ingest")).toMatchObject({
    status: 202,
    body: { command_id: joined.body.command_id, duplicate: true },
  });
  const other = { ...command, payload: { user: "bo", faction: "empire" } };
  expect((await post(other, "join-before-the-storm", "events/ingest")).status).toBe(422);

  const stored = await bodiesIn<{ idempotency_key: string }>(api.nats.bus, rawStream(REALM), "");
  const kept = stored.filter(({ body }) => body.idempotency_key.endsWith("before-the-storm"));
  expect(kept).toHaveLength(2);
});

test("a repeat after a tick still names the tick that could count the first", async () => {
  const body = keyless();
  const first = await answered(() => post(body, "before-the-tick"));
  const run = { realm_id: REALM };
  const ticked = await answered(() => post(run, "tick-between", "tick/run"));
  expect(ticked).toMatchObject({ status: 200, body: { tick: first.body.earliest_tick } });
  expect((await post(run, "tick-between", "tick/run")).body).toEqual(ticked.body);
  expect((await post(body, "before-the-tick")).body).toEqual({ ...first.body, duplicate: true });
  expect((await post({ ...run, realm_id: "nowhere" }, "tick-between", "tick/run")).status).toBe(404);
});
