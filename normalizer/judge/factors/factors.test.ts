import { expect, test } from "vitest";
import { clip } from "../../../shared/judgement/caps.ts";
import { dayName, dayNamed, dayOf } from "../../../shared/judgement/day.ts";
import {
  fairnessBp,
  meanPoints,
  recentPoints,
  rollingBp,
  weekBefore,
} from "../../../shared/judgement/fairness.ts";
import { loadRuleset } from "../../../shared/rulesets/rulesets.ts";
import { antiSpamBp } from "./anti-spam.ts";
import { qualityBp } from "./quality.ts";

const { judgement } = await loadRuleset("amoi-1");

test("stakes 6000 and significance 8000 are worth 1.22", () => {
  const quality = (stakes: number, significance: number) =>
    qualityBp({ stakes, significance }, judgement.quality);
  expect(quality(6_000, 8_000)).toBe(12_200);
  expect(quality(0, 0)).toBe(5_000);
  expect(quality(10_000, 10_000)).toBe(15_000);
});

test("the day turns at the realm's own midnight", () => {
  const midnight = Date.parse("2026-03-01T17:00:00Z");
  expect(dayName(dayOf(midnight - 1, 420))).toBe("2026-03-01");
  expect(dayName(dayOf(midnight, 420))).toBe("2026-03-02");
  expect(dayName(dayOf(midnight, -720))).toBe("2026-03-01");
  expect(dayName(dayNamed("1969-12-31"))).toBe("1969-12-31");
});

test("caps cut in order, each cut is recorded, and a spent one leaves nothing", () => {
  expect(clip(100, { source: 70, user_day: 90, device_day: 0 })).toEqual({
    points: 0,
    clipped: [
      { by: "source", points: 30 },
      { by: "device_day", points: 70 },
    ],
  });
  expect(clip(100, { source: 100, user_day: 100 })).toEqual({ points: 100, clipped: [] });
});

test("a first action is worth all of it, its repeat at once two thirds, and variety pays", () => {
  const of = (fine_bp: number, coarse_bp: number, categories: number) =>
    antiSpamBp({ fine_bp, coarse_bp, categories }, judgement.anti_spam);
  expect(of(0, 0, 1)).toBe(10_000);
  expect(of(10_000, 10_000, 1)).toBe(6_666);
  expect(of(0, 10_000, 1)).toBe(9_090);
  expect(of(0, 0, 3)).toBe(11_000);
  expect(of(10_000_000, 0, 1)).toBe(1_000);
});

test.each([
  [1, 0, 10_000],
  [2, 0, 6_666],
  [3, 0, 5_000],
  [5, 0, 3_333],
  [7, 0, 3_000],
  [3, 3, 4_250],
])("%i times the mean at tier %i leaves %i", (times, tier, fair) => {
  const mean = 300_000;
  expect(
    fairnessBp(rollingBp({ recent: times * mean, mean }, judgement.fairness), tier, judgement.fairness),
  ).toBe(fair);
});

test("without ten active users there is no mean, and nobody is above it", () => {
  expect(meanPoints({ points: 9_000_000, users: 9 }, judgement.fairness)).toBe(0);
  expect(rollingBp({ recent: 9_000_000, mean: 0 }, judgement.fairness)).toBe(10_000);
  expect(meanPoints({ points: 1_000, users: 10 }, judgement.fairness)).toBe(50_000);
});

test("recent are the last seven day buckets, today's included; the mean's are the seven before today", () => {
  const days = [1, 2, 3, 4, 5, 6, 7, 8].map((day) => ({ day, points: 10 ** (day - 1), users: 1 }));
  const pairs = days.flatMap(({ day, points }) => [day, points]);
  expect(recentPoints(pairs, 8)).toBe(11_111_110);
  const week = { through: 1, day: 8, days, before: { points: 5, users: 5 } };
  expect(weekBefore(week, 8)).toEqual({ points: 5, users: 5 });
  expect(weekBefore(week, 9)).toEqual({ points: 11_111_110, users: 7 });
});
