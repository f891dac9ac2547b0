import { expect, test } from "vitest";
import { median } from "./median.ts";

test("the median of an odd number is the middle one, of an even number the mean of the middle two", () => {
  expect(median([9, 1, 3])).toBe(3);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test("nothing has no median", () => {
  expect(median([])).toBeNaN();
});
