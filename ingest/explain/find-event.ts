/** Looks for an event in EVENTS, from the newest message back: nothing there is found by its id. */

import type { Decision } from "../../shared/contracts/decision.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { eventsStream, subjects } from "../../shared/stream/subjects.ts";
import { readBack } from "./read-back.ts";

/** A decision and its place: sequence of its bundle in EVENTS, and index in it. */
export type Row = { sequence: number; index: number; at: string; decision: Decision };

/** `from` … `through`: the sequences that were looked at; `bodies`: how many decisions they hold. */
export type Looked = { from: number; through: number; bodies: number };

/** Reasons of decisions that can't be the first: a repeat or a review follows another decision. */
const isFirst = ({ reason }: Decision): boolean =>
  reason !== "released" &&
  reason !== "duplicate" &&
  reason !== "key_conflict" &&
  reason !== "review_rejected" &&
  reason !== "gave_way" &&
  reason !== "review_expired";

/**
 * Every decision on an event after sequence `after`, in stream order, as far as the newest `maxBodies` decisions have them.
 * Throws `Unavailable` where they can't be read in time.
 */
export async function findInEvents(
  bus: Bus,
  realm: string,
  event: string,
  limits: { after: number; maxBodies: number; timeoutMs: number },
): Promise<{ rows: Row[]; looked: Looked }> {
  const rows: Row[] = [];
  let bodies = 0;
  const { from, through } = await readBack(
    bus,
    {
      stream: eventsStream(realm),
      subjects: [subjects.accepted(realm), subjects.quarantined(realm), subjects.rejected(realm)],
      after: limits.after,
    },
    {
      visit({ seq, atMs }, text) {
        bodies += text.split('"validity_status":').length - 1;
        if (!text.includes(event)) return;
        for (const [index, decision] of (JSON.parse(text) as Decision[]).entries())
          if (decision.event_id === event)
            rows.push({ sequence: seq, index, at: new Date(atMs).toISOString(), decision });
      },
      enough: () => bodies >= limits.maxBodies || rows.some(({ decision }) => isFirst(decision)),
    },
    limits.timeoutMs,
  );
  rows.sort((a, b) => a.sequence - b.sequence || a.index - b.index);
  return { rows, looked: { from, through, bodies } };
}
