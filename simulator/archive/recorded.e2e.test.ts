import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import type { TickRecord } from "../../shared/contracts/world.ts";
import { canonical } from "../../shared/exact/canonical.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { streamEnds } from "../../shared/stream/last-message.ts";
import { eventsStream, subjects } from "../../shared/stream/subjects.ts";
import { genesis } from "../../shared/world/genesis.ts";
import { advance, stateOf } from "../advance.ts";
import { BlockedStreams } from "./blocked-streams.ts";
import type { Database } from "./database/database.ts";
import { archiveRealm } from "./realms.ts";
import { NotRecorded, openRecorded } from "./recorded.ts";
import { accepted, judged, silent, type TestPostgres, testPostgres, testRealm } from "./testing/database.ts";

let nats: TestNats;
let postgres: TestPostgres;

beforeAll(async () => {
  [nats, postgres] = await Promise.all([testNats(), testPostgres()]);
});
afterAll(() => Promise.all([nats.close(), postgres.close()]));

/** Archives all that the realm's streams hold. */
async function archived(realm: string): Promise<Database> {
  const { database, archiving } = await postgres.fresh();
  const stop = new AbortController();
  const troubles = new BlockedStreams();
  const done = archiveRealm(
    realm,
    { database: archiving, bus: nats.bus, log: silent, troubles },
    stop.signal,
  );
  const { lastSeq } = await streamEnds(nats.bus, eventsStream(realm));
  const { tick } = JSON.parse(
    (await nats.bus.jsm.streams.getMessage(`WORLD_${realm}`, {
      last_by_subj: subjects.tick(realm),
    }))!.string(),
  ) as TickRecord;
  for (;;) {
    const { rows } = await database.query(
      `SELECT 1 FROM world_state_snapshots s, archive_positions p
        WHERE s.tick_number = $1 AND p.stream = $2 AND p.through >= $3`,
      [tick, eventsStream(realm), lastSeq],
    );
    if (rows.length > 0) break;
    await delay(25);
  }
  stop.abort();
  await done;
  return database;
}

test("a world whose streams are gone is recomputed from Postgres, every tick with the recorded bytes", async () => {
  const { realm, write, tick } = await testRealm(nats.bus, "gone");
  const command = { actor: { type: "gm", id: "ada" }, received_at: "2026-03-01T10:00:00.000Z" };
  const recorded: TickRecord[] = [];
  for (let n = 0; n < 5; n++) {
    const decisions = Array.from({ length: 130 }, (_, i) => accepted(realm, n * 130 + i));
    await write(subjects.accepted, decisions);
    await write(subjects.rejected, [
      judged(accepted(realm, 9_000 + n), { validity_status: "rejected", reason: "duplicate" }),
    ]);
    if (n === 1)
      await write(subjects.command, [
        {
          ...command,
          v: 1,
          realm_id: realm,
          idempotency_key: "manual-tick-1",
          command_id: "manual",
          kind: "tick.run",
          payload: {},
          status: "passed",
          source_seq: 7,
        },
      ]);
    if (n === 2) {
      const ruleset = await loadRuleset("demo");
      ruleset.influence.decay_bp += 5;
      await write(subjects.command, [
        {
          ...command,
          v: 1,
          realm_id: realm,
          idempotency_key: "new-rules-2",
          command_id: "rules",
          kind: "ruleset.set",
          payload: { ruleset },
          status: "applied",
          ruleset_version: 2,
          source_seq: 8,
        },
        {
          ...command,
          v: 1,
          realm_id: realm,
          idempotency_key: "refused-1",
          command_id: "refused",
          kind: "realm.status",
          payload: { status: "season_end" },
          status: "refused",
          reason: "unchanged",
          source_seq: 9,
        },
      ]);
    }
    recorded.push(await tick(n === 3 ? "manual-tick-1" : undefined));
  }
  // What came after the last marker belongs to a tick that nobody has run.
  await write(subjects.accepted, [accepted(realm, 8_000)]);
  const database = await archived(realm);
  for (const name of ["RAW", "VALID", "EVENTS", "WORLD"])
    await nats.bus.jsm.streams.delete(`${name}_${realm}`);

  const { first, lastTick, inputs, records } = await openRecorded(database, realm);
  expect(lastTick).toBe(5);
  const start = genesis(realm, first.ruleset, first.at);
  const state = stateOf(start.snapshot);
  const recomputed = [start.record];
  let events = 0;
  for await (const input of inputs()) {
    const advanced = advance(state, input);
    events += advanced.events;
    if (advanced.tick !== undefined) recomputed.push(advanced.tick.record);
  }
  expect(events).toBe(651);
  expect(recomputed.slice(1).map(canonical)).toEqual(recorded.map(canonical));
  expect(state.world.public.ruleset_version).toBe(2);
  expect(state.world.private.manual_ticks).toEqual([]);
  const kept: string[] = [];
  for await (const record of records()) kept.push(canonical(record));
  expect(kept).toEqual(recomputed.map(canonical));
});

test("a world with a body that could not be archived whole is refused, and the body is named", async () => {
  const { realm, write } = await testRealm(nats.bus, "torn");
  await write(subjects.accepted, [accepted(realm, 1), { ...accepted(realm, 2), received_at: "no time" }]);
  const { inputs } = await openRecorded(await archived(realm), realm);
  const read = async () => {
    for await (const _ of inputs());
  };
  await expect(read()).rejects.toThrow("EVENTS_torn had a body at 3.1 of which only the beginning");
});

test("an archive from before markers were kept is refused, and what fills them in is said", async () => {
  const { realm, tick } = await testRealm(nats.bus, "unmarked");
  await tick();
  const database = await archived(realm);
  await database.query(`ALTER TABLE "world_events_unmarked" DISABLE TRIGGER append_only;
    DELETE FROM "world_events_unmarked" WHERE event_type = 'tick'`);
  await expect(openRecorded(database, realm)).rejects.toThrow("run npm run archive:rebuild while");
});

test("a realm that was never archived is refused by name", async () => {
  const { database } = await postgres.fresh();
  await expect(openRecorded(database, "nobody")).rejects.toThrow(NotRecorded);
});
