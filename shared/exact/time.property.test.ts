import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import { wholeMs } from "./time.ts";

test("a timestamp's milliseconds are its own, also a nanosecond before and after they begin", () => {
  const ms = fc.integer({ min: 1_600_000_000_000, max: 4_000_000_000_000 });
  const past = fc.oneof(fc.integer({ min: 0, max: 999_999 }), fc.constantFrom(0, 1, 127, 999_872, 999_999));
  fc.assert(
    fc.property(ms, past, (ms, past) => {
      const text = `${ms}${`${past}`.padStart(6, "0")}`;
      expect(wholeMs(Number.parseInt(text, 10), () => BigInt(text))).toBe(ms);
    }),
    { numRuns: runs(1_000) },
  );
});
