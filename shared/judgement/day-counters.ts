/**
 * What counted on the latest day, of a user by source and of a device. The normalizer counts by it; the internal API reads
 * what KV `caps` has of it and counts on, to show beforehand what a release would give.
 */
import { SOURCES, type Source } from "../contracts/candidate.ts";
import type { Accepted } from "../contracts/decision.ts";
import { dayNamed, WINDOW_DAYS } from "./day.ts";

/** Milli-points of one day; `sources` in the order of `SOURCES`. Days are numbered from 1970-01-01, the ruleset's offset applied. */
export type UserDay = { day: number; sources: number[] };
export type DeviceDay = { day: number; points: number };

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

/** What of a user's day counts on `day`: the points of a source, and of all. */
export const usedOn = ({ day: counted, sources }: UserDay, day: number, source: Source) =>
  counted === day
    ? { source: sources[SOURCES.indexOf(source)]!, user: sources.reduce((sum, points) => sum + points, 0) }
    : { source: 0, user: 0 };

/**
 * Counts points into the latest of a user's days, or begins a new one; as many are kept as fairness looks at. `days`, oldest
 * first: day, points, day, points …
 */
export function countDay(days: number[], day: number, points: number): void {
  if (days.at(-2) === day) days[days.length - 1]! += points;
  else {
    days.push(day, points);
    if (days.length > 2 * WINDOW_DAYS) days.splice(0, 2);
  }
}
