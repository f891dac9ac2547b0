import { expect, test } from "vitest";
import { loadRuleset } from "../rulesets/rulesets.ts";
import { meanMove } from "./fairness.ts";

const { fairness } = (await loadRuleset("amoi-1")).judgement;
const LEAST = fairness.mean_min * 1_000;
const earner = (latestDay: number | undefined, recent = 0) => ({ latestDay, recentPoints: () => recent });
const move = (of: ReturnType<typeof earner> | undefined, before: number, after: number) =>
  meanMove(of, { day: 20, before, after }, fairness);

test("a user counts in the mean from the last thousandth of the least on, once a day", () => {
  expect(move(undefined, 0, LEAST - 1)).toBeUndefined();
  expect(move(undefined, 0, LEAST)).toEqual({ joins: 1 });
  expect(move(earner(20), LEAST - 1, LEAST)).toEqual({ joins: 1 });
  expect(move(earner(20), LEAST, LEAST + 1)).toBeUndefined();
});

test("with the first points of a day they leave the day before, where they counted on it", () => {
  expect(move(earner(19, LEAST), LEAST, LEAST + 1)).toEqual({ joins: 1, leaves: "1970-01-20" });
  expect(move(earner(19, LEAST - 1), LEAST - 1, LEAST)).toEqual({ joins: 1 });
  expect(move(earner(12, LEAST), 0, 1)).toEqual({ leaves: "1970-01-13" });
});

test("nothing moves without points", () => {
  expect(move(earner(19, LEAST), LEAST, LEAST)).toBeUndefined();
});
