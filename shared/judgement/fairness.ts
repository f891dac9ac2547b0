/** The fairness factor: the cost of being ahead of the realm. */
import type { Accepted, MeanMove } from "../contracts/decision.ts";
import type { JudgementRules } from "../contracts/ruleset.ts";
import { clamp, floorDiv, mul, mulDiv } from "../exact/integers.ts";
import { dayName, dayNamed, WINDOW_DAYS } from "./day.ts";

/** What a realm's players earned lately, milli-points. */
export type Week = {
  /** The latest day with points. */
  day: number;
  /** Of the last days: all points, and the users whose latest points were on that day and who had the least that counts by then. */
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

type Earner = { latestDay: number | undefined; recentPoints(day: number): number };

/**
 * How points move their user in the mean: whose 7 days come to `mean_min` is one of its users on the latest day with points. Who has
 * less isn't, so that accounts with next to nothing don't lower what everybody is compared with. `before`, `after`: the user's
 * milli-points of 7 days without these points and with them.
 */
export function meanMove(
  earner: Earner | undefined,
  { day, before, after }: { day: number; before: number; after: number },
  { mean_min }: JudgementRules["fairness"],
): MeanMove | undefined {
  if (after === before) return undefined;
  const least = mean_min * 1_000;
  const latest = earner?.latestDay;
  const isFirst = latest === undefined || latest < day;
  const joins = after >= least && (isFirst || before < least);
  const leaves = isFirst && latest !== undefined && earner!.recentPoints(latest) >= least;
  if (!joins && !leaves) return undefined;
  return { ...(joins ? { joins: 1 } : {}), ...(leaves ? { leaves: dayName(latest) } : {}) };
}

/** Counts an accepted decision with points into the week: its day's points, and where its user counts in the mean. */
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
  const { joins, leaves } = decision.mean ?? moveOf(decision.previous_day);
  if (joins === 1) today.users++;
  const left = leaves === undefined ? undefined : week.days.find(({ day }) => day === dayNamed(leaves));
  // A ruleset may have raised what counts since then.
  if (left !== undefined && left.users > 0) left.users--;
}

/** What an earlier release meant, which counted everybody with points. */
function moveOf(previousDay: string | undefined): MeanMove {
  if (previousDay === undefined) return {};
  return { joins: 1, ...(previousDay === "" ? {} : { leaves: previousDay }) };
}

/** The mean `max(⌊T / A⌋, mean_min)` in milli-points, A being those with at least `mean_min`; 0 while there are too few users to have one. */
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
