import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApi, TOKEN, testApi } from "../../ops/testing/api.ts";
import { bodiesIn, candidate } from "../../ops/testing/realm.ts";
import type { Candidate } from "../../shared/contracts/candidate.ts";
import { PROBLEM_JSON } from "../../shared/contracts/problem.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { rawStream, subjects } from "../../shared/stream/subjects.ts";

const REALM = "hostile";
const ruleset = await loadRuleset("amoi-1");
let api: TestApi;

beforeAll(async () => {
  api = await testApi(REALM);
});
// Whatever was sent, the API still works, and nothing but what it acknowledged is in RAW.
afterAll(async () => {
  expect((await api.post("impact-candidate", candidate(REALM))).status).toBe(202);
  await api.close();
});

const stored = () => bodiesIn<Candidate>(api.nats.bus, rawStream(REALM), subjects.rawCandidate(REALM));
const changed = (change: object) => ({ ...candidate(REALM), ...change });
const text = (change: object = {}) => JSON.stringify(changed(change));
const nested = (levels: number, open: string, close: string) => open.repeat(levels) + close.repeat(levels);
const big = "a".repeat(17 * 1024);

test.each([
  ["a number as a string", changed({ base_points: "100" }), 400, "base_points"],
  ["a fraction", changed({ stakes: 0.5 }), 400, "stakes"],
  ["a number beyond 2^53", changed({ base_points: 2 ** 60 }), 400, "base_points"],
  ["an infinite number", text().replace('"stakes":6000', '"stakes":1e999'), 400, "stakes"],
  ["a full-width letter in an id", changed({ user_id: "ａda" }), 400, "user_id"],
  ["a zero-width joiner in an id", changed({ user_id: "a\u200dda" }), 400, "user_id"],
  ["a right-to-left override in an id", changed({ user_id: "a\u202eda" }), 400, "user_id"],
  ["a Cyrillic look-alike in an id", changed({ faction_id: "еmpire" }), 400, "faction_id"],
  ["a combining accent in a key", changed({ idempotency_key: "cafe\u0301-key" }), 400, "idempotency_key"],
  ["a line feed after an id", changed({ user_id: "ada\n" }), 400, "user_id"],
  ["NUL in an id", changed({ user_id: "ada\0" }), 400, "user_id"],
  ["a NATS wildcard in an id", changed({ realm_id: ">" }), 400, "realm_id"],
  ["a lone surrogate in an id", text({ user_id: "ada" }).replace('"ada"', '"\\ud800"'), 400, "user_id"],
  ["a key `constructor`", changed({ constructor: 1 }), 400, "constructor"],
  [
    "a key `constructor` with a prototype",
    text().replace("{", '{"constructor":{"prototype":{}},'),
    400,
    undefined,
  ],
  ["a key `__proto__`", text().replace("{", '{"__proto__":{"stakes":1},'), 400, undefined],
  ["an escaped `__proto__`", text().replace("{", '{"\\u005f_proto__":{"stakes":1},'), 400, undefined],
  ["2 000 arrays in a field", text().replace('"ada"', nested(2_000, "[", "]")), 400, ""],
  [
    "10 000 objects in each other",
    nested(10_000, '{"a":', "").replace(/$/, `1${"}".repeat(10_000)}`),
    400,
    "",
  ],
  ["nothing", "", 400, undefined],
  ["half a body", text().slice(0, 100), 400, undefined],
  ["null", "null", 400, ""],
  ["a text", '"candidate"', 400, ""],
  ["17 KiB", changed({ action_key: big }), 413, undefined],
  ["17 KiB in a field that nobody knows", changed({ padding: big }), 413, undefined],
  [
    "17 KiB of digits in a time",
    changed({ occurred_at: `2026-01-01T00:00:00.${"0".repeat(17_408)}Z` }),
    413,
    undefined,
  ],
])("a candidate with %s is refused", async (_what, body, status, path) => {
  const before = (await stored()).length;
  const answer = await api.post("impact-candidate", body);
  expect(answer.status).toBe(status);
  expect(answer.headers.get("content-type")).toContain(PROBLEM_JSON);
  expect(answer.body).toMatchObject({ type: "about:blank", status, detail: expect.any(String) });
  if (path !== undefined) expect((answer.body.errors as { path: string }[])[0]!.path).toBe(path);
  expect((await stored()).length).toBe(before);
});

test("an array is judged item by item, also where an item is deep, large or no object", async () => {
  const items = [text(), nested(10_000, "[", "]"), text({ action_key: big }), "7", text({ constructor: 1 })];
  const { status, body } = await api.post("impact-candidate", `[${items.join(",")}]`);
  expect(status).toBe(200);
  expect((body.results as { status: number }[]).map((result) => result.status)).toEqual([
    202, 400, 413, 400, 400,
  ]);
});

test("1 001 items are too many, whatever they are", async () => {
  expect((await api.post("impact-candidate", Array(1_001).fill(0))).status).toBe(413);
});

test("of a key that stands twice the last value counts, for the id as for the body", async () => {
  const body = text({ user_id: "last" }).replace("{", '{"user_id":"first",');
  expect((await api.post("impact-candidate", body)).status).toBe(202);
  expect((await stored()).at(-1)!.body.user_id).toBe("last");
});

test("ids that are names of JavaScript's own are fine", async () => {
  const body = changed({ user_id: "constructor", device_id: "hasOwnProperty", session_id: "toString" });
  expect((await api.post("impact-candidate", body)).status).toBe(202);
});

test.each([
  ["text/plain"],
  ["application/x-www-form-urlencoded"],
  ["application/jsonp"],
  ["application/xml"],
])("a body of %s is 415", async (type) => {
  const answer = await api.post("impact-candidate", text(), { "content-type": type });
  expect(answer).toMatchObject({ status: 415, body: { title: "Unsupported Media Type" } });
});

test("a header of 20 KiB is refused, and the server lives", async () => {
  const headers = { authorization: `Bearer ${TOKEN}`, "x-padding": "x".repeat(20 * 1024) };
  const answer = await fetch(`${api.url}/internal/world/nowhere/ruleset`, { headers });
  expect(answer.status).toBe(431);
  expect(answer.headers.get("content-type")).toBe(PROBLEM_JSON);
});

const deep = nested(20_000, '{"not":', "").replace(/$/, `{}${"}".repeat(20_000)}`);
const command = (kind: string, payload: unknown) => ({
  v: 1,
  idempotency_key: "a-hostile-command",
  realm_id: REALM,
  kind,
  actor: { type: "gm", id: "tester" },
  payload,
});

test.each([
  ["of a kind that nobody knows", command("world.end", {}), 400],
  ["with an actor that nobody knows", { ...command("tick.run", {}), actor: { type: "god", id: "x" } }, 400],
  ["with a payload of another kind", command("tick.run", { status: "active" }), 400],
  ["whose payload is a list", command("tick.run", []), 400],
  ["of 300 KiB", command("tick.run", { padding: "x".repeat(300 * 1024) }), 413],
  ["to a realm that isn't there", { ...command("tick.run", {}), realm_id: "nowhere" }, 404],
  [
    "with a trigger 20 000 levels deep",
    JSON.stringify(command("ruleset.set", { ruleset: { ...ruleset, triggers: [{ when: 0 }] } })).replace(
      '"when":0',
      `"when":${deep}`,
    ),
    400,
  ],
])("a command %s is refused", async (_what, body, status) => {
  const answer = await api.post("events/ingest", body);
  expect(answer).toMatchObject({ status, body: { status } });
});

test("a ruleset whose ids are names of JavaScript's own is refused for its holes, not by accident", async () => {
  const broken = { ...ruleset, factions: { ...ruleset.factions, constructor: {} } };
  const answer = await api.call("PUT", `${REALM}/ruleset`, broken);
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: "factions.constructor.name" }] } });
});

test.each([
  ["%3E", 400],
  ["a%00b", 400],
  ["..%2Fhostile", 400],
  ["%E2%80%AEhostile", 400],
  ["%", 400],
  ["x".repeat(33), 400],
  ["x".repeat(2_000), 404],
])("a realm named %.40s in a path is refused", async (realm, status) => {
  const answer = await api.call("GET", `${realm}/ruleset`);
  expect(answer).toMatchObject({ status, body: { type: "about:blank", status } });
});
