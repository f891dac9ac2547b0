import { expect, test } from "vitest";
import { loadRuleset } from "../../../../shared/rulesets/rulesets.ts";
import { flipOf } from "./fifth-column.ts";
import { scenarioTargets } from "./targets.ts";

const ruleset = await loadRuleset("amoi-1");
/** Held out: rules are tuned on seeds 1 to 10. */
const SEED = 211;

test("every goal of a scenario holds on a seed that no rule was tuned on", () => {
  expect(scenarioTargets(ruleset, SEED).filter(({ met }) => !met)).toEqual([]);
});

test("sixty saboteurs of plain influence don't delay a flip", () => {
  const flip = (saboteurs: number) => flipOf(ruleset, { seed: SEED, saboteurs });
  expect(flip(60)).toBeLessThanOrEqual(flip(0));
});
