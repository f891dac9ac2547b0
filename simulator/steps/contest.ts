/** Step 4: factions push a territory, its control moves within a clamp, its unrest follows. */

import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { TerritoryState } from "../../shared/contracts/world.ts";
import { apportion, ceilDiv, clamp, floorDiv, mul, mulDiv, sortedKeys } from "../../shared/exact/integers.ts";

export type Contested = {
  control: Map<string, number>;
  /** How open the contest was, basis points: 0 quiet or one-sided, 10 000 even. */
  contest: number;
  /** Control that changed hands, basis points. */
  moved: number;
};

/** How much a territory's instability lets its control move, basis points: 10 000 calm, 15 000 in uproar. */
const heatOf = (instability: number): number => 10_000 + floorDiv(instability, 2);

/**
 * `score = mul(push, weight)`, `S = Σ score`, the aim `τ = apportion(10000, score)`, and the distance to it
 * `G = Σ max(0, τ − control)`. `rate = mul(⌊rate_max·S / (S + value·half_score)⌋, heat)`: many pushes move much, with
 * diminishing returns. `M = min(mul(G, rate), mul(mul(clamp, 10000 + clamp_bp), heat))` moves from those above their
 * aim to those below it, pro rata; since M ≤ G nothing goes negative and the sum stays 10 000.
 * `push`: milli-points by faction. Under the quiet score nothing moves.
 */
export function contestOf(
  before: TerritoryState,
  push: ReadonlyMap<string, number>,
  weightOf: (faction: string) => number,
  clampModifierBp: number,
  rules: Ruleset,
): Contested {
  const { contest } = rules;
  const factions = sortedKeys(before.control);
  const control = new Map(factions.map((id) => [id, before.control[id]!]));
  const scores = new Map(factions.map((id) => [id, mul(push.get(id) ?? 0, weightOf(id))]));
  const score = sumOf(scores);
  if (score < contest.quiet_score * 1_000) return { control, contest: 0, moved: 0 };
  const aim = apportion(10_000, scores);
  const above = new Map(factions.map((id) => [id, Math.max(0, control.get(id)! - aim.get(id)!)]));
  const below = new Map(factions.map((id) => [id, Math.max(0, aim.get(id)! - control.get(id)!)]));
  const heat = heatOf(before.instability);
  const resistance = before.strategic_value * contest.half_score * 1_000;
  const rate = mul(mulDiv(contest.rate_max_bp, score, score + resistance), heat);
  const limit = mul(mul(contest.clamp_bp, 10_000 + clampModifierBp), heat);
  const moved = Math.min(mul(sumOf(below), rate), limit);
  const gains = apportion(moved, below);
  const losses = apportion(moved, above);
  for (const id of factions) control.set(id, control.get(id)! + gains.get(id)! - losses.get(id)!);
  return { control, contest: Math.min(10_000, 2 * (10_000 - Math.max(...aim.values()))), moved };
}

/** Unrest grows with an open contest, moving control and a flip, and calms down by a part of itself; basis points. */
export function instabilityOf(
  before: number,
  { contest, moved }: Contested,
  flipped: boolean,
  rules: Ruleset,
): number {
  const { instability_contest_bp, instability_flip_bp, instability_decay_bp } = rules.contest;
  const unrest = mul(contest, instability_contest_bp) + moved + (flipped ? instability_flip_bp : 0);
  return clamp(before + unrest - ceilDiv(before * instability_decay_bp, 10_000), 0, 10_000);
}

const sumOf = (weights: ReadonlyMap<string, number>): number => {
  let sum = 0;
  for (const weight of weights.values()) sum += weight;
  return sum;
};
