import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import { giniBp, topShareBp } from "./inequality.ts";

const values = fc.array(fc.oneof(fc.nat(50), fc.nat(2 ** 31), fc.constant(0)), { maxLength: 60 });
const some = values.filter((all) => all.some((each) => each > 0));

/** By the definition: the mean absolute difference of all pairs over twice the mean. */
function giniOfPairs(all: number[]): number {
  let differences = 0n;
  let sum = 0n;
  for (const a of all) {
    sum += BigInt(a);
    for (const b of all) differences += BigInt(Math.abs(a - b));
  }
  return Number((differences * 10_000n) / (2n * BigInt(all.length) * sum));
}

test("Gini is the mean difference of all pairs over twice the mean", () => {
  fc.assert(
    fc.property(some, (all) => {
      expect(giniBp(all)).toBe(giniOfPairs(all));
    }),
    { numRuns: runs(2_000) },
  );
});

test("Gini lies between equality and n − 1 of n, and the order of the values says nothing", () => {
  fc.assert(
    fc.property(
      fc
        .array(fc.nat(2 ** 40), { maxLength: 40 })
        .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([all, shuffled]) => {
        const gini = giniBp(all);
        expect(gini).toBeGreaterThanOrEqual(0);
        expect(gini).toBeLessThanOrEqual(
          all.length === 0 ? 0 : Math.floor((10_000 * (all.length - 1)) / all.length),
        );
        expect(giniBp(shuffled)).toBe(gini);
      },
    ),
    { numRuns: runs(2_000) },
  );
});

test("giving everybody as many copies again, or everything in another unit, changes no Gini", () => {
  fc.assert(
    fc.property(some, fc.integer({ min: 1, max: 5 }), (all, times) => {
      expect(giniBp(Array.from({ length: times }, () => all).flat())).toBe(giniBp(all));
      expect(giniBp(all.map((each) => each * times))).toBe(giniBp(all));
    }),
    { numRuns: runs(1_000) },
  );
});

test("a transfer from the richest to the poorest never raises Gini or the top's share", () => {
  fc.assert(
    fc.property(some, fc.integer({ min: 1, max: 99 }), (all, percent) => {
      const sorted = [...all].sort((a, b) => a - b);
      const given = Math.floor((sorted.at(-1)! - sorted[0]!) / 2);
      const after = sorted.map((each, i) =>
        sorted.length === 1 ? each : i === 0 ? each + given : i === sorted.length - 1 ? each - given : each,
      );
      expect(giniBp(after)).toBeLessThanOrEqual(giniBp(all));
      expect(topShareBp(after, percent)).toBeLessThanOrEqual(topShareBp(all, percent));
    }),
    { numRuns: runs(2_000) },
  );
});

test("the top's share grows with the percentage, is at least that of equality, and all have all", () => {
  fc.assert(
    fc.property(some, fc.integer({ min: 1, max: 99 }), (all, percent) => {
      const share = topShareBp(all, percent);
      const count = Math.ceil((all.length * percent) / 100);
      expect(share).toBeGreaterThanOrEqual(Math.floor((10_000 * count) / all.length));
      expect(share).toBeLessThanOrEqual(topShareBp(all, percent + 1));
      expect(topShareBp(all, 100)).toBe(10_000);
    }),
    { numRuns: runs(2_000) },
  );
});

test("one of a hundred who has it all: Gini 9900, and the top percent has 10 000", () => {
  const all = [...Array.from({ length: 99 }, () => 0), 7];
  expect(giniBp(all)).toBe(9_900);
  expect(topShareBp(all, 1)).toBe(10_000);
});

test("nobody, one alone and nothing at all are equal", () => {
  for (const all of [[], [5], [0, 0, 0]]) expect(giniBp(all)).toBe(0);
  expect(topShareBp([], 1)).toBe(0);
  expect(topShareBp([0, 0], 1)).toBe(0);
  expect(topShareBp([5], 1)).toBe(10_000);
});

test("sums of products beyond 2^53 stay exact", () => {
  const all = Array.from({ length: 2_000 }, (_, i) => (i < 1_000 ? 0 : 4_000_000_000_000));
  expect(giniBp(all)).toBe(5_000);
});
