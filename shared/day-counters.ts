/**
 * What counted on the latest day, of a user by source and of a device. The normalizer counts by it; the internal API reads
 * what KV `caps` has of it and counts on, to show beforehand what a release would give.
 */
import { SOURCES } from "./contracts/candidate.ts";
import type { Accepted } from "./contracts/decision.ts";
import { dayNamed, WINDOW_DAYS } from "./day.ts";

/** Milli-points of one day. Days are numbered from 1970-01-01, the ruleset's offset applied. */
export type DayPoints = { day: number; points: number };

/** Milli-points; `sources` in the order of `SOURCES`. */
export type UserDay = { day: number; sources: number[] };
export type DeviceDay = DayPoints;

type Counted = Pick<Accepted, "daily_cap_bucket" | "normalized_points" | "source">;

export const noUserDay = (day = 0): UserDay => ({ day, sources: SOURCES.map(() => 0) });

/** The user's day with a decision counted into it; the first points of another day begin a new one. */
export function countUser(today: UserDay, decision: Counted): UserDay {
  const day = dayNamed(decision.daily_cap_bucket);
  const counted = today.day === day ? today : noUserDay(day);
  counted.sources[SOURCES.indexOf(decision.source)]! += decision.normalized_points;
  return counted;
}

export function countDevice(today: DeviceDay, decision: Counted): DeviceDay {
  const day = dayNamed(decision.daily_cap_bucket);
  const counted = today.day === day ? today : { day, points: 0 };
  counted.points += decision.normalized_points;
  return counted;
}

/** Counts points into the latest of a user's days, or begins a new one; as many are kept as fairness looks at. */
export function countDay(days: DayPoints[], day: number, points: number): void {
  const latest = days.at(-1);
  if (latest?.day === day) latest.points += points;
  else {
    days.push({ day, points });
    if (days.length > WINDOW_DAYS) days.shift();
  }
}

/** `through`: `source_seq` of the last decision that an entry includes. */
export type Through<Day> = { through: number; today: Day };

/** The days in the text of an entry `<realm>.u.<user>`, as `normalizer/entries.ts` writes it. */
export function userDayIn(entry: string): Through<UserDay> & { days: DayPoints[] } {
  const [, through, , , , flat, [day, ...sources]] = JSON.parse(entry);
  return { through, today: { day, sources }, days: dayPairs(flat) };
}

/** Days as an entry's text has them: day, points, day, points … */
export function dayPairs(flat: readonly number[]): DayPoints[] {
  const days: DayPoints[] = [];
  for (let i = 0; i < flat.length; i += 2) days.push({ day: flat[i]!, points: flat[i + 1]! });
  return days;
}

/** The day in the text of an entry `<realm>.d.<device>`. */
export function deviceDayIn(entry: string): Through<DeviceDay> {
  const [, through, , , , day, points] = JSON.parse(entry);
  return { through, today: { day, points } };
}
