/** Rates of processes that work a backlog off: from the first tenth of the events to the last, so that no start-up counts. */
import { setTimeout as delay } from "node:timers/promises";

/** Each look makes the process that is measured render its metrics and this one read them, some milliseconds of CPU. */
const POLL_MS = 250;
const STALLED_MS = 60_000;

type Look = { ms: number; events: number };

/**
 * Events a second between two looks at `progress`, which goes to `total`: the last one before a tenth was there, and the last one
 * before the end, which came at no look. Throws when it stands still.
 */
export async function rateOf(total: number, progress: () => Promise<number>): Promise<number> {
  let from: Look | undefined;
  let last: Look = { ms: performance.now(), events: 0 };
  let movedMs = last.ms;
  for (;;) {
    const events = await progress();
    const look = { ms: performance.now(), events };
    if (from === undefined && events >= total / 10) from = last;
    // A run may be too short for a look between its ends.
    if (events >= total && from !== undefined) return perSecond(from, last === from ? look : last);
    if (events > last.events) movedMs = look.ms;
    else if (look.ms - movedMs > STALLED_MS) throw new Error(`stalled at ${events} of ${total} events`);
    last = look;
    await delay(POLL_MS);
  }
}

const perSecond = (from: Look, to: Look): number => ((to.events - from.events) / (to.ms - from.ms)) * 1_000;

/** The value below which `share` of all lie. */
export const quantile = (values: number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
};
