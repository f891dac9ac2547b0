/** Looks for an event in EVENTS, from the newest message back: nothing there is found by its id. */

import type { Decision } from "../../shared/contracts/decision.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { textOf } from "../../shared/stream/codec.ts";
import { lastOf, streamEnds } from "../../shared/stream/last-message.ts";
import { Reader } from "../../shared/stream/reader.ts";
import { eventsStream, subjects } from "../../shared/stream/subjects.ts";
import { Unavailable } from "../gateway/gateway.ts";

/** A decision and its place: sequence of its bundle in EVENTS, and index in it. */
export type Row = { sequence: number; index: number; at: string; decision: Decision };

/** `from` … `through`: the sequences that were looked at; `bodies`: how many decisions they hold. */
export type Looked = { from: number; through: number; bodies: number };

/** Sequences that are read at once: few at first, since what is asked for is mostly recent. */
const PART = { first: 2_048, largest: 65_536 };

/** Reasons of decisions that can't be the first: a repeat or a review follows another decision. */
const isFirst = ({ reason }: Decision): boolean =>
  reason !== "released" &&
  reason !== "duplicate" &&
  reason !== "key_conflict" &&
  reason !== "review_rejected" &&
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
  const stream = eventsStream(realm);
  const names = [subjects.accepted(realm), subjects.quarantined(realm), subjects.rejected(realm)];
  const [ends, ...last] = await Promise.all([
    streamEnds(bus, stream),
    ...names.map((name) => lastOf(bus, stream, name)),
  ]);
  const through = Math.max(0, ...last.map((message) => message?.seq ?? 0));
  const first = Math.max(ends.firstSeq, limits.after + 1);
  const signal = AbortSignal.timeout(limits.timeoutMs);
  const rows: Row[] = [];
  let from = through + 1;
  let bodies = 0;
  for (
    let size = PART.first;
    from > first && bodies < limits.maxBodies && !rows.some(({ decision }) => isFirst(decision));
    size = Math.min(size * 2, PART.largest)
  ) {
    const start = Math.max(first, from - size);
    bodies += await readPart(start, from - 1);
    from = start;
  }
  rows.sort((a, b) => a.sequence - b.sequence || a.index - b.index);
  return { rows, looked: { from, through, bodies } };

  /** Gathers the rows from `start` to `end`, and answers how many decisions there are. */
  async function readPart(start: number, end: number): Promise<number> {
    const options = { stream, subjects: names, created: ends.created, from: start };
    const reader = new Reader(bus, options);
    let read = 0;
    let count = 0;
    try {
      while (read < end) {
        for (const { seq, atMs, data } of await reader.take(1_000, signal)) {
          read = seq;
          if (seq > end) break;
          const text = textOf(data);
          count += text.split('"validity_status":').length - 1;
          if (!text.includes(event)) continue;
          for (const [index, decision] of (JSON.parse(text) as Decision[]).entries())
            if (decision.event_id === event)
              rows.push({ sequence: seq, index, at: new Date(atMs).toISOString(), decision });
        }
        if (signal.aborted)
          throw new Unavailable(
            `EVENTS was not read back to ${start} within ${limits.timeoutMs / 1_000} s: try again`,
          );
      }
      return count;
    } finally {
      await reader.close();
    }
  }
}
