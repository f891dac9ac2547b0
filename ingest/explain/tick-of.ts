/** The tick that something in EVENTS belongs to, and its record. */

import type { TickMarker, TickRecord } from "../../shared/contracts/world.ts";
import { messageOfTick } from "../../shared/past/tick-sequence.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { lastOf, nextOf } from "../../shared/stream/last-message.ts";
import { eventsStream, subjects, worldStream } from "../../shared/stream/subjects.ts";

/** The first marker after `sequence` that `counts`; where there is none yet, the tick that the next marker will be of. */
export async function tickAfter(
  bus: Bus,
  realm: string,
  sequence: number,
  counts: (marker: TickMarker) => boolean,
): Promise<{ tick: number; marked: boolean }> {
  const subject = subjects.tickMarker(realm);
  const markerIn = (marker: { text(): string }) => JSON.parse(marker.text()) as TickMarker;
  for (let after = sequence; ; ) {
    const stored = await nextOf(bus, eventsStream(realm), subject, after + 1);
    if (stored !== undefined) {
      const marker = markerIn(stored);
      if (counts(marker)) return { tick: marker.tick, marked: true };
      after = stored.seq;
      continue;
    }
    const last = await lastOf(bus, eventsStream(realm), subject);
    if (last === undefined) return { tick: 1, marked: false };
    if (last.seq <= after) return { tick: markerIn(last).tick + 1, marked: false };
    // A marker came between the two looks.
  }
}

/** The record of a tick, with its sequence in WORLD; `undefined` while it isn't committed. */
export async function recordOf(
  bus: Bus,
  realm: string,
  tick: number,
): Promise<{ record: TickRecord; seq: number } | undefined> {
  const found = await messageOfTick(bus, worldStream(realm), subjects.tick(realm), tick);
  if (found === undefined) return undefined;
  const record = JSON.parse(found.text()) as TickRecord;
  return record.tick === tick ? { record, seq: found.seq } : undefined;
}
