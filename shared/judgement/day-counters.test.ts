import { expect, test } from "vitest";
import { SOURCES, type Source } from "../contracts/candidate.ts";
import { dayNamed } from "./day.ts";
import { countDevice, countUser, noUserDay } from "./day-counters.ts";

const [FIRST, SECOND] = ["2026-03-01", "2026-03-02"] as const;
const decision = (daily_cap_bucket: string, normalized_points: number, source: Source = SOURCES[0]) => ({
  daily_cap_bucket,
  normalized_points,
  source,
});

test("a user's points of one day add up by source, and another day begins anew", () => {
  let today = countUser(noUserDay(), decision(FIRST, 10));
  today = countUser(today, decision(FIRST, 5));
  today = countUser(today, decision(FIRST, 7, SOURCES[1]));
  expect(today).toEqual({ day: dayNamed(FIRST), sources: [15, 7, 0, 0, 0] });
  expect(countUser(today, decision(SECOND, 3))).toEqual({ day: dayNamed(SECOND), sources: [3, 0, 0, 0, 0] });
});

test("a device's points of one day add up, and another day begins anew", () => {
  let today = countDevice({ day: 0, points: 99 }, decision(FIRST, 10));
  today = countDevice(today, decision(FIRST, 5));
  expect(today).toEqual({ day: dayNamed(FIRST), points: 15 });
  expect(countDevice(today, decision(SECOND, 3))).toEqual({ day: dayNamed(SECOND), points: 3 });
});
