import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import { byCodeUnit } from "../../shared/exact/integers.ts";
import { topN } from "./top-n.ts";

test("the largest are the first of all sorted by amount, ties by id, whatever order they come in", () => {
  const amounts = fc.uniqueArray(fc.tuple(fc.string({ maxLength: 3 }), fc.integer({ min: 0, max: 5 })), {
    selector: ([id]) => id,
  });
  fc.assert(
    fc.property(amounts, fc.integer({ min: 0, max: 12 }), (all, count) => {
      const sorted = all
        .filter(([, amount]) => amount > 0)
        .sort(([a, more], [b, less]) => less - more || byCodeUnit(a, b));
      expect(topN(all, count)).toEqual(sorted.slice(0, count));
    }),
    { numRuns: runs(2_000) },
  );
});
