import { expect, test } from "vitest";
import { jittered } from "./backoff.ts";

test("a pause is between half and all of what it is at most, and differs from time to time", () => {
  const pauses = Array.from({ length: 1_000 }, () => jittered(1_000));
  for (const pause of pauses) expect(pause >= 500 && pause <= 1_000).toBe(true);
  expect(Math.max(...pauses) - Math.min(...pauses)).toBeGreaterThan(400);
});
