/** Replay: consumes a realm's EVENTS from the start, recomputes every tick, and holds it against the recorded chain. */
import { type Bus, streamEnds } from "../../shared/bus.ts";
import { canonical, canonicalHash } from "../../shared/canonical.ts";
import { textOf } from "../../shared/codec.ts";
import type { TickRecord } from "../../shared/contracts/world.ts";
import { genesis } from "../../shared/genesis.ts";
import { firstCommand } from "../../shared/provision.ts";
import { Reader } from "../../shared/reader.ts";
import { eventsStream, subjects, worldStream } from "../../shared/subjects.ts";
import { advance, movingSubjects, type SimulatorState, stateOf } from "../../simulator/advance.ts";

export type Replayed = {
  ticks: number;
  events: number;
  seconds: number;
  /** `public_hash` of the last tick. */
  hash: string;
  /** Empty when every recomputed tick has the recorded bytes and the chain holds. Stops at the first difference. */
  problems: string[];
  state: SimulatorState;
};

/**
 * Recomputes the realm up to its last recorded tick. `verify` compares each tick record, byte for byte in canonical form,
 * and checks that the chain of hashes holds.
 */
export async function replay(
  bus: Bus,
  realm: string,
  options: { verify: boolean; progress?: (tick: number, of: number) => void } = { verify: true },
): Promise<Replayed> {
  const signal = new AbortController().signal;
  const records = await readRecords(bus, realm, signal);
  const first = await firstCommand(bus, realm);
  const start = genesis(realm, first.ruleset, first.at);
  const state = stateOf(start.snapshot);
  const problems = options.verify ? differences(records.get(0), start.record, undefined) : [];
  const last = Math.max(...records.keys());
  const { created } = await streamEnds(bus, eventsStream(realm));
  const reader = new Reader(bus, {
    stream: eventsStream(realm),
    subjects: movingSubjects(realm),
    created,
    from: 1,
  });
  const startedMs = performance.now();
  let events = 0;
  let previous = start.record;
  try {
    while (state.world.public.tick < last && problems.length === 0) {
      for (const message of await reader.take(1_000, signal)) {
        const advanced = advance(state, message);
        events += advanced.events;
        if (advanced.tick === undefined) continue;
        const { record } = advanced.tick;
        if (options.verify) problems.push(...differences(records.get(record.tick), record, previous));
        previous = record;
        options.progress?.(record.tick, last);
        if (record.tick === last || problems.length > 0) break;
      }
    }
  } finally {
    await reader.close();
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  return { ticks: state.world.public.tick, events, seconds, hash: state.last.public_hash, problems, state };
}

/** Every tick record that WORLD holds, by tick. */
async function readRecords(bus: Bus, realm: string, signal: AbortSignal): Promise<Map<number, TickRecord>> {
  const stream = worldStream(realm);
  const { created, lastSeq } = await streamEnds(bus, stream);
  const position = subjects.position("simulator", realm);
  const reader = new Reader(bus, { stream, subjects: [subjects.tick(realm), position], created, from: 1 });
  const records = new Map<number, TickRecord>();
  try {
    for (let read = 0; read < lastSeq; ) {
      for (const message of await reader.take(1_000, signal)) {
        read = message.seq;
        if (message.subject === position) continue;
        const record = JSON.parse(textOf(message.data)) as TickRecord;
        records.set(record.tick, record);
      }
    }
  } finally {
    await reader.close();
  }
  return records;
}

/** How a recomputed record differs from the recorded one, by field; and whether the recorded chain holds. */
function differences(
  recorded: TickRecord | undefined,
  recomputed: TickRecord,
  previous: TickRecord | undefined,
): string[] {
  const at = `tick ${recomputed.tick}`;
  if (recorded === undefined) return [`${at}: no record in the stream`];
  for (const field of Object.keys(recomputed) as (keyof TickRecord)[])
    if (field !== "hash" && canonical(recorded[field]) !== canonical(recomputed[field]))
      return [
        `${at}: ${field} is recorded as ${canonical(recorded[field])}, recomputed as ${canonical(recomputed[field])}`,
      ];
  const { hash, ...unhashed } = recorded;
  if (canonicalHash(unhashed) !== hash) return [`${at}: the record doesn't have the hash that it states`];
  if (previous !== undefined && recorded.prev_hash !== previous.hash)
    return [`${at}: prev_hash isn't the hash of the tick before`];
  return [];
}
