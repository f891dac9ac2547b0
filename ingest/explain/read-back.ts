/** Reads a stream from its newest messages back: nothing there is found by what it says, and what is asked for is mostly recent. */

import type { Bus } from "../../shared/stream/bus.ts";
import { textOf } from "../../shared/stream/codec.ts";
import { lastOf, streamEnds } from "../../shared/stream/last-message.ts";
import { type Input, Reader } from "../../shared/stream/reader.ts";
import { Unavailable } from "../gateway/gateway.ts";

/** Sequences that are read at once: few at first. */
const PART = { first: 2_048, largest: 65_536 };

type Range = { stream: string; subjects: string[] /** The last sequence that is left out. */; after: number };

/**
 * Shows every message of the subjects after `after` to `visit`, part by part from the end, each part in stream order, until
 * `enough` is asked between two parts and ends the search. Answers the sequences that were looked at. Throws `Unavailable` after `timeoutMs`.
 */
export async function readBack(
  bus: Bus,
  { stream, subjects, after }: Range,
  { visit, enough }: { visit: (message: Input, text: string) => void; enough: () => boolean },
  timeoutMs: number,
): Promise<{ from: number; through: number }> {
  const last = await Promise.all(subjects.map((subject) => lastOf(bus, stream, subject)));
  const through = Math.max(0, ...last.map((message) => message?.seq ?? 0));
  let from = through + 1;
  if (through <= after) return { from, through };
  const { created, firstSeq } = await streamEnds(bus, stream);
  const first = Math.max(firstSeq, after + 1);
  const signal = AbortSignal.timeout(timeoutMs);
  for (let size = PART.first; from > first && !enough(); size = Math.min(size * 2, PART.largest)) {
    const start = Math.max(first, from - size);
    await readPart(start, from - 1);
    from = start;
  }
  return { from, through };

  async function readPart(start: number, end: number): Promise<void> {
    const reader = new Reader(bus, { stream, subjects, created, from: start });
    try {
      for (let read = start - 1; read < end; ) {
        for (const message of await reader.take(1_000, signal)) {
          read = message.seq;
          if (read > end) break;
          visit(message, textOf(message.data));
        }
        if (signal.aborted)
          throw new Unavailable(
            `${stream} was not read back to ${start} within ${timeoutMs / 1_000} s: try again`,
          );
      }
    } finally {
      await reader.close();
    }
  }
}
