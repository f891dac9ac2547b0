/**
 * A player's state: one array of numbers (`packed-lists.ts`) with accessors. Every part of it expires.
 * Times are Unix milliseconds, heat is the time until which a key is hot, points are milli-points.
 */

import { CATEGORIES, SOURCES } from "../../shared/contracts/candidate.ts";
import type { UserEntry } from "../../shared/judgement/caps-entry.ts";
import { WINDOW_DAYS } from "../../shared/judgement/day.ts";
import { recentPoints } from "../../shared/judgement/fairness.ts";
import type { DeviceState } from "./device.ts";
import type { Membership, SessionState } from "./entry-types.ts";
import { heatList, heatsFrom, hottest, putHeats, untilOf, warm } from "./heat.ts";
import {
  blank,
  columnFrom,
  columnOf,
  emptyPlaces,
  filled,
  fillPlace,
  LIST_HEAD,
  type List,
  withRoom,
} from "./packed-lists.ts";

/** Size of a player's memory for keys. A player who fills it within 25 h is refused, since a forgotten key could count twice. */
export const SEEN_MAX = 512;
/** Longer than any key can come back: `occurred_at` may be 24 h old and 5 min ahead. */
export const SEEN_MS = 25 * 3_600_000;
export const TIMES_MAX = 9;

// The head, by index.
const THROUGH = 0;
const LAST_MS = 1;
const BURST = 2;
const DRIP = 3;
/** The latest day with points, and what each of `SOURCES` has of them. */
const DAY = 4;
const SOURCE_POINTS = 5;
/** When each of `CATEGORIES` was last played. */
const CATEGORY_MS = SOURCE_POINTS + SOURCES.length;
/** How many of the last days with points are known; then those, oldest first: day, points, day, points … */
const DAYS_KNOWN = CATEGORY_MS + CATEGORIES.length;
const DAYS = DAYS_KNOWN + 1;
/** How many times of the latest events are known; then those, oldest first. */
const TIMES_KNOWN = DAYS + 2 * WINDOW_DAYS;
const TIMES = TIMES_KNOWN + 1;
/** Heat of what the player does, by fine and coarse mark; and of exactly alike actions. */
const SIGNATURES = heatList(TIMES + TIMES_MAX);
const FINGERPRINTS = heatList(SIGNATURES.at + LIST_HEAD);
/**
 * Accepted and quarantined events, remembered so that no key counts twice, oldest first: marks of events, marks of contents,
 * and at which second each came. One more than is kept, since what is new comes before what is old goes.
 */
const SEEN: List = { at: FINGERPRINTS.at + LIST_HEAD, columns: 3, most: SEEN_MAX + 1 };

const LAYOUT = { head: SEEN.at + LIST_HEAD, lists: [SIGNATURES, FINGERPRINTS, SEEN] };

export class PlayerState {
  dirty = false;
  id: string | undefined = undefined;
  /** Entries of the latest event, since the next event mostly has the same ones; not part of the player's state. */
  device: DeviceState | undefined = undefined;
  session: SessionState | undefined = undefined;
  member: Membership | undefined = undefined;
  #numbers: number[];

  /** With places for so many signatures, fingerprints and events. */
  constructor(signatures = 4, fingerprints = 4, seen = 4) {
    this.#numbers = blank(LAYOUT, [signatures, fingerprints, seen]);
  }

  get through(): number {
    return this.#numbers[THROUGH]!;
  }
  set through(source_seq: number) {
    this.#numbers[THROUGH] = source_seq;
  }

  get lastMs(): number {
    return this.#numbers[LAST_MS]!;
  }
  set lastMs(atMs: number) {
    this.#numbers[LAST_MS] = atMs;
  }

  get burst(): number {
    return this.#numbers[BURST]!;
  }
  set burst(untilMs: number) {
    this.#numbers[BURST] = untilMs;
  }

  get drip(): number {
    return this.#numbers[DRIP]!;
  }
  set drip(untilMs: number) {
    this.#numbers[DRIP] = untilMs;
  }

  /** Points on a day, where it is the latest with any: of the source at this place in `SOURCES`. */
  pointsOfSource(day: number, source: number): number {
    return this.#numbers[DAY] === day ? this.#numbers[SOURCE_POINTS + source]! : 0;
  }

  /** The same of all sources. */
  pointsOf(day: number): number {
    let sum = 0;
    for (let source = 0; source < SOURCES.length; source++) sum += this.pointsOfSource(day, source);
    return sum;
  }

  /** Points of the last 7 day buckets, `today` included. */
  recentPoints(today: number): number {
    return recentPoints(this.#numbers, today, DAYS, this.#daysEnd);
  }

  get latestDay(): number | undefined {
    return this.#daysEnd === DAYS ? undefined : this.#numbers[this.#daysEnd - 2];
  }

  get #daysEnd(): number {
    return DAYS + 2 * (this.#numbers[DAYS_KNOWN]! | 0);
  }

  /** Counts points of the source at this place in `SOURCES`; the first of another day begin a new one. */
  count(day: number, source: number, points: number): void {
    const numbers = this.#numbers;
    if (numbers[DAY] !== day) {
      numbers[DAY] = day;
      for (let i = 0; i < SOURCES.length; i++) numbers[SOURCE_POINTS + i] = 0;
    }
    numbers[SOURCE_POINTS + source]! += points;
    if (this.latestDay !== day) {
      if (numbers[DAYS_KNOWN] === WINDOW_DAYS) {
        for (let i = DAYS; i < this.#daysEnd - 2; i++) numbers[i] = numbers[i + 2]!;
        numbers[DAYS_KNOWN]!--;
      }
      numbers[this.#daysEnd] = day;
      numbers[this.#daysEnd + 1] = 0;
      numbers[DAYS_KNOWN]!++;
    }
    numbers[this.#daysEnd - 1]! += points;
  }

  /** Adds milli-points to a day that is still known, or takes them from it; never below 0. */
  adjust(day: number, source: number, points: number): void {
    const numbers = this.#numbers;
    const add = (place: number) => {
      numbers[place] = Math.max(0, numbers[place]! + points);
    };
    if (numbers[DAY] === day) add(SOURCE_POINTS + source);
    for (let i = DAYS; i < this.#daysEnd; i += 2) if (numbers[i] === day) add(i + 1);
  }

  /** When the category at this place in `CATEGORIES` was last played. */
  categoryMs(category: number): number {
    return this.#numbers[CATEGORY_MS + category]!;
  }

  get timesKnown(): number {
    return this.#numbers[TIMES_KNOWN]! | 0;
  }

  /** When one of the latest events came; at 0 the oldest that is known. */
  timeMs(place: number): number {
    return this.#numbers[TIMES + place]!;
  }

  /** Notes when an event came, of the category at this place in `CATEGORIES`. */
  acted(category: number, atMs: number): void {
    const numbers = this.#numbers;
    numbers[CATEGORY_MS + category] = atMs;
    if (numbers[TIMES_KNOWN] === TIMES_MAX)
      for (let i = TIMES; i < TIMES + TIMES_MAX - 1; i++) numbers[i] = numbers[i + 1]!;
    else numbers[TIMES_KNOWN]!++;
    numbers[TIMES + this.timesKnown - 1] = atMs;
  }

  signatureUntil(mark: number): number {
    return untilOf(this.#numbers, SIGNATURES, mark);
  }

  fingerprintUntil(mark: number): number {
    return untilOf(this.#numbers, FINGERPRINTS, mark);
  }

  warmSignature(mark: number, atMs: number, leakMs: number): void {
    this.#numbers = warm(this.#numbers, LAYOUT, SIGNATURES, mark, atMs, leakMs);
  }

  warmFingerprint(mark: number, atMs: number, leakMs: number): void {
    this.#numbers = warm(this.#numbers, LAYOUT, FINGERPRINTS, mark, atMs, leakMs);
  }

  /** Until when anything is hot. */
  get hottest(): number {
    const [signature, fingerprint] = [
      hottest(this.#numbers, SIGNATURES),
      hottest(this.#numbers, FINGERPRINTS),
    ];
    return Math.max(this.burst, this.drip, signature, fingerprint);
  }

  get seenCount(): number {
    return filled(this.#numbers, SEEN);
  }

  /** The place of an event's mark, at 0 the oldest; −1: unknown. One that came again after it was forgotten has two: the newest. */
  seenPlace(event: number): number {
    const numbers = this.#numbers;
    const events = columnOf(numbers, SEEN, 0);
    let place = filled(numbers, SEEN) - 1;
    while (place !== -1 && numbers[events + place] !== event) place--;
    return place;
  }

  seenContent(place: number): number {
    return this.#numbers[columnOf(this.#numbers, SEEN, 1) + place]!;
  }

  seenSeconds(place: number): number {
    return this.#numbers[columnOf(this.#numbers, SEEN, 2) + place]!;
  }

  see(event: number, content: number, atSeconds: number): void {
    this.#numbers = withRoom(this.#numbers, LAYOUT, SEEN);
    const numbers = this.#numbers;
    const place = fillPlace(numbers, SEEN) - columnOf(numbers, SEEN, 0);
    numbers[columnOf(numbers, SEEN, 0) + place] = event;
    numbers[columnOf(numbers, SEEN, 1) + place] = content;
    numbers[columnOf(numbers, SEEN, 2) + place] = atSeconds;
  }

  /** Forgets the oldest events. */
  forget(gone: number): void {
    emptyPlaces(this.#numbers, SEEN, 0, gone);
  }

  lists(): UserEntry {
    const { through, lastMs, burst, drip } = this;
    const numbers = this.#numbers;
    return {
      through,
      lastMs,
      burst,
      drip,
      days: numbers.slice(DAYS, this.#daysEnd),
      today: { day: numbers[DAY]!, sources: numbers.slice(SOURCE_POINTS, CATEGORY_MS) },
      signatures: heatsFrom(numbers, SIGNATURES),
      fingerprints: heatsFrom(numbers, FINGERPRINTS),
      times: numbers.slice(TIMES, TIMES + this.timesKnown),
      categories: numbers.slice(CATEGORY_MS, DAYS_KNOWN),
      seen: {
        events: columnFrom(numbers, SEEN, 0),
        contents: columnFrom(numbers, SEEN, 1),
        atSeconds: columnFrom(numbers, SEEN, 2),
      },
    };
  }

  static of(lists: UserEntry): PlayerState {
    const { days, today, signatures, fingerprints, times, categories, seen } = lists;
    const player = new PlayerState(signatures.length / 2, fingerprints.length / 2, seen.events.length);
    const numbers = player.#numbers;
    numbers[THROUGH] = lists.through;
    numbers[LAST_MS] = lists.lastMs;
    numbers[BURST] = lists.burst;
    numbers[DRIP] = lists.drip;
    numbers[DAY] = today.day;
    numbers[DAYS_KNOWN] = days.length / 2;
    numbers[TIMES_KNOWN] = times.length;
    put(numbers, SOURCE_POINTS, today.sources);
    put(numbers, CATEGORY_MS, categories);
    put(numbers, DAYS, days);
    put(numbers, TIMES, times);
    putHeats(numbers, SIGNATURES, signatures);
    putHeats(numbers, FINGERPRINTS, fingerprints);
    for (let i = 0; i < seen.events.length; i++)
      player.see(seen.events[i]!, seen.contents[i]!, seen.atSeconds[i]!);
    return player;
  }
}

function put(numbers: number[], at: number, values: readonly number[]): void {
  for (let i = 0; i < values.length; i++) numbers[at + i] = values[i]!;
}
