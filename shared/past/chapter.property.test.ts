import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import { histories } from "../../simulator/testing/arbitraries.ts";
import { play, started } from "../../simulator/testing/builders.ts";
import { loadRuleset } from "../rulesets/rulesets.ts";
import { BrokenPast, Chapter, type PastState, type Standing } from "./chapter.ts";

/** A history of the real core: every state as it was, and the deltas that a chapter gets. */
const lived = (maxTicks: number) =>
  histories(maxTicks).map(({ rules, intervals }) => {
    const first = started(rules);
    return { first, results: play(first, intervals) };
  });
const standing = ({ state, record }: ReturnType<typeof started>): Standing => ({
  state: state.public,
  hash: record.public_hash,
});

test("a chapter tells each tick as it was, wherever its pages end, and stands where the last tick left it", () => {
  fc.assert(
    fc.property(lived(80), ({ first, results }) => {
      const chapter = new Chapter(standing(first));
      for (const { delta } of results) chapter.add(delta);
      for (const { state, record } of results)
        expect(chapter.at(record.tick)).toEqual({
          state: state.public,
          hash: record.public_hash,
          events: record.events,
        } satisfies PastState);
      expect(chapter.end).toEqual(standing(results.at(-1)!));
    }),
    { numRuns: runs(60) },
  );
});

const rules = await loadRuleset("amoi-1");
const first = started(rules);
const results = play(
  first,
  Array.from({ length: 40 }, () => ({})),
);

test("a delta that is missing, and one that continues another state, are refused by name", () => {
  const chapter = new Chapter(standing(first));
  chapter.add(results[0]!.delta);
  expect(() => chapter.add(results[2]!.delta)).toThrow("holds no delta of tick 2: tick 3 comes next");
  expect(() => chapter.add({ ...results[1]!.delta, prev: "0".repeat(64) })).toThrow(
    /the delta of tick 2 of amoi-1 continues 0+, tick 1 is/,
  );
  chapter.add(results[1]!.delta);
  expect(chapter.through).toBe(2);
});

test("a patch that was tampered with shows at its tick, also on a page that was laid down", () => {
  const chapter = new Chapter(standing(first));
  for (const { delta } of results)
    chapter.add(delta.tick === 7 ? { ...delta, patch: { ...delta.patch, season: 9 } } : delta);
  expect(chapter.at(6).state.season).toBe(1);
  expect(() => chapter.at(7)).toThrow(BrokenPast);
  expect(() => chapter.at(39)).toThrow(BrokenPast);
  for (const tick of [0, 41]) expect(() => chapter.at(tick)).toThrow(/isn't among 1…40/);
});
