import { beforeAll, expect, test } from "vitest";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { started } from "../testing/builders.ts";
import { moveMeters, tensionTarget } from "./meters.ts";

let rules: Ruleset;
beforeAll(async () => {
  rules = await loadRuleset("amoi-1");
});
const calm = { flips: 0, contestedRelics: 0 };

test("tension tends to 7 parts of unrest by strategic value and 3 of rivalry", () => {
  const { factions, territories } = structuredClone(started(rules).state.public);
  const target = () => tensionTarget(Object.values(territories), Object.values(factions), rules);
  // No unrest; a lead of one basis point: ⌊3000 · 9999 / 10000⌋.
  expect(target()).toBe(2_999);
  // The hub has 5 of 23 parts of all value.
  territories.hollow_cross!.instability = 10_000;
  expect(target()).toBe(4_520);
  factions.empire!.share_bp = 8_000;
  factions.freeholds!.share_bp = 1_500;
  factions.veilborn!.share_bp = 500;
  expect(target()).toBe(2_571);
});

test("tension rises by 200 a tick at most and falls by 100", () => {
  const tension = (from: number, target: number) =>
    moveMeters({ global_tension: from, catastrophe_meter: 0 }, target, calm, rules).global_tension;
  expect([tension(1_000, 9_000), tension(1_000, 1_150), tension(1_000, 950), tension(1_000, 0)]).toEqual([
    1_200, 1_150, 950, 900,
  ]);
});

test("catastrophe grows above 4500 of tension, with flips and contested relics, and calms by 10", () => {
  const catastrophe = (tension: number, happened = calm, from = 1_000) =>
    moveMeters({ global_tension: tension, catastrophe_meter: from }, tension, happened, rules)
      .catastrophe_meter;
  expect([catastrophe(4_500), catastrophe(10_000), catastrophe(7_250)]).toEqual([990, 1_070, 1_030]);
  expect(catastrophe(0, { flips: 2, contestedRelics: 3 })).toBe(1_230);
  expect([catastrophe(0, calm, 5), catastrophe(10_000, { flips: 9, contestedRelics: 0 }, 9_990)]).toEqual([
    0, 10_000,
  ]);
});

test("a bound at the top of the scale leaves no excess and divides by nothing", () => {
  const capped = { ...rules, meters: { ...rules.meters, catastrophe_from_bp: 10_000 } };
  const meters = { global_tension: 10_000, catastrophe_meter: 50 };
  expect(moveMeters(meters, 10_000, calm, capped).catastrophe_meter).toBe(40);
});
