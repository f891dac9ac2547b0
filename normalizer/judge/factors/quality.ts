import type { Candidate } from "../../../shared/contracts/candidate.ts";
import type { JudgementRules } from "../../../shared/contracts/ruleset.ts";
import { floorDiv } from "../../../shared/exact/integers.ts";

/**
 * How much the story made of the action, basis points:
 * `floor + ⌊(stakes_bp·stakes + significance_bp·significance) / 10000⌋`, in 5 000…15 000 by the first ruleset.
 * Stakes 6 000 and significance 8 000 give 12 200.
 */
export const qualityBp = (
  { stakes, significance }: Pick<Candidate, "stakes" | "significance">,
  { floor_bp, stakes_bp, significance_bp }: JudgementRules["quality"],
): number => floor_bp + floorDiv(stakes_bp * stakes + significance_bp * significance, 10_000);
