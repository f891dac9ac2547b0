/** An event that a game master voids and restores, from the API to Postgres. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApi, testApi } from "../../ops/testing/api.ts";
import { candidate, until } from "../../ops/testing/realm.ts";
import type { WorldSnapshot } from "../../shared/contracts/world.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import { subjects, worldStream } from "../../shared/stream/subjects.ts";
import { BlockedStreams } from "../../simulator/archive/blocked-streams.ts";
import type { Database } from "../../simulator/archive/database/database.ts";
import { archiveRealm } from "../../simulator/archive/realms.ts";
import { checkAgreement } from "../../simulator/archive/rebuild/agreement.ts";
import { silent, type TestPostgres, testPostgres } from "../../simulator/archive/testing/database.ts";

const REALM = "voided";
let api: TestApi;
let postgres: TestPostgres;
let database: Database;
const stop = new AbortController();
let archiving: Promise<void>;

beforeAll(async () => {
  [api, postgres] = await Promise.all([
    testApi(REALM, ["ingest", "normalizer", "simulator"]),
    testPostgres(),
  ]);
  const fresh = await postgres.fresh();
  database = fresh.database;
  archiving = archiveRealm(
    REALM,
    { database: fresh.archiving, bus: api.nats.bus, log: silent, troubles: new BlockedStreams() },
    stop.signal,
  );
});
afterAll(async () => {
  stop.abort(new Error("stopped"));
  await archiving;
  await Promise.all([api.close(), postgres.close()]);
});

let keys = 0;
const key = () => `void-key-${++keys}`;
const tick = async () =>
  (await api.post("tick/run", { realm_id: REALM, idempotency_key: key() })).body.tick as number;
const say = (kind: string, payload: object) =>
  api.post("events/ingest", { v: 1, idempotency_key: key(), realm_id: REALM, kind, payload });
const influence = async () => {
  const snapshot = await lastOf(api.nats.bus, worldStream(REALM), subjects.snapshot(REALM));
  return (JSON.parse(snapshot!.text()) as WorldSnapshot).state.public.factions.empire!.influence;
};
const endOf = async ({ headers }: Awaited<ReturnType<typeof say>>) =>
  (await api.call("GET", headers.get("location")!.replace("/internal/world/", ""))).body;
const rows = async () =>
  (
    await database.query(
      "SELECT tick, user_id, faction_id, applied_points::int AS points FROM influence_ledger ORDER BY tick, id",
    )
  ).rows;

test("a void takes back what an event brought, with a negative row; its restore gives it back; all is told and agrees", async () => {
  const sent = await api.post(
    "impact-candidate",
    candidate(REALM, { faction_id: "empire", base_points: 60 }),
  );
  const event = sent.body.event_id as string;
  expect((await say("event.void", { event: "a".repeat(26), note: "a bot's" })).status).toBe(404);
  await until(async () => (await api.call("GET", `${REALM}/events/${event}`)).status === 200);
  expect((await say("event.void", { event, note: "a bot's" })).status).toBe(409);
  const counted = await tick();
  const gained = await influence();
  expect(gained).toBeGreaterThan(0);

  // What a sender says that it counted for is not what is taken back.
  const lie = {
    user: "eve",
    faction: "veilborn",
    source: "chapter_outcome",
    normalized: 1,
    applied: 9_000_000,
  };
  const forged = { ...lie, day: "2026-01-01", received_at: "2026-01-01T00:00:00.000Z", source_seq: 1 };
  const voided = await say("event.void", { event, note: "a bot's", counted: forged });
  expect(voided.status).toBe(202);
  const taken = await tick();
  expect(await endOf(voided)).toEqual({ status: "applied", tick: taken });
  expect(await influence()).toBe(0);
  const told = (await api.call("GET", `${REALM}/events/${event}`)).body as {
    applied: object;
    sentence: object;
  };
  expect(told.applied).toMatchObject({ status: "applied", tick: counted, voided: expect.any(Number) });
  expect(told.sentence).toMatchObject({
    en: expect.stringMatching(/took it back since: [\d.]+ points count no longer\.$/),
    vi: expect.stringMatching(/không còn được tính\.$/),
  });
  const again = await say("event.void", { event, note: "a bot's" });
  await tick();
  expect(await endOf(again)).toEqual({ status: "refused", reason: "already_void" });

  const restored = await say("event.restore", { event, note: "it was no bot" });
  const given = await tick();
  expect(await endOf(restored)).toEqual({ status: "applied", tick: given });
  expect(await influence()).toBeGreaterThan(0);

  await until(async () => (await rows()).length === 3);
  const ada = { user_id: "ada", faction_id: "empire" };
  const [first, second, third] = await rows();
  expect(first).toMatchObject({ ...ada, tick: counted });
  expect(second).toMatchObject({ ...ada, tick: taken });
  expect(third).toEqual({ ...ada, tick: given, points: -second!.points });
  await until(async () => (await checkAgreement(database, REALM)).ticks >= given);
  expect((await checkAgreement(database, REALM)).problems).toEqual([]);
}, 60_000);
