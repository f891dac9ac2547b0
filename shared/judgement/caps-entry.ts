/**
 * The entries of KV `caps` that are JSON arrays, since names would be most of their bytes: players, devices, sessions, memberships and
 * quarantined events. The normalizer writes them; ingest reads what counted today. `[version, coldAtMs, through, …]`: from `coldAtMs`
 * on, Unix milliseconds, the entry equals an absent one; 0: never.
 *
 * Entries without a version are of the releases before it, and begin with `coldAtMs`. The first element tells the two apart: a version
 * is 1 to 999, and `coldAtMs` is 0 or a server's time, which left the first second of 1970 long ago. A bucket holds both after
 * an upgrade. An entry of a later version is refused, since its elements may mean something else.
 */
import type { ById } from "../exact/by-id.ts";
import type { DeviceDay, UserDay } from "./day-counters.ts";

/** Goes up where an element changes its place or meaning. An element that is appended, and has a default, leaves it. */
export const CAPS_ENTRY_VERSION = 1;
/** A first element from here on is a time. */
const TIMES_FROM = 1_000;

/** The entry is of a later version than this release knows, or begins with neither a version nor a time. */
export class UnknownEntryVersion extends Error {}

/** Where `coldAtMs` begins. Throws `UnknownEntryVersion`. */
function bodyAt(text: string): number {
  const end = text.indexOf(",");
  const first = end === -1 ? Number.NaN : Number(text.slice(1, end));
  if (first === CAPS_ENTRY_VERSION) return end + 1;
  if (first === 0 || first >= TIMES_FROM) return 1;
  throw new UnknownEntryVersion(
    first > CAPS_ENTRY_VERSION
      ? `the entry has version ${first}, and this release reads versions up to ${CAPS_ENTRY_VERSION}: run the release that wrote it`
      : `the entry begins with ${text.slice(0, end === -1 ? 20 : end)}, which is neither a version nor a time`,
  );
}

/** The array without its version. */
const unversioned = (text: string): string => `[${text.slice(bodyAt(text))}`;

/** Throws `UnknownEntryVersion` where this release can't read an entry. */
export function assertKnownVersion(text: string): void {
  bodyAt(text);
}

/** When an entry is cold, Unix milliseconds; 0: never. Throws `UnknownEntryVersion`. */
export function coldAtOf(text: string): number {
  const from = bodyAt(text);
  return Number(text.slice(from, text.indexOf(",", from)));
}

/** An entry of the current version. `coldAtMs`: `Infinity` where it never is cold. */
const write = (coldAtMs: number, elements: readonly unknown[]): string =>
  JSON.stringify([CAPS_ENTRY_VERSION, coldAtMs === Number.POSITIVE_INFINITY ? 0 : coldAtMs, ...elements]);

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
  return write(coldAtMs, [
    ...[through, lastMs, burst, drip, days, [today.day, ...today.sources], signatures],
    ...[fingerprints, times, categories, seen.events, seen.contents, seen.atSeconds],
  ]);
}

export function readUserEntry(text: string): UserEntry {
  const [, through, lastMs, burst, drip, days, [day, ...sources], ...lists] = JSON.parse(unversioned(text));
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
  const from = text.indexOf("[", bodyAt(text));
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
  write(coldAtMs, [through, lastMs, burst, drip, today.day, today.points, users.ids, users.lastMs, turns]);

export function readDeviceEntry(text: string): DeviceEntry {
  const [, through, lastMs, burst, drip, day, points, ids, playedMs, turns = 0] = JSON.parse(
    unversioned(text),
  );
  return { through, lastMs, burst, drip, turns, today: { day, points }, users: { ids, lastMs: playedMs } };
}

/**
 * `<realm>.m.<user>`; never cold. `voted`: the last council that the user voted in. `firsts`: `source_seq` of the user's first
 * decision with points in each open campaign, by its id; closed ones are forgotten with the next first.
 *
 * Who left keeps the entry, since what they did still counts: `left` is 1, `faction` the faction that they left. `sinceMs`: when they
 * joined it; leaving and coming back doesn't change that. `chosen`: `source_seq` of what bound them to it last, a command, an event or
 * a vote. `asked`: marks of the user's last commands that bound them or let them leave.
 */
export type MemberEntry = {
  through: number;
  faction: string;
  sinceMs: number;
  cohort?: string;
  voted?: string;
  firsts?: ById<number>;
  chosen: number;
  left: 0 | 1;
  asked?: number[];
};

/** Most members have the first three only: what is missing at the end is left away, before it 0 stands for it. */
export function writeMemberEntry(entry: MemberEntry): string {
  const { through, faction, sinceMs, cohort, voted, firsts, chosen, left, asked } = entry;
  const rest = [cohort ?? 0, voted ?? 0, firsts ?? 0, chosen === through ? 0 : chosen, left, asked ?? 0];
  while (rest.at(-1) === 0) rest.pop();
  return write(Number.POSITIVE_INFINITY, [through, faction, sinceMs, ...rest]);
}

/** An entry of a release before `chosen` counts as chosen with its last change. */
export function readMemberEntry(text: string): MemberEntry {
  const [, through, faction, sinceMs, cohort = 0, voted = 0, firsts = 0, chosen = 0, left = 0, asked = 0] =
    JSON.parse(unversioned(text));
  return {
    through,
    faction,
    sinceMs,
    ...(cohort === 0 ? {} : { cohort }),
    ...(voted === 0 ? {} : { voted }),
    ...(firsts === 0 ? {} : { firsts }),
    chosen: chosen === 0 ? through : chosen,
    left,
    ...(asked === 0 ? {} : { asked }),
  };
}

/** `<realm>.s.<session>`. `burst`: until when it is hot, and so when it is cold, Unix milliseconds. */
export type SessionEntry = { through: number; burst: number };

export const writeSessionEntry = ({ burst, through }: SessionEntry): string => write(burst, [through]);

export function readSessionEntry(text: string): SessionEntry {
  const [burst, through] = JSON.parse(unversioned(text));
  return { through, burst };
}

/** `<realm>.q.<event>`: a quarantined event, until it is reviewed (`closed`) and for a while after. */
export type QuarantinedEntry = { through: number; user: string; atMs: number; hash: string; closed: 0 | 1 };

export const writeQuarantinedEntry = (
  coldAtMs: number,
  { through, user, atMs, hash, closed }: QuarantinedEntry,
): string => write(coldAtMs, [through, user, atMs, hash, closed]);

export function readQuarantinedEntry(text: string): QuarantinedEntry {
  const [, through, user, atMs, hash, closed] = JSON.parse(unversioned(text));
  return { through, user, atMs, hash, closed };
}
