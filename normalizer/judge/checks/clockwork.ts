import type { JudgementRules } from "../../../shared/contracts/ruleset.ts";
import { floorDiv } from "../../../shared/exact/integers.ts";
import { DAY_MS, WINDOW_DAYS } from "../../../shared/judgement/day.ts";
import { type PlayerState, TIMES_MAX } from "../../state/player.ts";

/**
 * Whether an event at `atMs` completes eight intervals as even as no person keeps: `mean ≥ mean_min` and
 * `(max − min) · spread ≤ mean`, milliseconds. The user's events of more than 7 days ago don't count.
 */
export function isClockwork(player: PlayerState, atMs: number, rules: JudgementRules["clockwork"]): boolean {
  const known = player.timesKnown;
  if (known < TIMES_MAX - 1) return false;
  const first = player.timeMs(known - (TIMES_MAX - 1));
  if (first <= atMs - WINDOW_DAYS * DAY_MS) return false;
  let min = Number.MAX_SAFE_INTEGER;
  let max = 0;
  for (let i = known - (TIMES_MAX - 1); i < known; i++) {
    const interval = (i + 1 < known ? player.timeMs(i + 1) : atMs) - player.timeMs(i);
    if (interval < min) min = interval;
    if (interval > max) max = interval;
  }
  const mean = floorDiv(atMs - first, TIMES_MAX - 1);
  return mean >= rules.mean_min_seconds * 1_000 && (max - min) * rules.spread <= mean;
}
