import { expect, test } from "vitest";
import { clip } from "./caps.ts";
import { dayOf } from "./day.ts";
import { qualityBp } from "./quality.ts";

test("stakes 6000 and significance 8000 are worth 1.22", () => {
  expect(qualityBp({ stakes: 6_000, significance: 8_000 })).toBe(12_200);
  expect(qualityBp({ stakes: 0, significance: 0 })).toBe(5_000);
  expect(qualityBp({ stakes: 10_000, significance: 10_000 })).toBe(15_000);
});

test("the day turns at the realm's own midnight", () => {
  const midnight = Date.parse("2026-03-01T17:00:00Z");
  expect(dayOf(midnight - 1, 420)).toBe("2026-03-01");
  expect(dayOf(midnight, 420)).toBe("2026-03-02");
  expect(dayOf(midnight, -720)).toBe("2026-03-01");
});

test("caps cut in order, each cut is recorded, and a spent one never adds", () => {
  const cut = clip(100, [
    { by: "source", left: 70 },
    { by: "user_day", left: 90 },
    { by: "device_day", left: -5 },
  ]);
  expect(cut).toEqual({
    points: 0,
    clipped: [
      { by: "source", points: 30 },
      { by: "device_day", points: 70 },
    ],
  });
});
