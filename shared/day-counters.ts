/**
 * What counted on the latest day, of a user by source and of a device. The normalizer counts by it; the internal API reads
 * what KV `caps` has of it and counts on, to show beforehand what a release would give.
 */
import { SOURCES } from "./contracts/candidate.ts";
import type { Accepted } from "./contracts/decision.ts";
import { dayNamed } from "./day.ts";

/** Milli-points; `sources` in the order of `SOURCES`. Days are numbered from 1970-01-01, the ruleset's offset applied. */
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

/** `through`: `source_seq` of the last decision that an entry includes. */
export type Through<Day> = { through: number; today: Day };

/** The day in the text of an entry `<realm>.u.<user>`, as `normalizer/entries.ts` writes it. */
export function userDayIn(entry: string): Through<UserDay> {
  const [, through, , , , , [day, ...sources]] = JSON.parse(entry);
  return { through, today: { day, sources } };
}

/** The day in the text of an entry `<realm>.d.<device>`. */
export function deviceDayIn(entry: string): Through<DeviceDay> {
  const [, through, , , , day, points] = JSON.parse(entry);
  return { through, today: { day, points } };
}
