import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import {
  bodiesIn,
  candidate,
  type Running,
  runStages,
  sendCandidate,
  testRealm,
  until,
} from "../../ops/testing/realm.ts";
import { readEnv } from "../../shared/process/env.ts";
import { listen, operationsServer } from "../../shared/process/http.ts";
import { openLog } from "../../shared/process/log.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { KnownRealms } from "../../shared/stage/known-realms.ts";
import { eventsStream, subjects } from "../../shared/stream/subjects.ts";
import { internalApi } from "../api.ts";
import { ShadowAnswer } from "./shadow-routes.ts";

const REALM = "beside";
const RUNNING = "running";
const TOKEN = "a-token-of-the-tests";
const env = readEnv({ INTERNAL_TOKEN: TOKEN, AMOI_LOG_LEVEL: "silent" });
const rules = await loadRuleset("amoi-1");
const tight = { ...rules, caps: { ...rules.caps, user_day: 100 } };
let nats: TestNats;
let server: FastifyInstance;
let url = "";

beforeAll(async () => {
  nats = await testNats();
  for (const realm of [REALM, RUNNING]) await testRealm(nats.bus, realm);
  server = operationsServer({ notReady: () => undefined }, () => true);
  internalApi(server, {
    bus: nats.bus,
    env,
    log: openLog(env, "ingest"),
    realms: new KnownRealms([REALM, RUNNING]),
  });
  url = `http://127.0.0.1:${await listen(server, "127.0.0.1", 0)}`;
});
afterAll(async () => {
  await server.close();
  await nats.close();
});

async function call(method: string, realm: string, body?: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(`${url}/internal/world/${realm}/shadow`, {
    method,
    headers: {
      authorization: `Bearer ${TOKEN}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

const eventsOf = async (prefix: string) => bodiesIn<object>(nats.bus, eventsStream(REALM), prefix);
const decided = (prefix: string, count: number) =>
  until(async () => (await eventsOf(prefix)).length === count);
const begin = (): Running => runStages(nats.bus, REALM, ["ingest", "normalizer"]);

test("a shadow is set, counts beside the realm's own rules, survives a restart, and is cleared", async () => {
  let stages = begin();
  expect((await call("GET", REALM)).status).toBe(404);
  const set = await call("PUT", REALM, tight, { "idempotency-key": "shadow-set-1" });
  expect(set).toEqual({
    status: 202,
    body: { command_id: expect.stringMatching(/^[a-z2-7]{26}$/), duplicate: false },
  });
  expect(await call("PUT", REALM, tight, { "idempotency-key": "shadow-set-1" })).toEqual({
    status: 202,
    body: { ...set.body, duplicate: true },
  });
  await decided(subjects.command(REALM), 2);
  await sendCandidate(nats.bus, candidate(REALM));
  await sendCandidate(nats.bus, candidate(REALM, { territory_id: "atlantis" }));
  await decided("events.accepted", 1);
  await decided("events.rejected", 1);
  await stages.stop();

  const first = ShadowAnswer.parse((await call("GET", REALM)).body);
  expect(first).toMatchObject({ realm: REALM, through: 3, ruleset: tight });
  expect(first.counts).toMatchObject({
    candidates: 2,
    verdict_differs: 0,
    points_differ: 1,
    errors: 0,
    live: { accepted: 1, rejected: { unknown_territory: 1 }, clipped: {}, points: { empire: 122_000 } },
    shadow: {
      accepted: 1,
      rejected: { unknown_territory: 1 },
      clipped: { user_day: 22_000 },
      points: { empire: 100_000 },
    },
  });

  stages = begin();
  await sendCandidate(nats.bus, candidate(REALM, { user_id: "bo" }));
  await decided("events.accepted", 2);
  await stages.stop();
  const second = ShadowAnswer.parse((await call("GET", REALM)).body);
  expect(second.counts).toMatchObject({ candidates: 3, live: { accepted: 2 }, shadow: { accepted: 2 } });
  expect([second.since, second.label]).toEqual([first.since, first.label]);
  // Beside it the realm decided as ever.
  expect(await eventsOf("events.accepted")).toMatchObject([
    { body: { normalized_points: 122_000, clipped: [] } },
    { body: { normalized_points: 122_000, clipped: [] } },
  ]);

  stages = begin();
  expect((await call("DELETE", REALM)).status).toBe(202);
  await decided(subjects.command(REALM), 3);
  await stages.stop();
  expect((await call("GET", REALM)).status).toBe(404);
});

test("the report can be read while the realm runs", async () => {
  const stages = runStages(nats.bus, RUNNING, ["ingest", "normalizer"]);
  await call("PUT", RUNNING, tight);
  const report = await until(async () => {
    await sendCandidate(nats.bus, candidate(RUNNING));
    const answer = await call("GET", RUNNING);
    return answer.status === 200 && ShadowAnswer.parse(answer.body);
  });
  await stages.stop();
  expect(report.counts.errors).toBe(0);
});

test("every reason against shadow rules is told with its path, and nothing is sent", async () => {
  const before = (await nats.bus.jsm.streams.info(`RAW_${REALM}`)).state.last_seq;
  const wrong = { ...rules, tick_seconds: 0, caps: { ...rules.caps, user_day: 7 } };
  const paths = (answer: { body: Record<string, unknown> }) =>
    (answer.body.errors as { path: string }[]).map(({ path }) => path);
  const bySchema = await call("PUT", REALM, wrong);
  expect(bySchema.status).toBe(400);
  expect(paths(bySchema)).toEqual(["tick_seconds", "caps.user_day"]);
  const senseless = {
    ...rules,
    triggers: [{ ...rules.triggers[0], when: { gt: ["faction.nobody.share_bp", 1] }, rearm: "auto" }],
  };
  const byCheck = await call("PUT", REALM, senseless);
  expect(byCheck.status).toBe(400);
  expect(paths(byCheck).join()).toContain("triggers.");
  expect((await call("PUT", REALM, rules, { "idempotency-key": "?" })).status).toBe(400);
  expect((await call("PUT", "nowhere", rules)).status).toBe(404);
  expect((await call("GET", "nowhere")).status).toBe(404);
  expect((await nats.bus.jsm.streams.info(`RAW_${REALM}`)).state.last_seq).toBe(before);
});
