/** The goals of the scenarios: attacks on the world and its institutions rather than on the judgement of single accounts. Pure. */
import type { Ruleset } from "../../../../shared/contracts/ruleset.ts";
import { type Target, targetOf } from "../targets.ts";
import { delayOf } from "./fifth-column.ts";

/** Every goal on one seed. */
export function scenarioTargets(ruleset: Ruleset, seed: number): Target[] {
  return [targetOf("flip later by 30 saboteurs", delayOf(ruleset, { seed, saboteurs: 30 }), { atMost: 0.1 })];
}
