import type { Judgement } from "../../shared/contracts/ruleset.ts";
import { DAY_MS, WINDOW_DAYS } from "../../shared/day.ts";
import { floorDiv } from "../../shared/integers.ts";
import { TIMES_MAX } from "../state.ts";

/**
 * Whether an event at `atMs` completes eight intervals as even as no person keeps: `mean ≥ mean_min` and
 * `(max − min) · spread ≤ mean`, milliseconds. `times`: when the user's latest events came, oldest first; those of more than 7
 * days ago don't count.
 */
export function isClockwork(times: readonly number[], atMs: number, rules: Judgement["clockwork"]): boolean {
  if (times.length < TIMES_MAX - 1) return false;
  const first = times[times.length - (TIMES_MAX - 1)]!;
  if (first <= atMs - WINDOW_DAYS * DAY_MS) return false;
  let min = Number.MAX_SAFE_INTEGER;
  let max = 0;
  for (let i = times.length - (TIMES_MAX - 1); i < times.length; i++) {
    const interval = (times[i + 1] ?? atMs) - times[i]!;
    if (interval < min) min = interval;
    if (interval > max) max = interval;
  }
  const mean = floorDiv(atMs - first, TIMES_MAX - 1);
  return mean >= rules.mean_min_seconds * 1_000 && (max - min) * rules.spread <= mean;
}
