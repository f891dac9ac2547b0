import type { Candidate } from "../../shared/contracts/candidate.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";

/** Milli-points that an action starts with: what was claimed, at most the maximum of its source. */
export const baseMilli = (candidate: Pick<Candidate, "source" | "base_points">, rules: Ruleset): number =>
  Math.min(candidate.base_points, rules.base_maximum[candidate.source]) * 1_000;
