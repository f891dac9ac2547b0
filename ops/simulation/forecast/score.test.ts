import { expect, test } from "vitest";
import { loadRuleset } from "../../../shared/rulesets/rulesets.ts";
import { extrapolates } from "./extrapolate.ts";
import { score } from "./score.ts";

const rules = await loadRuleset("amoi-1");
const forecast = (probability_bp: number, more = {}) => ({ probability_bp, until_tick: 100, ...more });
const said = (probability_bp: number, more = {}, ruler = false) => ({
  tick: 10,
  territory: "iron_gate",
  forecast: forecast(probability_bp, more),
  ruler,
});

test("a sure forecast that comes true has no error, and beats a ruler that said no", () => {
  const made = score([said(10_000, { low: 20, tick: 25, high: 30 })], [{ tick: 22, territory: "iron_gate" }]);
  expect(made).toMatchObject({ brier: 0, rulerBrier: 1, skill: 1, coverage: 1, flipped: 1 });
  expect(made.reliability[4]).toEqual({ said: 1, flipped: 1 });
});

test("a flip elsewhere, before, or beyond the horizon is none", () => {
  const flips = [
    { tick: 22, territory: "mist_fen" },
    { tick: 10, territory: "iron_gate" },
    { tick: 101, territory: "iron_gate" },
  ];
  expect(score([said(5_000)], flips)).toMatchObject({ brier: 0.25, flipped: 0, intervals: 0 });
});

test("a flip before the interval isn't covered; one that didn't come is where the interval is open", () => {
  const flips = [{ tick: 15, territory: "iron_gate" }];
  expect(score([said(9_000, { low: 20, high: 30 })], flips).coverage).toBe(0);
  expect(score([said(3_000, { low: 20 })], []).coverage).toBe(1);
  expect(score([said(9_500, { low: 20, high: 30 })], []).coverage).toBe(0);
});

test("the ruler draws the last two ticks on", () => {
  const land = (empire: number, freeholds: number) => ({
    controller: "empire",
    control: { empire, freeholds, veilborn: 10_000 - empire - freeholds },
    instability: 0,
    strategic_value: 4,
    contested: 1 as const,
    last_changed_tick: 1,
  });
  // 2 000 and the lead of 1 000 are missing, 100 came closer in a tick: 30 ticks.
  expect(extrapolates(land(5_050, 2_950), land(5_000, 3_000), rules, 30)).toBe(true);
  expect(extrapolates(land(5_050, 2_950), land(5_000, 3_000), rules, 29)).toBe(false);
  expect(extrapolates(land(5_000, 3_000), land(5_000, 3_000), rules, 1_000)).toBe(false);
});
