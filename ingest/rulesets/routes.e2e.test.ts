import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApi, testApi } from "../../ops/testing/api.ts";
import { sendCommand, until } from "../../ops/testing/realm.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";

const REALM = "rules";
const PATH = `${REALM}/ruleset`;
const first = await loadRuleset("amoi-1");
const pushing = (user_push: number): Ruleset => ({ ...first, contest: { ...first.contest, user_push } });
let api: TestApi;

beforeAll(async () => {
  api = await testApi(REALM, ["ingest", "normalizer"]);
});
afterAll(() => api.close());

const get = (path: string) => api.call("GET", path);

test("a realm's first ruleset is version 1, and its ETag says so", async () => {
  const answer = await get(PATH);
  expect(answer).toMatchObject({ status: 200, body: { realm_id: REALM, version: 1, ruleset: first } });
  expect(answer.headers.get("etag")).toBe('"1"');
});

test("a ruleset that is put is in force when it is answered; the one before can still be read", async () => {
  const set = await api.call("PUT", `${PATH}?note=a+try`, pushing(61));
  expect(set).toMatchObject({ status: 200, body: { realm_id: REALM, version: 2 } });
  expect((await get(PATH)).body).toMatchObject({ version: 2, note: "a try", ruleset: pushing(61) });
  expect((await get(`${PATH}?version=1`)).body).toMatchObject({ version: 1, ruleset: first });
  expect((await get(`${PATH}?version=99`)).status).toBe(404);
  expect((await get(`${PATH}?version=two`)).status).toBe(400);
  expect((await get("nowhere/ruleset")).status).toBe(404);
});

test("a key that was used before answers as the first time, whatever is in force by now", async () => {
  const headers = { "idempotency-key": "weekly-balance-1", "if-match": '"2"' };
  const set = await api.call("PUT", PATH, pushing(62), headers);
  expect(set).toMatchObject({ status: 200, body: { version: 3 } });
  expect((await api.call("PUT", PATH, pushing(62), headers)).body).toEqual(set.body);
  expect((await api.call("PUT", PATH, pushing(63), headers)).status).toBe(422);
});

test("with another version in force than If-Match says, nothing is set", async () => {
  expect((await api.call("PUT", PATH, pushing(64), { "if-match": "1" })).status).toBe(409);
  expect((await api.call("PUT", PATH, pushing(64), { "if-match": "soon" })).status).toBe(400);
  expect((await get(PATH)).body.version).toBe(3);
});

test("every reason against a ruleset is told, each with its path", async () => {
  const wrong = { ...first, tick_seconds: 0, contest: { ...first.contest, user_push: -1 }, surprise: 1 };
  const answer = await api.call("PUT", PATH, wrong);
  expect(answer.status).toBe(400);
  const paths = (answer.body.errors as { path: string }[]).map(({ path }) => path);
  expect(paths.sort()).toEqual(["contest.user_push", "surprise", "tick_seconds"]);

  const [trigger, ...others] = first.triggers;
  const senseless = {
    ...first,
    influence: { ...first.influence, burst_min: 6_000, burst_max: 50_000 },
    resources: [...first.resources, first.resources[0]],
    triggers: [{ ...trigger, when: { gt: ["faction.nobody.share_bp", 1] } }, ...others],
  };
  const refused = await api.call("PUT", PATH, senseless);
  expect(refused.status).toBe(400);
  const reasons = (refused.body.errors as { path: string }[]).map(({ path }) => path);
  expect(reasons).toEqual(["resources", `triggers.${trigger!.key}.when`]);
});

test("the history has who, when and how much; the difference has what", async () => {
  const history = (await get(`${PATH}/history`)).body as unknown as { version: number; changed: number }[];
  expect(history.map(({ version, changed }) => [version, changed])).toEqual([
    [1, 0],
    [2, 1],
    [3, 1],
  ]);
  expect(history[1]).toMatchObject({ actor: { type: "gm", id: "internal-api" }, note: "a try" });
  expect((await get(`${PATH}/diff?from=1&to=3`)).body).toEqual([
    { path: "contest.user_push", from: first.contest.user_push, to: 62 },
  ]);
  expect((await get(`${PATH}/diff?from=1`)).status).toBe(400);
});

test("a rollback sets an older ruleset as a new version", async () => {
  const answer = await api.post(`${PATH}/rollback`, { version: 1 });
  expect(answer).toMatchObject({ status: 200, body: { version: 4 } });
  expect((await get(PATH)).body).toMatchObject({ version: 4, note: "back to version 1", ruleset: first });
  expect((await api.post(`${PATH}/rollback`, { version: 9 })).status).toBe(404);
});

test("a ruleset from before the judgement had numbers is read with their defaults", async () => {
  const { judgement: _, ...old } = first;
  await sendCommand(api.nats.bus, REALM, "ruleset.set", { ruleset: old }, "from-long-ago");
  await api.post(`${PATH}/rollback`, { version: 2 });
  expect((await get(`${PATH}?version=5`)).body).toMatchObject({ ruleset: { judgement: first.judgement } });
});

test("a new process knows every version, also after NATS was killed", async () => {
  await api.nats.restart();
  await api.restart();
  const history = await until(async () => {
    const { status, body } = await get(`${PATH}/history`);
    return status === 200 && body;
  });
  expect(history).toHaveLength(6);
});
