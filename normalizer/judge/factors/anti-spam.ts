import type { JudgementRules } from "../../../shared/contracts/ruleset.ts";
import { clamp, floorDiv, mul } from "../../../shared/exact/integers.ts";

/** What one signature leaves of an action: `⌊10^8 / (10000 + mul(level, weight))⌋` basis points; one fresh repeat, a third off. */
const repeated = (level_bp: number, weight_bp: number): number =>
  floorDiv(100_000_000, 10_000 + mul(level_bp, weight_bp));

/**
 * Repetition decays, variety pays, basis points:
 * `clamp(mul(min(r_fine, r_coarse), 10000 + variety·(categories − 1)), min, max)`, the levels being those before this action.
 */
export const antiSpamBp = (
  levels: { fine_bp: number; coarse_bp: number; categories: number },
  rules: JudgementRules["anti_spam"],
): number =>
  clamp(
    mul(
      Math.min(
        repeated(levels.fine_bp, rules.fine_weight_bp),
        repeated(levels.coarse_bp, rules.coarse_weight_bp),
      ),
      10_000 + rules.variety_bp * (levels.categories - 1),
    ),
    rules.min_bp,
    rules.max_bp,
  );
