/**
 * The state of a realm's last tick, from WORLD. The chain decides: a snapshot that doesn't match its record is made
 * again from EVENTS, and it counts only if the last record comes out with the same hash. A record can't be made good in its place,
 * so a gap in the chain refuses the realm.
 */

import type { Position } from "../shared/contracts/position.ts";
import { ENGINE } from "../shared/contracts/ruleset.ts";
import type { TickRecord, WorldSnapshot } from "../shared/contracts/world.ts";
import { canonicalHash } from "../shared/exact/canonical.ts";
import { whyNot } from "../shared/past/checkpoints.ts";
import { startBefore } from "../shared/past/starts.ts";
import { refreshKv } from "../shared/past/world-entry.ts";
import { metrics } from "../shared/process/metrics.ts";
import { RealmRefused } from "../shared/stage/refusal.ts";
import type { Restoring } from "../shared/stage/stage.ts";
import { recordIn } from "../shared/stream/bodies.ts";
import type { Bus } from "../shared/stream/bus.ts";
import { Superseded } from "../shared/stream/fence.ts";
import { lastOf, nextOf, type Stored, streamEnds } from "../shared/stream/last-message.ts";
import { isLostRace, publishOne } from "../shared/stream/publish.ts";
import { type Input, Reader } from "../shared/stream/reader.ts";
import { recreateBucket } from "../shared/stream/recreate-bucket.ts";
import { eventsStream, subjects, worldStream } from "../shared/stream/subjects.ts";
import { assertEngine } from "../shared/world/engine.ts";
import { advance, movingSubjects, type SimulatorState, stateOf } from "./advance.ts";

/**
 * Throws `Superseded` where another worker commits meanwhile: position, record and snapshot are read one after the other, so those
 * of different ticks prove nothing wrong.
 */
export async function restoreWorld(restoring: Restoring): Promise<SimulatorState> {
  try {
    return await restored(restoring);
  } catch (error) {
    if (error instanceof RealmRefused) await assertUnmoved(restoring);
    throw error;
  }
}

async function restored(restoring: Restoring): Promise<SimulatorState> {
  const { bus, realm, position, log, signal } = restoring;
  const stream = worldStream(realm);
  const record = await lastRecord(bus, realm, position);
  assertEngine(realm, record);
  if (record.engine < ENGINE)
    log.warn(
      { tick: record.tick, engine: record.engine },
      `engine ${record.engine} played the last tick; its rules are raised to engine ${ENGINE}, which plays the next one`,
    );
  const stored = await lastOf(bus, stream, subjects.snapshot(realm));
  const problem = wrongWith(stored, record);
  let snapshot: WorldSnapshot;
  if (stored !== undefined && problem === undefined) snapshot = JSON.parse(stored.text()) as WorldSnapshot;
  else {
    await assertUnmoved(restoring);
    log.error(
      { tick: record.tick, problem },
      "the snapshot doesn't match the tick record; it is computed again from EVENTS",
    );
    snapshot = await recomputed(bus, realm, record, signal);
    await assertUnmoved(restoring);
    await replaceSnapshot(bus, snapshot, stored);
    log.info(
      { tick: record.tick },
      "the snapshot was computed again from EVENTS and has the hash of its tick record",
    );
  }
  await recreateBucket(bus, "world");
  await refreshKv(bus, snapshot);
  metrics.tick.set({ realm }, snapshot.tick);
  return withWaiting(bus, stateOf(snapshot), signal);
}

/** What waits since before the last marker, after a tick of kind `status`, is folded again; what came since, the stage reads. */
async function withWaiting(bus: Bus, state: SimulatorState, signal: AbortSignal): Promise<SimulatorState> {
  if (state.fromSeq > state.markerSeq) return state;
  const through = state.markerSeq;
  for await (const message of eventsBetween(bus, state.realm, state.fromSeq, through, signal))
    advance(state, message);
  return state;
}

/**
 * The messages of EVENTS that move the world, from one sequence to another, which a marker has. Throws `RealmRefused` where they
 * don't come: EVENTS ends before.
 */
async function* eventsBetween(
  bus: Bus,
  realm: string,
  from: number,
  through: number,
  signal: AbortSignal,
): AsyncGenerator<Input> {
  const stream = eventsStream(realm);
  const { created } = await streamEnds(bus, stream);
  const reader = new Reader(bus, { stream, subjects: movingSubjects(realm), created, from });
  try {
    for (let read = from - 1; read < through; ) {
      const messages = await reader.take(1_000, AbortSignal.any([signal, AbortSignal.timeout(SILENCE_MS)]));
      signal.throwIfAborted();
      if (messages.length === 0 || messages[0]!.seq > through)
        throw new RealmRefused(
          `${stream} has nothing between ${read} and the marker at ${through}: restore it and ${worldStream(realm)} from one backup`,
        );
      for (const message of messages) {
        if (message.seq > through) return;
        read = message.seq;
        yield message;
      }
    }
  } finally {
    await reader.close();
  }
}

async function assertUnmoved({ bus, realm, positionSeq }: Restoring): Promise<void> {
  const subject = subjects.position("simulator", realm);
  const head = await lastOf(bus, worldStream(realm), subject);
  if (head?.seq !== positionSeq)
    throw new Superseded(`${subject} moved from ${positionSeq} to ${head?.seq ?? 0} while it was restored`);
}

/** Messages that EVENTS holds arrive sooner than this, ms. */
const SILENCE_MS = 10_000;

const REBUILD = (realm: string) =>
  `npm run replay -- --realm ${realm} --verify tells which tick, and with --rebuild instead makes WORLD anew from EVENTS`;

const DOCTOR = (realm: string) => `npm run doctor -- --realm ${realm} tells which; ${REBUILD(realm)}`;

/** The record of the last tick. Throws `RealmRefused` where it isn't itself, or where it or one before it is missing. */
async function lastRecord(bus: Bus, realm: string, position: Position): Promise<TickRecord> {
  const stream = worldStream(realm);
  const subject = subjects.tick(realm);
  const [first, last, { state }] = await Promise.all([
    nextOf(bus, stream, subject, 1),
    lastOf(bus, stream, subject),
    bus.jsm.streams.info(stream, { subjects_filter: subject }),
  ]);
  if (first === undefined || last === undefined)
    throw new RealmRefused(`${stream} holds no tick record; ${REBUILD(realm)}`);
  const record = recordIn({ ...last, subject });
  const { hash, ...content } = record;
  if (canonicalHash(content) !== hash)
    throw new RealmRefused(
      `the record of tick ${record.tick} in ${stream} doesn't have the hash that it states; ${REBUILD(realm)}`,
      { place: { stream, seq: last.seq } },
    );
  if (record.through_seq !== position.through)
    throw new RealmRefused(
      `the last tick record in ${stream}, of tick ${record.tick}, ends at ${record.through_seq}, the position at ${position.through}: records are missing or foreign; ${DOCTOR(realm)}`,
      { place: { stream, seq: last.seq } },
    );
  // A purge takes the oldest ones, so what is left has no gap.
  const expected = record.tick - recordIn({ ...first, subject }).tick + 1;
  const held = state.subjects?.[subject];
  if (held !== expected)
    throw new RealmRefused(
      `${stream} holds ${held} tick records where there should be ${expected}; ${DOCTOR(realm)}`,
    );
  return record;
}

function wrongWith(stored: Stored | undefined, record: TickRecord): string | undefined {
  if (stored === undefined) return "is missing";
  try {
    return whyNot(JSON.parse(stored.text()) as WorldSnapshot, record);
  } catch (error) {
    return `can't be read: ${error instanceof Error ? error.message : error}`;
  }
}

/**
 * The snapshot of the last tick, played from the latest state that this engine can begin with. Throws `RealmRefused` where it comes
 * out otherwise.
 */
async function recomputed(
  bus: Bus,
  realm: string,
  record: TickRecord,
  signal: AbortSignal,
): Promise<WorldSnapshot> {
  if (record.engine < ENGINE)
    throw new RealmRefused(
      `engine ${record.engine} played tick ${record.tick} of ${realm}, and its snapshot doesn't match its record: start the release of that engine once more, which makes it again, and end it in good order`,
    );
  let snapshot = await startBefore(bus, realm, record.tick);
  const state = stateOf(snapshot);
  for await (const message of eventsBetween(bus, realm, state.fromSeq, record.through_seq, signal))
    snapshot = advance(state, message).tick?.snapshot ?? snapshot;
  if (snapshot.record_hash !== record.hash)
    throw new RealmRefused(
      `EVENTS gives tick ${record.tick} of ${realm} the hash ${snapshot.record_hash}, its record states ${record.hash}: ` +
        `npm run replay -- --realm ${realm} --verify tells where they part; restore both streams from one backup`,
    );
  return snapshot;
}

/**
 * Replaces the wrong snapshot by the right one. Throws `Superseded` where another worker wrote one meanwhile. `wrong` was read
 * before the position was last seen unmoved, and a commit moves both at once, so it is never a later tick's.
 */
async function replaceSnapshot(bus: Bus, snapshot: WorldSnapshot, wrong: Stored | undefined): Promise<void> {
  try {
    await publishOne(bus, {
      subject: subjects.snapshot(snapshot.realm),
      data: JSON.stringify(snapshot),
      rollup: true,
      expectedLastSubjectSeq: wrong?.seq ?? 0,
    });
  } catch (error) {
    if (!isLostRace(error)) throw error;
    throw new Superseded(`another worker wrote the snapshot of ${snapshot.realm}`, { cause: error });
  }
}
