import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type TestNats, testNats, wireTo } from "../../ops/testing/nats.ts";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { IngestRejection } from "../../shared/contracts/decision.ts";
import { canonicalHash } from "../../shared/exact/canonical.ts";
import { registry } from "../../shared/process/metrics.ts";
import { openBus } from "../../shared/stream/bus.ts";
import { streamEnds } from "../../shared/stream/last-message.ts";
import { publishBatch, publishOne } from "../../shared/stream/publish.ts";
import { eventsStream, subjects, validStream, worldStream } from "../../shared/stream/subjects.ts";
import { passed } from "../testing/command-builders.ts";
import { BlockedStreams } from "./blocked-streams.ts";
import type { Database } from "./database/database.ts";
import { archive, readPosition } from "./database/position.ts";
import { archiveRealm } from "./realms.ts";
import { checkAgreement } from "./rebuild/agreement.ts";
import {
  accepted,
  judged,
  silent,
  type TestPostgres,
  type TestRealm,
  testPostgres,
  testRealm,
} from "./testing/database.ts";

let nats: TestNats;
let postgres: TestPostgres;
let database: Database;
let archiving: Database;
let troubles: BlockedStreams;
let world: TestRealm;
let realm: string;
let made = 0;
const running: { stop: AbortController; done: Promise<void> }[] = [];

beforeAll(async () => {
  [nats, postgres] = await Promise.all([testNats(), testPostgres()]);
});
afterAll(() => Promise.all([nats.close(), postgres.close()]));
beforeEach(async () => {
  ({ database, archiving } = await postgres.fresh());
  troubles = new BlockedStreams();
  world = await testRealm(nats.bus, `realm-${++made}`);
  realm = world.realm;
});
afterEach(stopAll);

function start(bus = nats.bus): void {
  const stop = new AbortController();
  const done = archiveRealm(realm, { database: archiving, bus, log: silent, troubles }, stop.signal);
  running.push({ stop, done });
}
async function stopAll(): Promise<void> {
  for (const { stop, done } of running.splice(0)) {
    stop.abort(new Error("stopped"));
    await done;
  }
}
/** Waits until `query` answers `expected` as its one value. */
async function until(query: string, expected: unknown): Promise<void> {
  let found: unknown;
  for (let i = 0; i < 800; i++) {
    try {
      found = await one(query);
      if (found === expected) return;
    } catch (error) {
      found = error;
    }
    await delay(25);
  }
  expect(found, `${query}; ${troubles.summary()}`).toBe(expected);
}
/** Rows of bodies besides tick markers. */
const DECIDED = "SELECT count(*) FROM world_events WHERE event_type <> 'tick' AND stream <> 'WORLD'";
const one = async (query: string): Promise<unknown> =>
  Object.values((await database.query(query)).rows[0] ?? {})[0];
const all = async (query: string): Promise<unknown[]> => (await database.query(query)).rows;
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => accepted(realm, from + i));
const rejection = (head: string, source_seq: number): IngestRejection => ({
  kind: "candidate",
  reason: "not_json",
  message: "not JSON",
  sha256: "00",
  head,
  received_at: "2026-03-01T10:00:00.000Z",
  source_seq,
});

test("everything that was decided is a row, with its verdict and its reason", async () => {
  await world.write(subjects.accepted, [accepted(realm, 1)]);
  await world.write(subjects.quarantined, [
    judged(accepted(realm, 2), { validity_status: "quarantined", reason: "burst_user" }),
  ]);
  await world.write(subjects.rejected, [
    judged(accepted(realm, 3), { validity_status: "rejected", reason: "duplicate" }),
  ]);
  await world.write(subjects.ingestRejected, [rejection("{", 9)]);
  start();
  await until(DECIDED, 5);
  expect(
    await all(
      "SELECT event_type, source_type, source_id, validity_status, reason, weight FROM world_events ORDER BY stream, stream_seq",
    ),
  ).toEqual(
    [
      ["ruleset.set", "system", "provision", "accepted", null, 0],
      ["territory_push", "player", "user-1", "accepted", null, 122_001],
      ["territory_push", "player", "user-2", "quarantined", "burst_user", 0],
      ["territory_push", "player", "user-3", "rejected", "duplicate", 0],
      ["candidate", "player", null, "rejected", "not_json", 0],
    ].map(([event_type, source_type, source_id, validity_status, reason, weight]) => ({
      event_type,
      source_type,
      source_id,
      validity_status,
      reason,
      weight,
    })),
  );
  expect(await one("SELECT id FROM world_events WHERE stream = 'VALID'")).toBe("raw-9");
});

test("a receipt is a row once by its player and key, however often it comes; world_events has every coming", async () => {
  let seq = 700;
  const receipt = (user: string, key: string, rev: number, more: object = {}) => ({
    ...{ v: 1, idempotency_key: key, realm_id: realm, kind: "chapter.receipt", status: "applied" },
    actor: { type: "player", id: user },
    payload: { chapter: "c1", rev, ticket: "t", cites: [{ ref: "t4.flip", span: [0, 9] }], claims: [] },
    command_id: "a".repeat(26),
    received_at: "2026-03-01T10:00:00.000Z",
    source_seq: seq++,
    ...more,
  });
  const daily = { kind: "activity.daily", payload: { day: "2026-03-01", cohort: "control" } };
  await world.write(subjects.command, [
    receipt("ada", "receipt-1", 1),
    receipt("ada", "receipt-1", 1),
    receipt("bo", "receipt-1", 2),
    receipt("ada", "activity-1", 0, daily),
    receipt("eve", "receipt-9", 0), // No revision of anything.
  ]);
  await world.write(subjects.command, [receipt("ada", "receipt-1", 7), receipt("ada", "receipt-2", 2)]);
  start();
  await until(
    "SELECT count(*) FROM world_events WHERE event_type IN ('chapter.receipt', 'activity.daily')",
    7,
  );
  expect(
    await all(
      "SELECT user_id, idempotency_key, kind, payload_json->>'rev' AS rev FROM receipts ORDER BY 1, 2",
    ),
  ).toEqual(
    [
      ["ada", "activity-1", "activity.daily", null],
      ["ada", "receipt-1", "chapter.receipt", "1"],
      ["ada", "receipt-2", "chapter.receipt", "2"],
      ["bo", "receipt-1", "chapter.receipt", "2"],
    ].map(([user_id, idempotency_key, kind, rev]) => ({ user_id, idempotency_key, kind, rev })),
  );
});

test("world_events refuses UPDATE, DELETE and TRUNCATE, on the table and on a realm's partition", async () => {
  start();
  await until(DECIDED, 1);
  for (const table of ["world_events", `"world_events_${realm}"`])
    for (const change of [
      `UPDATE ${table} SET reason = 'x'`,
      `DELETE FROM ${table}`,
      `TRUNCATE ${table}`,
      `SET session_replication_role = replica; DELETE FROM ${table}`,
    ])
      await expect(database.query(change)).rejects.toThrow("append-only");
  expect(await one(DECIDED)).toBe(1);
});

test("a tick is archived with its state, its ledger and the realm as it is now", async () => {
  await world.write(subjects.accepted, numbered(0, 300));
  const first = await world.tick();
  await world.write(subjects.accepted, numbered(300, 330));
  await world.tick();
  await world.tick();
  start();
  await until("SELECT max(tick_number) FROM world_state_snapshots", 3);
  expect(await checkAgreement(database, realm)).toEqual({ ticks: 3, problems: [] });

  const { cap, sum } = first.factions.empire!;
  expect(sum).toBeGreaterThan(cap);
  expect(
    await one(
      "SELECT sum(applied_points)::bigint FROM influence_ledger WHERE tick = 1 AND faction_id = 'empire'",
    ),
  ).toBe(cap);
  expect(await all("SELECT tick, count(*) FROM influence_ledger GROUP BY tick ORDER BY tick")).toEqual([
    { tick: 1, count: 300 },
    { tick: 2, count: 30 },
  ]);
  expect(await one("SELECT count(*) FROM memberships")).toBe(330);
  expect(await one("SELECT count(*) FROM territories")).toBe(7);
  expect(await one("SELECT name FROM territories WHERE id = 'iron_gate'")).toBe("Cổng Sắt");
  expect(await one("SELECT cooldown_ticks FROM world_triggers WHERE trigger_key = 'age_of_iron'")).toBe(20);
  expect(await one("SELECT count(*) FROM rulesets")).toBe(1);
  expect(await one("SELECT season_id FROM seasons")).toBe(1);
  const { state_json, public_hash, ...snapshot } = (
    await database.query("SELECT * FROM world_state_snapshots WHERE tick_number = 1")
  ).rows[0];
  expect(snapshot.hash).toBe(first.hash);
  expect(public_hash).toBe(first.public_hash);
  expect(snapshot.created_at.toISOString()).toBe(first.at);
  expect(snapshot.faction_state_json).toEqual(state_json.factions);
  expect(Object.keys(snapshot.resource_state_json).sort()).toEqual(["empire", "freeholds", "veilborn"]);
  expect(await one("SELECT influence_points FROM factions WHERE id = 'empire'")).toBe(
    await one(
      "SELECT faction_state_json->'empire'->'influence' FROM world_state_snapshots WHERE tick_number = 3",
    ),
  );
});

test("an archive that begins again where it stopped writes nothing twice and misses nothing", async () => {
  for (let round = 0; round < 4; round++) {
    start();
    await world.write(subjects.accepted, numbered(round * 100, round * 100 + 100));
    await world.tick();
    if (round % 2 === 0) await delay(60);
    await stopAll();
  }
  start();
  await until("SELECT max(tick_number) FROM world_state_snapshots", 4);
  await until(DECIDED, 401);
  expect(await one("SELECT count(*) FROM influence_ledger")).toBe(400);
  expect(await checkAgreement(database, realm)).toEqual({ ticks: 4, problems: [] });
});

test("the same messages again, after the positions were lost, make no row twice", async () => {
  await world.write(subjects.accepted, numbered(0, 120));
  await world.tick();
  start();
  await until("SELECT count(*) FROM influence_ledger", 120);
  await until(DECIDED, 121);
  await stopAll();
  await database.query("UPDATE archive_positions SET through = 0 WHERE stream LIKE 'EVENTS%'");
  start();
  await until("SELECT through > 3 FROM archive_positions WHERE stream LIKE 'EVENTS%'", true);
  expect(await one(DECIDED)).toBe(121);
});

test("two archives of one realm write every row once", async () => {
  start();
  start();
  for (let n = 0; n < 5; n++) {
    await world.write(subjects.accepted, numbered(n * 200, n * 200 + 200));
    await world.tick();
  }
  await until("SELECT max(tick_number) FROM world_state_snapshots", 5);
  await until(DECIDED, 1_001);
  expect(await one("SELECT count(*) FROM influence_ledger")).toBe(1_000);
  expect(await checkAgreement(database, realm)).toEqual({ ticks: 5, problems: [] });
});

test("a transaction from a position that has moved is refused whole", async () => {
  start();
  await until(DECIDED, 1);
  await stopAll();
  const stream = eventsStream(realm);
  const position = await readPosition(database, nats.bus, realm, stream);
  const write = async () => {};
  await archive(database, { ...position, through: position.through }, position.through, write);
  await expect(archive(database, { ...position, through: 0 }, 1, write)).rejects.toThrow(
    "no longer archived up to 0",
  );
});

test("Postgres dies and comes back: nothing upstream notices, readiness says why, everything is there", async () => {
  start();
  await world.write(subjects.accepted, numbered(0, 50));
  await until(DECIDED, 51);
  await postgres.kill();
  await world.write(subjects.accepted, numbered(50, 150));
  await world.tick();
  while (!troubles.summary()?.includes("ECONNREFUSED")) await delay(10);
  const lag = registry.getSingleMetric("amoi_archive_lag_messages")!;
  while ((await lag.get()).values.find(({ labels }) => labels.stream === eventsStream(realm))?.value !== 3)
    await delay(20);
  await postgres.startAgain();
  await until("SELECT count(*) FROM influence_ledger", 150);
  await until(DECIDED, 151);
  expect(await checkAgreement(database, realm)).toEqual({ ticks: 1, problems: [] });
  while (troubles.summary() !== undefined) await delay(10);
});

test("what NATS delivered into a connection that broke is read anew, also when nothing comes after it", async () => {
  const wire = await wireTo(nats.port);
  const bus = await openBus({ natsUrl: wire.url, name: "archive" });
  start(bus);
  await until(DECIDED, 1);
  wire.swallowReplies(true);
  await world.write(subjects.accepted, numbered(0, 120));
  await delay(100);
  wire.swallowReplies(false);
  wire.cut();
  await until(DECIDED, 121);
  await stopAll();
  await bus.close();
  wire.close();
});

test("NUL, lone surrogates and values that Postgres refuses block nothing", async () => {
  await world.write(subjects.ingestRejected, [rejection("a\0b\ud800", 1)]);
  await world.write(subjects.accepted, [
    accepted(realm, 1),
    { ...accepted(realm, 2), received_at: "no time" },
    accepted(realm, 3),
  ]);
  await world.write(subjects.quarantined, [
    judged(accepted(realm, 4), { validity_status: "quarantined", reason: "stage_error" }),
  ]);
  start();
  await until("SELECT count(*) FROM world_events WHERE reason = 'stage_error'", 1);
  // Nor does the ledger wait for the event without a time: it says that a row is missing.
  await world.tick();
  await until("SELECT count(*) FROM influence_ledger", 2);
  expect((await checkAgreement(database, realm)).problems).toHaveLength(1);
  await until("SELECT payload_json->>'head' FROM world_events WHERE stream = 'VALID'", "a\\u0000b\ufffd");
  expect(
    await all(
      "SELECT stream_seq, frame_index FROM world_events WHERE event_type = 'unreadable' ORDER BY 1, 2",
    ),
  ).toEqual([{ stream_seq: 3, frame_index: 1 }]);
  expect(await one(`${DECIDED} AND validity_status = 'accepted'`)).toBe(3);
});

test("a command that sets the realm's status sets it here, a refused one doesn't", async () => {
  start();
  const command = {
    v: 1,
    realm_id: realm,
    idempotency_key: "a-key-of-ada",
    command_id: "a",
    source_seq: 9,
    kind: "realm.status",
    actor: { type: "gm", id: "ada" },
    received_at: "2026-03-01T10:00:00.000Z",
  };
  await world.write(subjects.command, [
    { ...command, payload: { status: "maintenance" }, status: "applied" },
    { ...command, payload: { status: "season_end" }, status: "refused", reason: "unchanged" },
  ]);
  await until("SELECT count(*) FROM world_events WHERE event_type = 'realm.status'", 2);
  expect(await one("SELECT status FROM realms")).toBe("maintenance");
});

test("a bundle that isn't one refuses the stream by its sequence, and what came before it is archived", async () => {
  start();
  await world.write(subjects.accepted, [accepted(realm, 1)]);
  const { seq } = await publishOne(nats.bus, {
    subject: subjects.command(realm),
    data: '{"kind":"realm.status"}',
  });
  await world.write(subjects.accepted, [accepted(realm, 2)]);
  while (troubles.summary() === undefined) await delay(10);
  expect(troubles.summary()).toContain(`message ${seq} of ${eventsStream(realm)}`);
  await until(DECIDED, 2);
  await nats.bus.jsm.streams.deleteMessage(eventsStream(realm), seq);
  await until(DECIDED, 3);
  expect(troubles.summary()).toBe(undefined);
});

test("a position moves over what isn't archived, so that a purge knows how far it may go", async () => {
  start();
  await world.write(subjects.validCandidate, [{}, {}]);
  const { lastSeq } = await streamEnds(nats.bus, validStream(realm));
  await until(`SELECT through FROM archive_positions WHERE stream = '${validStream(realm)}'`, lastSeq);
});

test("messages that were purged before they were archived are a loud gap, never skipped", async () => {
  await world.write(subjects.accepted, numbered(0, 10));
  start();
  await until(DECIDED, 11);
  await stopAll();
  await world.write(subjects.accepted, numbered(10, 20));
  await world.write(subjects.accepted, numbered(20, 30));
  const { lastSeq } = await streamEnds(nats.bus, eventsStream(realm));
  await nats.bus.jsm.streams.purge(eventsStream(realm), { seq: lastSeq });
  start();
  while (troubles.summary() === undefined) await delay(10);
  expect(troubles.summary()).toContain("what lies between is missing");
  expect(await one(DECIDED)).toBe(11);
});

test("a delta that doesn't lead to the state of its record is refused, and nothing of it is archived", async () => {
  start();
  const { tick, hash: prev_hash, ...record } = await world.tick();
  await until("SELECT max(tick_number) FROM world_state_snapshots", 1);
  const next = { ...record, tick: tick + 1, prev_hash };
  await publishBatch(nats.bus, [
    { subject: subjects.tick(realm), data: JSON.stringify({ ...next, hash: canonicalHash(next) }) },
    {
      subject: subjects.delta(realm),
      data: JSON.stringify({
        realm,
        tick: tick + 1,
        prev: record.public_hash,
        hash: record.public_hash,
        patch: { status: "maintenance" },
        events: [],
      }),
    },
  ]);
  while (troubles.summary() === undefined) await delay(10);
  expect(troubles.summary()).toContain(worldStream(realm));
  expect(troubles.summary()).toContain("its delta leads to");
  expect(await one("SELECT max(tick_number) FROM world_state_snapshots")).toBe(1);
});

test("a record that says another sum than its events have is archived, told, and counted by a metric", async () => {
  start();
  await world.write(subjects.accepted, numbered(0, 10));
  await world.tick(undefined, ({ factions }) => {
    factions.empire!.sum += 1;
  });
  await world.write(subjects.accepted, numbered(10, 20));
  await world.tick();
  await until("SELECT max(tick_number) FROM world_state_snapshots", 2);
  const { values } = await registry.getSingleMetric("amoi_archive_disagreements_total")!.get();
  expect(values.find(({ labels }) => labels.realm === realm)?.value).toBe(2);
  const { ticks, problems } = await checkAgreement(database, realm);
  expect(ticks).toBe(2);
  expect(problems.map((problem) => problem.replace(/\d+ by its record, \d+/, "n by its record, m"))).toEqual([
    "tick 1: empire gained n by its record, m by the ledger",
    "tick 1: empire gained n by its record, m by its influence",
  ]);
});

test("a row of the ledger that was changed, moved to another tick or removed is found, to the milli-point", async () => {
  await world.write(subjects.accepted, numbered(0, 10));
  await world.tick();
  await world.write(subjects.accepted, numbered(10, 20));
  await world.tick();
  start();
  await until("SELECT count(*) FROM influence_ledger", 20);
  const after = async (change: string) => {
    const client = await database.connect();
    try {
      await client.query("BEGIN");
      await client.query(change);
      const checked = await checkAgreement(client, realm);
      return checked.problems.map((problem) => problem.replaceAll(/\d{4,}/g, "n"));
    } finally {
      await client.query("ROLLBACK");
      client.release();
    }
  };
  const gained = (tick: number, faction: string) =>
    `tick ${tick}: ${faction} gained n by its record, n by the ledger`;
  const ledger = "influence_ledger";
  expect(
    await after(`UPDATE ${ledger} SET applied_points = applied_points + 1 WHERE user_id = 'user-0'`),
  ).toEqual([gained(1, "empire")]);
  expect(await after(`UPDATE ${ledger} SET tick = 2 WHERE user_id = 'user-1'`)).toEqual([
    gained(1, "freeholds"),
    gained(2, "freeholds"),
  ]);
  expect(await after(`DELETE FROM ${ledger} WHERE user_id = 'user-11'`)).toEqual([gained(2, "veilborn")]);
  expect(await after(`UPDATE ${ledger} SET faction_id = 'nobody' WHERE user_id = 'user-3'`)).toEqual([
    "tick 1: the ledger has points of nobody, the record doesn't know it",
    gained(1, "empire"),
  ]);
  expect(await after(`UPDATE ${ledger} SET tick = 9 WHERE user_id = 'user-4'`)).toEqual([
    gained(1, "freeholds"),
    "tick 9 has 1 ledger entries and no snapshot",
  ]);
  expect(await after("SELECT 1")).toEqual([]);
});

test("from commands to rows: an action with its initiator, a season with its results, an influence kept by a tenth", async () => {
  const say = (...commands: DecidedCommand[]) =>
    world.write(
      subjects.command,
      commands.map((command) => ({ ...command, realm_id: realm })),
    );
  await world.write(subjects.accepted, numbered(0, 300));
  await say(
    passed("resource.grant", { faction: "empire", resource: "iron", amount: 900_000 }, 501),
    passed("sovereign.propose", { action_type: "iron_levy", faction: "empire" }, 502),
    passed("sovereign.propose", { action_type: "iron_levy", faction: "veilborn" }, 503),
  );
  await world.tick();
  start();
  await until("SELECT status FROM sovereign_actions", "proposed");
  await say(passed("season.close", {}, 504));
  await world.tick();
  await say(passed("season.open", {}, 505));
  await world.write(subjects.accepted, numbered(300, 310));
  await world.tick();
  await until("SELECT max(tick_number) FROM world_state_snapshots", 3);
  expect(await checkAgreement(database, realm)).toEqual({ ticks: 3, problems: [] });
  expect(
    await all("SELECT id, faction_id, initiator_user_id, action_type, status FROM sovereign_actions"),
  ).toEqual([
    {
      id: "command-502",
      faction_id: "empire",
      initiator_user_id: "gm",
      action_type: "iron_levy",
      status: "cancelled",
    },
  ]);
  const seasons = await all(
    "SELECT season_id, started_tick, ended_tick, results_json->'standings'->0->>'faction' AS first FROM seasons ORDER BY 1",
  );
  expect(seasons).toEqual([
    { season_id: 1, started_tick: 0, ended_tick: 2, first: expect.any(String) },
    { season_id: 2, started_tick: 3, ended_tick: null, first: null },
  ]);
  expect(await one("SELECT season_id FROM realms")).toBe(2);
});

test("of a command that the world decides a second row says what it came to; what the tick made happen is a row each", async () => {
  const ada = { type: "player", id: "ada" } as const;
  const commands = [
    passed("resource.grant", { faction: "empire", resource: "iron", amount: 900_000 }, 501),
    passed("sovereign.propose", { action_type: "iron_levy", faction: "empire" }, 502),
    passed("sovereign.propose", { action_type: "iron_levy", faction: "empire" }, 503, { actor: ada }),
    passed("council.vote", { user: "ada", faction: "empire", option: 1 }, 504, {
      actor: ada,
      council: "b".repeat(26),
      weight: 1,
    }),
    passed("decree", { text: "So be it", effects: [] }, 505),
  ];
  await world.write(
    subjects.command,
    commands.map((command) => ({ ...command, realm_id: realm })),
  );
  start();
  start();
  const { events, at } = await world.tick();
  await until("SELECT max(tick_number) FROM world_state_snapshots", 1);
  await until(DECIDED, 1 + commands.length);
  expect(
    await all(
      `SELECT id, source_type, source_id, event_type, array_agg(validity_status ORDER BY stream) AS status,
          max(reason) AS reason, max(created_at) = '${at}' AS at_tick, max(payload_json->>'tick') AS tick
        FROM world_events WHERE id LIKE 'command-%' GROUP BY 1, 2, 3, 4 ORDER BY 1`,
    ),
  ).toEqual(
    [
      ["gm", "gm", "resource.grant", "accepted", null],
      ["gm", "gm", "sovereign.propose", "accepted", null],
      ["player", "ada", "sovereign.propose", "rejected", "no_seat"],
      ["player", "ada", "council.vote", "rejected", "no_council"],
      ["gm", "gm", "decree", "accepted", null],
    ].map(([source_type, source_id, event_type, end, reason], i) => ({
      id: `command-${501 + i}`,
      source_type,
      source_id,
      event_type,
      status: ["accepted", end],
      reason,
      at_tick: true,
      tick: "1",
    })),
  );
  const told = await all(
    `SELECT id, event_type, validity_status, weight, source_id, payload_json AS event FROM world_events
      WHERE stream = 'WORLD' AND id NOT LIKE 'command-%' ORDER BY stream_seq, frame_index`,
  );
  expect(events.map(({ kind }) => kind)).toEqual(["resource", "action", "refused", "decree"]);
  expect(told).toEqual(
    events.map((event) => ({
      id: `1.${event.n}`,
      event_type: event.kind,
      validity_status: "accepted",
      weight: 0,
      source_id: null,
      event,
    })),
  );
  expect(
    await one("SELECT count(*) FROM world_events WHERE stream = 'WORLD' AND source_type = 'system'"),
  ).toBe(events.length);
});

test("a tick whose commands' ends are missing is refused, and nothing of it is archived", async () => {
  start();
  await world.write(subjects.command, [
    {
      ...passed("resource.grant", { faction: "empire", resource: "iron", amount: 900_000 }, 501),
      realm_id: realm,
    },
  ]);
  const stream = worldStream(realm);
  await until(DECIDED, 2);
  await stopAll();
  await world.tick();
  const part = (await nats.bus.jsm.streams.getMessage(stream, {
    last_by_subj: subjects.settledCommands(realm),
  }))!;
  await nats.bus.jsm.streams.deleteMessage(stream, part.seq);
  start();
  while (troubles.summary() === undefined) await delay(10);
  expect(troubles.summary()).toContain("tick 1 lacks all parts of what became of its commands");
  expect(await one("SELECT max(tick_number) FROM world_state_snapshots")).toBe(0);
});
