/** Rates of processes that work a backlog off: from the first tenth of the events to the last, so that no start-up counts. */
import { setTimeout as delay } from "node:timers/promises";

/** Each look makes the process that is measured render its metrics, some milliseconds of its CPU. */
const POLL_MS = 100;
const STALLED_MS = 60_000;

/** Events a second while `progress` goes from a tenth of `total` to `total`. Throws when it stands still. */
export async function rateOf(total: number, progress: () => Promise<number>): Promise<number> {
  let first: { ms: number; events: number } | undefined;
  let before = { ms: performance.now(), events: 0 };
  let last = { ms: performance.now(), events: -1 };
  for (;;) {
    const events = await progress();
    const ms = performance.now();
    // The look before the first tenth was there: a short run may be over at the next one.
    if (first === undefined && events >= total / 10) first = before;
    before = { ms, events };
    if (events > last.events) last = before;
    else if (ms - last.ms > STALLED_MS) throw new Error(`stalled at ${events} of ${total} events`);
    if (events >= total && first !== undefined) return ((events - first.events) / (ms - first.ms)) * 1_000;
    await delay(POLL_MS);
  }
}

/** The value below which `share` of all lie. */
export const quantile = (values: number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
};
