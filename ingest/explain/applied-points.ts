/**
 * Applied points of an accepted event, computed from the logs: the tick's record and, where the burst cap cut it, the tick's other
 * events.
 */

import type { Accepted } from "../../shared/contracts/decision.ts";
import type { TickRecord } from "../../shared/contracts/world.ts";
import { find } from "../../shared/exact/by-id.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { bodiesOf } from "../../shared/stream/codec.ts";
import { lastOf, streamEnds } from "../../shared/stream/last-message.ts";
import { Reader } from "../../shared/stream/reader.ts";
import { eventsStream, subjects } from "../../shared/stream/subjects.ts";
import { appliedPoints } from "../../shared/world/applied.ts";
import { Unavailable } from "../gateway/gateway.ts";
import { outcomesAt } from "./place-outcomes.ts";
import type { Applied } from "./sentences.ts";
import { recordOf, tickAfter } from "./tick-of.ts";

/** A tick whose faction was cut is read within this, ms. */
const READ_WITHIN_MS = 15_000;

/** `sequence`: of the decision's bundle in EVENTS. Throws `Unavailable` where the tick is too long to be read now. */
export async function appliedOf(
  bus: Bus,
  realm: string,
  { sequence, decision }: { sequence: number; decision: Accepted },
): Promise<Applied> {
  const tick = await tickAfter(bus, realm, sequence, ({ kind }) => kind !== "status");
  const { record } = (tick.marked ? await recordOf(bus, realm, tick.tick) : undefined) ?? {};
  if (record === undefined) return { status: "pending", earliest_tick: tick.tick };
  const burst = find(record.factions, decision.faction_id);
  const outcomes = outcomesAt(record.events, decision);
  const applied = {
    status: "applied",
    tick: record.tick,
    ...(outcomes.length === 0 ? {} : { outcomes }),
  } as const;
  if (burst === undefined) return { ...applied, points: 0 };
  const others = burst.sum > burst.cap ? await acceptedIn(bus, realm, record) : [decision];
  const points = appliedPoints(others, record).get(decision.event_id) ?? 0;
  return { ...applied, points, burst };
}

type Weighing = Pick<Accepted, "event_id" | "event_type" | "faction_id" | "normalized_points">;

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
        for (const { event_id, event_type, faction_id, normalized_points } of bodiesOf<Accepted>(data))
          found.push({ event_id, event_type, faction_id, normalized_points });
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
