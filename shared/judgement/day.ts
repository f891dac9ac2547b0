import { floorDiv } from "../exact/integers.ts";

export const DAY_MS = 86_400_000;

/** Number of the realm's calendar day since 1970-01-01: UTC moved by the ruleset's offset; no time zones. */
export const dayOf = (atMs: number, offsetMinutes: number): number =>
  floorDiv(atMs + offsetMinutes * 60_000, DAY_MS);

let namedDay = Number.NaN;
let name = "";

/** `YYYY-MM-DD` of a day's number. */
export function dayName(day: number): string {
  if (day !== namedDay) {
    namedDay = day;
    name = new Date(day * DAY_MS).toISOString().slice(0, 10);
  }
  return name;
}

/** The number of a day that has a name. */
export const dayNamed = (text: string): number =>
  text === name ? namedDay : floorDiv(Date.parse(text), DAY_MS);

/** A week of day buckets, today's included: what fairness, clocks and crowds look back on. */
export const WINDOW_DAYS = 7;
