/** A folder that the last release of engine 1 left goes on under this one by itself. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ENGINE } from "../../shared/contracts/ruleset.ts";
import type { TickRecord, WorldSnapshot } from "../../shared/contracts/world.ts";
import { sha256 } from "../../shared/exact/canonical.ts";
import { readEnv } from "../../shared/process/env.ts";
import { openLog } from "../../shared/process/log.ts";
import { type Bus, openBus } from "../../shared/stream/bus.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import { eventsStream, subjects, worldStream } from "../../shared/stream/subjects.ts";
import { type Database, openDatabase } from "../../simulator/archive/database/database.ts";
import { checkAgreement } from "../../simulator/archive/rebuild/agreement.ts";
import { bodiesIn, sendCommand, until } from "../testing/realm.ts";
import { unpackStore } from "../testing/recorded-store.ts";
import { postgresSource } from "../tools/replay/postgres.ts";
import { recompute, replay } from "../tools/replay/replay.ts";
import { recordsOf } from "../tools/replay/streams.ts";
import { ChainCheck } from "../tools/verify-world/verify.ts";
import { readCredentials } from "./credentials.ts";
import { startNats } from "./nats.ts";
import { type Stack, startStack } from "./stack.ts";

const REALM = "amoi-1";
/** In maintenance since its tick 2. */
const STILL = "still-1";
/** The last tick that the earlier release played. */
const LAST = { [REALM]: 14, [STILL]: 2 };

type Stored = { created: string; lastSeq: number; digests: Map<number, string> };

let dataDir: string;
let stack: Stack;
let bus: Bus;
let database: Database;
let before: Map<string, Stored>;

/** What the log streams hold, message by message with its time. */
async function storedIn(of: Bus, upTo?: Map<string, Stored>): Promise<Map<string, Stored>> {
  const found = new Map<string, Stored>();
  for (const realm of [REALM, STILL])
    for (const kind of ["RAW", "VALID", "EVENTS", "WORLD"]) {
      const stream = `${kind}_${realm}`;
      const { created, state } = await of.jsm.streams.info(stream);
      const digests = new Map<number, string>();
      for (let seq = state.first_seq; seq <= (upTo?.get(stream)?.lastSeq ?? state.last_seq); seq++) {
        const message = await of.jsm.streams.getMessage(stream, { seq }).catch(() => null);
        // The latest of these alone is kept, so the earlier release's go with the next tick.
        if (message === null || /^position\.|^world\.snapshot\./.test(message.subject)) continue;
        digests.set(seq, sha256(`${message.time.toISOString()} ${message.subject} ${message.string()}`));
      }
      found.set(stream, { created, lastSeq: state.last_seq, digests });
    }
  return found;
}

const records = async (realm: string): Promise<TickRecord[]> => {
  const all: TickRecord[] = [];
  for await (const record of recordsOf(bus, realm)) all.push(record);
  return all;
};
const snapshotOf = async (realm: string): Promise<WorldSnapshot> =>
  JSON.parse((await lastOf(bus, worldStream(realm), subjects.snapshot(realm)))!.text()) as WorldSnapshot;

/** Waits until a tick that no earlier engine played is committed; answers its record. */
const played = (realm: string, tick: number): Promise<TickRecord> =>
  until(async () => (await records(realm)).find((record) => record.tick === tick), 30);

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "amoisekai-earlier-"));
  await unpackStore(1, dataDir);
  const nats = await startNats({ dir: join(dataDir, "nats") });
  const looking = await openBus({ natsUrl: nats.url, name: "test" });
  before = await storedIn(looking);
  await looking.close();
  await nats.stop();
  const ports = ["FEED", "INGEST", "NORMALIZER", "SIMULATOR", "BROADCASTER", "ARCHIVE"];
  const environment = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    DATA_DIR: dataDir,
    AMOI_RULESET: "demo",
    ...Object.fromEntries(ports.map((name) => [`${name}_PORT`, "0"])),
  };
  stack = await startStack(readEnv(environment), { environment, say: () => {} });
  const credentials = readCredentials(dataDir);
  bus = await openBus({ natsUrl: credentials.nats!.provision!, name: "test" });
  database = openDatabase(credentials.postgres!.archive!, {
    log: openLog(readEnv({ AMOI_LOG_LEVEL: "silent" }), "test"),
  });
}, 120_000);

afterAll(async () => {
  await database?.end();
  await bus?.close();
  await stack?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

test("a realm of engine 1 goes on under this one by itself, with a ruleset in the log that changes nothing but the engine, and says what its rules left unsaid", async () => {
  const first = await played(REALM, LAST[REALM] + 1);
  expect(first).toMatchObject({ engine: ENGINE, kind: "scheduled" });
  const [last] = (await records(REALM)).filter(({ tick }) => tick === LAST[REALM]);
  expect(last).toMatchObject({ engine: 1, hash: first.prev_hash });
  expect(first.ruleset_version).toBe(last!.ruleset_version + 1);
  const commands = await bodiesIn<{ kind: string; payload: { ruleset: object } }>(
    bus,
    eventsStream(REALM),
    "events.command",
  );
  const [former, raised] = commands.filter(({ body }) => body.kind === "ruleset.set").slice(-2);
  expect(raised!.body.payload.ruleset).toMatchObject({ ...former!.body.payload.ruleset, engine: ENGINE });
  expect(raised!.body).toMatchObject({ actor: { type: "system", id: "steward" }, status: "applied" });
}, 60_000);

test("what no tick had counted yet is counted by the first one of this engine", async () => {
  const first = await played(REALM, LAST[REALM] + 1);
  const last = (await records(REALM)).find(({ tick }) => tick === LAST[REALM])!;
  expect(first.from_seq).toBe(last.through_seq + 1);
  expect(first.factions.empire!.sum).toBeGreaterThan(0);
}, 60_000);

test("a realm in maintenance says so with its first tick, keeps what waits, and counts it once it goes on", async () => {
  const status = await played(STILL, LAST[STILL] + 1);
  expect(status).toMatchObject({
    engine: ENGINE,
    kind: "status",
    factions: {},
    events: [{ kind: "ruleset" }, { kind: "status", status: "maintenance" }],
  });
  expect((await snapshotOf(STILL)).state.public.status).toBe("maintenance");
  await sendCommand(bus, STILL, "realm.status", { status: "active" });
  await sendCommand(bus, STILL, "tick.run", {}, "run-of-the-test");
  const [resumed, next] = [await played(STILL, LAST[STILL] + 2), await played(STILL, LAST[STILL] + 3)];
  expect(resumed).toMatchObject({ kind: "status", from_seq: status.from_seq });
  expect(next).toMatchObject({ kind: "manual", from_seq: status.from_seq });
  expect(next.factions.freeholds!.sum).toBeGreaterThan(0);
}, 60_000);

test("streams keep their creation, and every message its sequence, time and bytes", async () => {
  await played(STILL, LAST[STILL] + 3);
  const after = await storedIn(bus, before);
  for (const [stream, { created, digests }] of before) {
    expect([stream, after.get(stream)!.created]).toEqual([stream, created]);
    // RAW forgets what is older than a week, and the store may be older.
    if (!stream.startsWith("RAW_")) expect(after.get(stream)!.digests).toEqual(digests);
  }
}, 60_000);

test("the chain is whole over both engines, and a replay names the release for the earlier ticks and verifies the rest", async () => {
  for (const realm of [REALM, STILL] as const) {
    await played(realm, LAST[realm] + 1);
    const verifier = new ChainCheck();
    for (const record of await records(realm)) expect(verifier.take(record)).toBeUndefined();
    const replayed = await replay(bus, realm);
    expect(replayed).toMatchObject({ problems: [], earlier: { engine: 1, first: 0, last: LAST[realm] } });
    expect(replayed.ticks).toBeGreaterThan(LAST[realm]);
  }
}, 60_000);

test("the archive goes on: ticks, ledger and chain agree, and it alone gives the same ticks again", async () => {
  const last = await played(STILL, LAST[STILL] + 3);
  await until(async () => {
    const { rows } = await database.query<{ tick: number }>(
      "SELECT max(tick_number) AS tick FROM world_state_snapshots WHERE realm_id = $1",
      [STILL],
    );
    return rows[0]!.tick >= last.tick;
  }, 30);
  for (const realm of [REALM, STILL] as const) {
    const { ticks, problems } = await checkAgreement(database, realm);
    expect(problems).toEqual([]);
    expect(ticks).toBeGreaterThan(LAST[realm]);
    const accepted = await bodiesIn(bus, eventsStream(realm), "events.accepted");
    const { rows } = await database.query<{ entries: number }>(
      "SELECT count(*) AS entries FROM influence_ledger WHERE realm_id = $1",
      [realm],
    );
    expect([realm, rows[0]!.entries]).toEqual([realm, accepted.length]);
  }
  const replayed = await recompute(await postgresSource(database, STILL), { verify: true });
  expect(replayed).toMatchObject({ problems: [], earlier: { engine: 1, last: LAST[STILL] } });
  expect(replayed.ticks).toBeGreaterThan(LAST[STILL]);
}, 60_000);
