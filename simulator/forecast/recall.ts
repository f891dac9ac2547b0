/** The pressure of a realm's last ticks from EVENTS, for an owner that didn't see them itself. */
import { setImmediate as otherWork } from "node:timers/promises";
import type { Accepted } from "../../shared/contracts/decision.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { TickMarker, TickRecord } from "../../shared/contracts/world.ts";
import { messageOfTick } from "../../shared/past/tick-sequence.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { bodiesOf, textOf } from "../../shared/stream/codec.ts";
import { lastOf, streamEnds } from "../../shared/stream/last-message.ts";
import { Reader } from "../../shared/stream/reader.ts";
import { eventsStream, subjects, worldStream } from "../../shared/stream/subjects.ts";
import { foldAccepted, openFolding } from "../steps/fold.ts";
import { KEPT_TICKS, type PointsSample, pointsSampleOf } from "./pressure.ts";

/** Few, and other work in between: an owner that has just taken over has ticks to write. */
const MESSAGES_AT_ONCE = 10;

/** Of the last ticks up to `through`, oldest first. `rules`: by which pushes are limited. Throws on NATS errors. */
export async function recallPressure(
  bus: Bus,
  realm: string,
  through: number,
  rules: Ruleset,
  signal: AbortSignal,
): Promise<PointsSample[]> {
  const first = Math.max(1, through - KEPT_TICKS + 1);
  const record = await messageOfTick(bus, worldStream(realm), subjects.tick(realm), first);
  const marker = await lastOf(bus, eventsStream(realm), subjects.tickMarker(realm));
  if (through < 1 || record === undefined || marker === undefined) return [];
  const { tick, from_seq } = JSON.parse(record.text()) as TickRecord;
  const stream = eventsStream(realm);
  const { created } = await streamEnds(bus, stream);
  const accepted = subjects.accepted(realm);
  const reader = new Reader(bus, {
    stream,
    subjects: [accepted, subjects.tickMarker(realm)],
    created,
    from: from_seq,
  });
  const recalled: PointsSample[] = [];
  let folding = openFolding();
  let read = tick - 1;
  try {
    for (; read < through && !signal.aborted; await otherWork())
      for (const { subject, data } of await reader.take(MESSAGES_AT_ONCE, signal)) {
        if (read >= through) break;
        if (subject === accepted) {
          for (const decision of bodiesOf<Accepted>(data)) foldAccepted(folding, decision);
          continue;
        }
        const marker = JSON.parse(textOf(data)) as TickMarker;
        read = Math.max(read, marker.tick);
        if (marker.kind === "status" || marker.tick < tick) continue;
        recalled.push(pointsSampleOf(marker.tick, folding, rules));
        folding = openFolding();
      }
  } finally {
    await reader.close();
  }
  return recalled;
}
