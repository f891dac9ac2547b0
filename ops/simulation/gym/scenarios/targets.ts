/** The goals of the scenarios: attacks on the world and its institutions rather than on the judgement of single accounts. Pure. */
import type { Ruleset } from "../../../../shared/contracts/ruleset.ts";
import { type Target, targetOf } from "../targets.ts";
import { ballotOf } from "./council-stuffing.ts";
import { delayOf } from "./fifth-column.ts";
import { lostTo } from "./mean-drag.ts";
import { floodOf } from "./quarantine-flood.ts";

/** Every goal on one seed. */
export function scenarioTargets(ruleset: Ruleset, seed: number): Target[] {
  const { stuffed, refused, voters } = ballotOf(ruleset, seed);
  const { honest, lost } = floodOf(ruleset, seed);
  return [
    targetOf("weight of 100 stuffed votes", stuffed, { atMost: 0 }),
    targetOf("active members without a vote", refused / (voters + refused), { atMost: 0.1 }),
    targetOf("honest points lost to nine dummies each", lostTo(ruleset, { seed, each: 9 }), { atMost: 0.03 }),
    targetOf("honest events that find no place in a flooded quarantine", lost / honest, { atMost: 0 }),
    targetOf("flip later by 30 saboteurs", delayOf(ruleset, { seed, saboteurs: 30 }), { atMost: 0.1 }),
  ];
}
