/**
 * The texts of KV `caps` that two stages share: the normalizer writes them, and ingest reads what counted today. JSON arrays, since
 * names would be most of an entry's bytes. Each begins with `coldAtMs`: from then on the entry equals an absent one; 0: never.
 */
import type { ById } from "../exact/by-id.ts";
import type { DeviceDay, UserDay } from "./day-counters.ts";

/** `<realm>.u.<user>`. Times in Unix milliseconds; `through`: `source_seq` of the last decision that the entry includes. */
export type UserEntry = {
  through: number;
  lastMs: number;
  burst: number;
  drip: number;
  /** Day, points, day, points …, the oldest first. */
  days: number[];
  today: UserDay;
  /** Mark, until, mark, until … */
  signatures: number[];
  fingerprints: number[];
  times: number[];
  categories: number[];
  seen: { events: number[]; contents: number[]; atSeconds: number[] };
};

export function writeUserEntry(coldAtMs: number, entry: UserEntry): string {
  const { through, lastMs, burst, drip, days, today, signatures, fingerprints, times, categories, seen } =
    entry;
  return JSON.stringify([
    ...[coldAtMs, through, lastMs, burst, drip, days, [today.day, ...today.sources], signatures],
    ...[fingerprints, times, categories, seen.events, seen.contents, seen.atSeconds],
  ]);
}

export function readUserEntry(text: string): UserEntry {
  const [, through, lastMs, burst, drip, days, [day, ...sources], ...lists] = JSON.parse(text);
  const [signatures, fingerprints, times, categories, events, contents, atSeconds] = lists;
  return {
    through,
    lastMs,
    burst,
    drip,
    days,
    today: { day, sources },
    signatures,
    fingerprints,
    times,
    categories,
    seen: { events, contents, atSeconds },
  };
}

/** The days alone, without parsing the rest, which is most of the text. */
export function daysOfUserEntry(text: string): number[] {
  const from = text.indexOf("[", 1);
  return JSON.parse(text.slice(from, text.indexOf("]", from) + 1));
}

/** `<realm>.d.<device>`. */
export type DeviceEntry = {
  through: number;
  lastMs: number;
  burst: number;
  drip: number;
  turns: number;
  today: DeviceDay;
  users: { ids: string[]; lastMs: number[] };
};

export const writeDeviceEntry = (
  coldAtMs: number,
  { through, lastMs, burst, drip, turns, today, users }: DeviceEntry,
): string =>
  JSON.stringify([
    ...[coldAtMs, through, lastMs, burst, drip, today.day, today.points, users.ids, users.lastMs, turns],
  ]);

export function readDeviceEntry(text: string): DeviceEntry {
  const [, through, lastMs, burst, drip, day, points, ids, playedMs, turns] = JSON.parse(text);
  return { through, lastMs, burst, drip, turns, today: { day, points }, users: { ids, lastMs: playedMs } };
}

/** `<realm>.m.<user>`; never cold. */
export type MemberEntry = {
  through: number;
  faction: string;
  sinceMs: number;
  cohort?: string;
  voted?: string;
  firsts?: ById<number>;
};

/** Most members have none of the last three: what is missing at the end is left away, before it 0 stands for it. */
export const writeMemberEntry = ({ through, faction, sinceMs, cohort, voted, firsts }: MemberEntry): string =>
  JSON.stringify([
    0,
    through,
    faction,
    sinceMs,
    ...[cohort ?? 0, voted ?? 0, firsts ?? 0].slice(
      0,
      firsts !== undefined ? 3 : voted !== undefined ? 2 : cohort !== undefined ? 1 : 0,
    ),
  ]);

export function readMemberEntry(text: string): MemberEntry {
  const [, through, faction, sinceMs, cohort = 0, voted = 0, firsts = 0] = JSON.parse(text);
  return {
    through,
    faction,
    sinceMs,
    ...(cohort === 0 ? {} : { cohort }),
    ...(voted === 0 ? {} : { voted }),
    ...(firsts === 0 ? {} : { firsts }),
  };
}
