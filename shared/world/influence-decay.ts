/** How influence fades from tick to tick, and how many ticks' worth of time a late one brings. */
import type { Ruleset } from "../contracts/ruleset.ts";
import { clamp, floorDiv, mul } from "../exact/integers.ts";

/**
 * How many bursts and decays a tick is worth: `k = clamp(⌊(2Δ + L) / 2L⌋, 1, 4)`, the time since the previous tick in
 * tick lengths, rounded. A realm that was down doesn't lose its players' work. The first tick is worth one.
 */
export const lateness = (tick: number, sincePreviousMs: number, lengthMs: number): number =>
  tick === 1 ? 1 : clamp(floorDiv(2 * sincePreviousMs + lengthMs, 2 * lengthMs), 1, 4);

/** Influence after `k` decays, milli-points: `influence − mul(influence, decay)`, k times. */
export function decayedInfluence(influence: number, rules: Ruleset, k: number): number {
  let left = influence;
  for (let i = 0; i < k; i++) left -= mul(left, rules.influence.decay_bp);
  return left;
}
