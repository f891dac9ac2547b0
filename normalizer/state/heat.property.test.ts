import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import { heatList, hit, hottest, untilOf, warm } from "./heat.ts";
import { blank, type Layout, LIST_HEAD } from "./packed-lists.ts";

const LEAK_MS = 1_000;
const LIST = heatList(0);
const LAYOUT: Layout = { head: LIST_HEAD, lists: [LIST] };

test("a list of heat holds the 32 hottest keys: the one that cools first makes room, of equals the one with the larger mark stays", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ mark: fc.integer({ min: 1, max: 40 }), waitMs: fc.constantFrom(0, 0, 300, 1_000) }),
        {
          minLength: 30,
          maxLength: 160,
        },
      ),
      (hits) => {
        let numbers = blank(LAYOUT, [2]);
        const model = new Map<number, number>();
        let atMs = 1_000_000;
        for (const { mark, waitMs } of hits) {
          atMs += waitMs;
          numbers = warm(numbers, LAYOUT, LIST, mark, atMs, LEAK_MS);
          model.set(mark, hit(model.get(mark) ?? 0, atMs, LEAK_MS));
          const coolestFirst = [...model].sort(([a, aMs], [b, bMs]) => aMs - bMs || a - b);
          if (model.size > 32) model.delete(coolestFirst[0]![0]);
          for (let each = 1; each <= 40; each++)
            expect(untilOf(numbers, LIST, each)).toBe(model.get(each) ?? 0);
          expect(hottest(numbers, LIST)).toBe(Math.max(...model.values()));
        }
      },
    ),
    { numRuns: runs(200) },
  );
});
