import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApi, testApi } from "../../ops/testing/api.ts";
import { candidate, until } from "../../ops/testing/realm.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";

const REALM = "players";
let api: TestApi;
beforeAll(async () => {
  api = await testApi(REALM, ["ingest", "normalizer", "simulator"]);
});
afterAll(() => api.close());

let keys = 0;
const say = (kind: string, payload: object, more: object = {}) =>
  api.post("events/ingest", {
    ...{ v: 1, idempotency_key: `player-key-${++keys}`, realm_id: REALM, kind, payload },
    ...more,
  });
const player = async (user: string) => (await api.call("GET", `${REALM}/players/${user}`)).body;

test("a player's faction, points, what the caps leave, and bans are what the judgement knows", async () => {
  const { caps } = await loadRuleset("amoi-1");
  const unknown = await player("nobody");
  expect(unknown).toMatchObject({ points: { today: 0, week: 0 }, standing: false });
  expect(unknown).not.toHaveProperty("faction");
  expect(unknown).toMatchObject({ left: { user_day: caps.user_day * 1_000 } });

  await api.post(
    "impact-candidate",
    candidate(REALM, { faction_id: "empire", idempotency_key: "known-key-1" }),
  );
  const found = await until(async () => {
    const path = `${REALM}/events?user_id=ada&idempotency_key=known-key-1`;
    const { status, body } = await api.call("GET", path);
    return status === 200 && body;
  });
  const { normalized_points: points, daily_cap_bucket: day } = found.verdict as Record<string, number>;
  const { source } = found.candidate as { source: keyof typeof caps.source_day };
  const ada = await player("ada");
  expect(ada).toMatchObject({
    faction: "empire",
    since: expect.any(String),
    moves_from: expect.any(String),
    day,
    points: { today: points, week: points },
    left: {
      user_day: caps.user_day * 1_000 - points!,
      sources: { [source]: caps.source_day[source] * 1_000 - points! },
    },
    standing: false,
  });
  expect(ada).not.toHaveProperty("banned_until");

  await say("user.ban", { user: "ada", until: "2090-01-01T00:00:00.000Z", note: "a bot" });
  await until(async () => (await player("ada")).banned_until === "2090-01-01T00:00:00.000Z");
});

test("an open vote of their council is told, until they voted and after", async () => {
  const options = [
    { text: "As it is", effects: [] },
    { text: "Another way", effects: [] },
  ];
  await say("council.open", { faction: "empire", options });
  await api.post("tick/run", { realm_id: REALM, idempotency_key: "council-tick" });
  expect(await player("ada")).toMatchObject({ ballot: { closes_tick: expect.any(Number), voted: false } });
});

test("a key that nothing came under, and a query that is no key, are refused with a reason", async () => {
  const at = (query: string) => api.call("GET", `${REALM}/events?${query}`);
  expect((await at("user_id=ada&idempotency_key=unknown-key")).status).toBe(404);
  expect((await at("user_id=ada")).status).toBe(400);
  expect((await api.call("GET", "nowhere/players/ada")).status).toBe(404);
});
