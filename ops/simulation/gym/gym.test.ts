import { expect, test } from "vitest";
import { loadRuleset } from "../../../shared/rulesets/rulesets.ts";
import { split, workOut } from "./run.ts";
import { CATCHABLE, targetsOf } from "./targets.ts";

const ruleset = await loadRuleset("amoi-1");
/** Held out, as the seeds that the README reports. */
const workout = { seed: 111, ruleset, players: 400, days: 8, attackBp: 500 };
const score = workOut(workout);

test("every target holds on a seed that no one tuned on", () => {
  expect(targetsOf(score).filter(({ met }) => !met)).toEqual([]);
});

test("every kind of attack is there, at one account in twenty", () => {
  expect(score.attacks.size).toBe(10);
  expect(score.attackers / (score.attackers + score.honest)).toBeCloseTo(0.05, 1);
});

test.each(CATCHABLE)("%s: every account is found out", (attack) => {
  expect(score.attacks.get(attack)!.recall).toBe(1);
});

test("a key that comes again never counts", () => {
  expect(score.attacks.get("replayed")!.eventRecall).toBe(1);
});

test("a typical player has about 300 points on a day of play", () => {
  expect(score.typicalDay).toBeGreaterThan(240_000);
  expect(score.typicalDay).toBeLessThan(360_000);
});

test("the same seed gives the same figures", () => {
  const small = { ...workout, players: 100, days: 2 };
  expect(workOut(small)).toEqual(workOut(small));
});

test("more accounts for one budget reach more, and none more than twice what its hours earn an honest player", () => {
  const { splits } = split({ ...workout, players: 200, days: 5 });
  const points = splits.map(({ pointsPerDay }) => pointsPerDay);
  expect(points).toEqual(points.toSorted((a, b) => a - b));
  for (const { ofHonest } of splits) expect(ofHonest).toBeLessThan(2);
});

test("rules without fairness let the held back leak more than a hundredth", () => {
  const lax = structuredClone(ruleset);
  lax.judgement.fairness.rolling_min_bp = 10_000;
  const leaked = targetsOf(workOut({ ...workout, players: 200, ruleset: lax })).find(({ name }) =>
    name.startsWith("leaked"),
  );
  expect(leaked!.met).toBe(false);
});
