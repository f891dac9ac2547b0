/**
 * Applied points of an accepted event, computed from the logs: the tick's record and, where the burst cap cut it, the tick's other
 * events.
 */

import type { Accepted } from "../../shared/contracts/decision.ts";
import type { TickMarker, TickRecord } from "../../shared/contracts/world.ts";
import { find } from "../../shared/exact/by-id.ts";
import { messageOfTick } from "../../shared/past/tick-sequence.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { bodiesOf } from "../../shared/stream/codec.ts";
import { lastOf, nextOf, streamEnds } from "../../shared/stream/last-message.ts";
import { Reader } from "../../shared/stream/reader.ts";
import { eventsStream, subjects, worldStream } from "../../shared/stream/subjects.ts";
import { appliedPoints } from "../../shared/world/applied.ts";
import { Unavailable } from "../gateway/gateway.ts";
import type { Applied } from "./sentences.ts";

/** A tick whose faction was cut is read within this, ms. */
const READ_WITHIN_MS = 15_000;

/** `sequence`: of the decision's bundle in EVENTS. Throws `Unavailable` where the tick is too long to be read now. */
export async function appliedOf(
  bus: Bus,
  realm: string,
  { sequence, decision }: { sequence: number; decision: Accepted },
): Promise<Applied> {
  const tick = await tickAfter(bus, realm, sequence);
  const record = tick.marked ? await recordOf(bus, realm, tick.tick) : undefined;
  if (record === undefined) return { status: "pending", earliest_tick: tick.tick };
  const burst = find(record.factions, decision.faction_id);
  if (burst === undefined) return { status: "applied", tick: record.tick, points: 0 };
  const others = burst.sum > burst.cap ? await acceptedIn(bus, realm, record) : [decision];
  const points = appliedPoints(others, record.factions).get(decision.event_id) ?? 0;
  return { status: "applied", tick: record.tick, points, burst };
}

/** The tick that an event at `sequence` belongs to: the first marker after it that counts events, or the one to come. */
async function tickAfter(
  bus: Bus,
  realm: string,
  sequence: number,
): Promise<{ tick: number; marked: boolean }> {
  const subject = subjects.tickMarker(realm);
  const markerIn = (marker: { text(): string }) => JSON.parse(marker.text()) as TickMarker;
  for (let after = sequence; ; ) {
    const stored = await nextOf(bus, eventsStream(realm), subject, after + 1);
    if (stored !== undefined) {
      const { tick, kind } = markerIn(stored);
      if (kind !== "status") return { tick, marked: true };
      after = stored.seq;
      continue;
    }
    const last = await lastOf(bus, eventsStream(realm), subject);
    if (last === undefined) return { tick: 1, marked: false };
    if (last.seq <= after) return { tick: markerIn(last).tick + 1, marked: false };
    // A marker came between the two looks.
  }
}

/** The record of a tick; `undefined` while it isn't committed. */
async function recordOf(bus: Bus, realm: string, tick: number): Promise<TickRecord | undefined> {
  const found = await messageOfTick(bus, worldStream(realm), subjects.tick(realm), tick);
  const record = found && (JSON.parse(found.text()) as TickRecord);
  return record?.tick === tick ? record : undefined;
}

type Weighing = Pick<Accepted, "event_id" | "faction_id" | "normalized_points">;

/** Every accepted event of a tick. */
async function acceptedIn(bus: Bus, realm: string, record: TickRecord): Promise<Weighing[]> {
  const stream = eventsStream(realm);
  const subject = subjects.accepted(realm);
  const [ends, last] = await Promise.all([streamEnds(bus, stream), lastOf(bus, stream, subject)]);
  const to = Math.min(record.through_seq, last?.seq ?? 0);
  const found: Weighing[] = [];
  const signal = AbortSignal.timeout(READ_WITHIN_MS);
  const from = Math.max(record.from_seq, ends.firstSeq);
  const reader = new Reader(bus, { stream, subjects: [subject], created: ends.created, from });
  try {
    for (let read = from - 1; read < to; ) {
      for (const { seq, data } of await reader.take(1_000, signal)) {
        read = seq;
        if (seq > record.through_seq) break;
        for (const { event_id, faction_id, normalized_points } of bodiesOf<Accepted>(data))
          found.push({ event_id, faction_id, normalized_points });
      }
      if (signal.aborted)
        throw new Unavailable(
          `tick ${record.tick} has too many events to be read now: ask when it is archived`,
        );
    }
    return found;
  } finally {
    await reader.close();
  }
}
