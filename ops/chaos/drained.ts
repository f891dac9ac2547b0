/** When a pipeline has nothing left to do. */
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { pino } from "pino";
import type { WorldSnapshot } from "../../shared/contracts/world.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import { eventsStream, rawStream, subjects, validStream } from "../../shared/stream/subjects.ts";
import { kvSubject } from "../../shared/stream/topology.ts";
import { openDatabase } from "../../simulator/archive/database/database.ts";
import { VIEWS } from "../../simulator/archive/rebuild/own-tables.ts";

const DRAIN_TIMEOUT_MS = 60_000;

/** Waits until every stage and Postgres have reached the end of the realm's streams. Throws what is missing. */
export async function drained(bus: Bus, databaseUrl: string, realm: string): Promise<void> {
  const deadline = performance.now() + DRAIN_TIMEOUT_MS;
  const pool = openDatabase(databaseUrl, {
    log: pino({ level: "silent" }),
    schema: VIEWS,
    name: "chaos",
    max: 1,
  });
  try {
    for (;;) {
      const missing = await undrained(bus, pool, realm);
      if (missing === undefined) return;
      if (performance.now() > deadline) throw new Error(`the pipeline of ${realm} didn't drain: ${missing}`);
      await delay(200);
    }
  } finally {
    await pool.end();
  }
}

async function undrained(bus: Bus, pool: pg.Pool, realm: string): Promise<string | undefined> {
  const through = async (stage: string, stream: string) =>
    JSON.parse((await lastOf(bus, stream, subjects.position(stage, realm)))!.text()).through as number;
  const last = async (stream: string) => (await bus.jsm.streams.info(stream)).state.last_seq;
  if ((await through("ingest", validStream(realm))) < (await last(rawStream(realm))))
    return "ingest is behind";
  const valid = await Promise.all(
    [subjects.validCandidate, subjects.validCommand].map((of) => lastOf(bus, validStream(realm), of(realm))),
  );
  const lastValid = Math.max(...valid.map((message) => message?.seq ?? 0));
  if ((await through("normalizer", eventsStream(realm))) < lastValid) return "normalizer is behind";
  const accepted = await lastOf(bus, eventsStream(realm), subjects.accepted(realm));
  const world = await lastOf(bus, "KV_world", kvSubject("world", realm));
  const snapshot = JSON.parse(world!.text()) as WorldSnapshot;
  if (snapshot.through_seq < (accepted?.seq ?? 0)) return "simulator is behind";
  const archived = await pool.query<{ tick: number | null }>(
    "SELECT max(tick_number)::int AS tick FROM world_state_snapshots WHERE realm_id = $1",
    [realm],
  );
  if ((archived.rows[0]?.tick ?? -1) < snapshot.tick) return "archive is behind the world";
  const decided = await Promise.all(
    [subjects.accepted, subjects.quarantined, subjects.rejected, subjects.command].map((of) =>
      lastOf(bus, eventsStream(realm), of(realm)),
    ),
  );
  const refused = await lastOf(bus, validStream(realm), subjects.ingestRejected(realm));
  for (const [stream, last] of [
    [eventsStream(realm), Math.max(...decided.map((message) => message?.seq ?? 0))],
    [validStream(realm), refused?.seq ?? 0],
  ] as const) {
    const { rows } = await pool.query<{ through: string }>(
      "SELECT through FROM archive_positions WHERE realm_id = $1 AND stream = $2",
      [realm, stream],
    );
    if (Number(rows[0]?.through ?? -1) < last) return `archive is behind ${stream}`;
  }
  return undefined;
}
