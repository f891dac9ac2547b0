/** What an action is worth before the caps. */
import type { Candidate } from "../contracts/candidate.ts";
import type { Judged } from "../contracts/decision.ts";
import type { Ruleset } from "../contracts/ruleset.ts";
import { mul } from "../exact/integers.ts";

/** Milli-points that an action starts with: what was claimed, at most the maximum of its source. */
export const baseMilli = (candidate: Pick<Candidate, "source" | "base_points">, rules: Ruleset): number =>
  Math.min(candidate.base_points, rules.base_maximum[candidate.source]) * 1_000;

/** `mul(mul(mul(base, quality), anti_spam), fairness)`, floored at each step; milli-points. */
export const pointsMilli = (
  base: number,
  { quality_bp, anti_spam_bp, fairness_bp }: Judged["factors"],
): number => mul(mul(mul(base, quality_bp), anti_spam_bp), fairness_bp);
