/** The demo's rules with fronts and relics that change hands after a few pushes: for tests that need much to happen in few ticks. */
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";

export async function livelyRules(): Promise<Ruleset> {
  const rules = await loadRuleset("demo");
  const { contest, claims } = rules;
  return {
    ...rules,
    contest: { ...contest, clamp_bp: 350, flip_lead_bp: 500, flip_gap_ticks: 2 },
    claims: { ...claims, rival: 30, capture: 500, gap_ticks: 10 },
  };
}
