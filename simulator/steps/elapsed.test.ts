import { expect, test } from "vitest";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { standing, started } from "../testing/builders.ts";
import { clockworkOf, lastOrdinary } from "./elapsed.ts";

const rules = await loadRuleset("amoi-1");
const at = (tick: number, status_ticks: [number, number][]) =>
  standing(started(rules), (state) => {
    state.public.tick = tick;
    state.private.status_ticks = status_ticks;
  }).state;

test("ticks of kind status are left out of what has passed since an earlier one", () => {
  const { since } = clockworkOf(
    at(12, [
      [3, 2],
      [7, 1],
      [10, 3],
    ]),
  );
  expect([12, 9, 8, 7, 6, 4, 3, 2, 1].map(since)).toEqual([0, 0, 1, 2, 2, 4, 4, 4, 5]);
});

test("the last ordinary tick is the one before the run of status ticks that the newest is in, else the newest", () => {
  expect(lastOrdinary(at(4, [[3, 2]]))).toBe(2);
  expect(lastOrdinary(at(5, [[3, 2]]))).toBe(5);
  expect(
    lastOrdinary(
      at(7, [
        [3, 2],
        [7, 1],
      ]),
    ),
  ).toBe(6);
  expect(lastOrdinary(at(9, []))).toBe(9);
});
