import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import { apportion, apportionList, byCodeUnit, ceilDiv, floorDiv, mul, mulDiv } from "./integers.ts";

const CASES = runs(300);
const safe = fc.maxSafeInteger();
const divisor = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const weights = fc.dictionary(
  fc.constantFrom("constructor", "a", "b", "c", "d", "e", "B", "é", "10", "9"),
  fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 2 ** 49 })),
  { minKeys: 1 },
);

/** ⌊a·b / divisor⌋ as anyone would write it without bounds. */
function exact(a: number, b: number, by: number): bigint {
  const product = BigInt(a) * BigInt(b);
  const quotient = product / BigInt(by);
  return product % BigInt(by) < 0n ? quotient - 1n : quotient;
}

test("mulDiv is the exact floor towards −∞, or refuses what is no safe integer", () => {
  fc.assert(
    fc.property(safe, safe, divisor, (a, b, by) => {
      const expected = exact(a, b, by);
      const fits = expected <= Number.MAX_SAFE_INTEGER && expected >= Number.MIN_SAFE_INTEGER;
      if (fits) expect(BigInt(mulDiv(a, b, by))).toBe(expected);
      else expect(() => mulDiv(a, b, by)).toThrow(RangeError);
    }),
    { numRuns: runs(3_000) },
  );
});

test("mul, floorDiv and ceilDiv round as they say, below zero too, and never to −0", () => {
  expect([mul(-1, 1), mul(9_999, 1), mul(-20_000, 5_000)]).toEqual([-1, 0, -10_000]);
  expect([floorDiv(-7, 2), ceilDiv(-7, 2), ceilDiv(7, 2), ceilDiv(0, 2)]).toEqual([-4, -3, 4, 0]);
  expect(Object.is(ceilDiv(0, 2), 0)).toBe(true);
});

test("100 over equal a, b, c gives 34, 33, 33", () => {
  const equal = (weight: number) => new Map(["c", "b", "a"].map((id) => [id, weight]));
  for (const weight of [1, 7, 0])
    expect([...apportion(100, equal(weight))]).toEqual([
      ["a", 34],
      ["b", 33],
      ["c", 33],
    ]);
});

test("the units left over go by remainder, then by id in code-unit order", () => {
  const parts = apportion(10, new Map(Object.entries({ a: 33, b: 33, Z: 33, c: 1 })));
  expect(Object.fromEntries(parts)).toEqual({ Z: 4, a: 3, b: 3, c: 0 });
});

test("parts sum to the total, stay within one of their quota, and exceed no weight that the total doesn't", () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 31 - 1 }), weights, (total, record) => {
      const map = new Map(Object.entries(record));
      const parts = apportion(total, map);
      const sum = [...map.values()].reduce((a, b) => a + b, 0);
      expect([...parts.values()].reduce((a, b) => a + b, 0)).toBe(total);
      for (const [id, part] of parts) {
        const quota = sum === 0 ? exact(total, 1, map.size) : exact(total, map.get(id)!, sum);
        expect([quota, quota + 1n]).toContain(BigInt(part));
        if (total <= sum) expect(part).toBeLessThanOrEqual(map.get(id)!);
      }
    }),
    { numRuns: CASES },
  );
});

test("the order in which ids come shows in no part", () => {
  const shuffled = weights.chain((record) =>
    fc.tuple(
      fc.constant(record),
      fc.shuffledSubarray(Object.keys(record), { minLength: Object.keys(record).length }),
    ),
  );
  fc.assert(
    fc.property(fc.nat(), shuffled, (total, [record, order]) => {
      const map = new Map(Object.entries(record));
      const listed = apportionList(
        total,
        order,
        order.map((id) => map.get(id)!),
      );
      const sorted = order
        .map((id, i): [string, number] => [id, listed[i]!])
        .sort(([a], [b]) => byCodeUnit(a, b));
      expect(sorted).toEqual([...apportion(total, map)]);
    }),
    { numRuns: CASES },
  );
});
