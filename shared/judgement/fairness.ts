/** The fairness factor: the cost of being ahead of the realm. */
import type { Accepted } from "../contracts/decision.ts";
import type { JudgementRules } from "../contracts/ruleset.ts";
import { clamp, floorDiv, mul, mulDiv } from "../exact/integers.ts";
import { dayNamed, WINDOW_DAYS } from "./day.ts";

/** What a realm's players earned lately, milli-points. */
export type Week = {
  /** The latest day with points. */
  day: number;
  /** Of the last days: all points, and the users whose latest points were on that day. */
  days: { day: number; points: number; users: number }[];
  /** All points and users of the 7 days before `day`. */
  before: { points: number; users: number };
};

/** A user's final milli-points of the last 7 day buckets, today's included. `days`, from `at` to `end`: day, points, day … */
export function recentPoints(days: readonly number[], today: number, at = 0, end = days.length): number {
  let sum = 0;
  for (let i = at; i < end; i += 2) if (days[i]! > today - WINDOW_DAYS) sum += days[i + 1]!;
  return sum;
}

/** All points and all users of the 7 days that ended when `today` began: frozen, so that a day's order doesn't matter. */
export function weekBefore(week: Week, today: number): Week["before"] {
  if (week.day === today) return week.before;
  const before = { points: 0, users: 0 };
  for (const { day, points, users } of week.days)
    if (day < today && day >= today - WINDOW_DAYS) {
      before.points += points;
      before.users += users;
    }
  return before;
}

/** Counts an accepted decision with points into the week: its day's points, and its user on the latest day that has any. */
export function countWeek(week: Week, decision: Accepted): void {
  const day = dayNamed(decision.daily_cap_bucket);
  if (day > week.day) {
    week.before = weekBefore(week, day);
    week.day = day;
    week.days.push({ day, points: 0, users: 0 });
    week.days = week.days.filter((other) => other.day >= day - WINDOW_DAYS);
  }
  const today = week.days.at(-1)!;
  today.points += decision.normalized_points;
  const previous = decision.previous_day;
  if (previous === undefined) return;
  today.users++;
  const earlier = previous === "" ? undefined : dayNamed(previous);
  const left = week.days.find((other) => other.day === earlier);
  if (left !== undefined) left.users--;
}

/** The mean `max(⌊T / A⌋, mean_min)` in milli-points; 0 while there are too few users to have one. */
export const meanPoints = ({ points, users }: Week["before"], rules: JudgementRules["fairness"]): number =>
  users < rules.users_min ? 0 : Math.max(floorDiv(points, users), rules.mean_min * 1_000);

/**
 * What being ahead leaves, basis points, never above 10 000: `ρ = ⌊R·10000 / M⌋`,
 * `rolling = clamp(⌊2·10^8 / (10000 + ρ)⌋, rolling_min, 10000)`; 10 000 while there is no mean.
 * ρ of 1, 2, 3, 5, 7 times the mean gives 10000, 6666, 5000, 3333, 3000.
 */
export function rollingBp(
  { recent, mean }: { recent: number; mean: number },
  rules: JudgementRules["fairness"],
): number {
  const ratio = mean === 0 ? 0 : mulDiv(recent, 10_000, mean);
  return clamp(floorDiv(200_000_000, 10_000 + ratio), rules.rolling_min_bp, 10_000);
}

/** No advantage is absolute: `max(min, mul(rolling, tier))`, basis points. A newcomer's bonus would pay sybils. */
export const fairnessBp = (rolling: number, spendTier: number, rules: JudgementRules["fairness"]): number =>
  Math.max(rules.min_bp, mul(rolling, rules.tier_bp[spendTier]!));
