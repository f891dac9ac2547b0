/**
 * The one primitive against abuse: a leaky bucket in a single integer, the time until which a key is hot. Cold equals absent,
 * so dropping it loses nothing.
 */
import { ceilDiv, mulDiv } from "../../shared/exact/integers.ts";
import {
  columnOf,
  emptyPlaces,
  filled,
  fillPlace,
  type Layout,
  type List,
  withRoom,
} from "./packed-lists.ts";

/** Hits that haven't cooled off yet: `⌈max(0, until − at) / leak⌉`. A limit is reached when there are as many before a hit. */
export const hitsLeft = (untilMs: number, atMs: number, leakMs: number): number =>
  untilMs <= atMs ? 0 : ceilDiv(untilMs - atMs, leakMs);

/** The same in basis points of a hit: `⌊max(0, until − at) · 10000 / leak⌋`. */
export const levelBp = (untilMs: number, atMs: number, leakMs: number): number =>
  untilMs <= atMs ? 0 : mulDiv(untilMs - atMs, 10_000, leakMs);

/** The key after a hit: `max(until, at) + leak`, at most `hardHits` leaks ahead. */
export const hit = (untilMs: number, atMs: number, leakMs: number, hardHits?: number): number => {
  const until = Math.max(untilMs, atMs) + leakMs;
  return hardHits === undefined ? until : Math.min(until, atMs + hardHits * leakMs);
};

/** A list of keys and their heat: a column of marks, one of until when each is hot. Of 32 it is read faster than hashed. */
export const heatList = (at: number): List => ({ at, columns: 2, most: 32 });

/** Until when a key is hot; 0 where it isn't known. */
export function untilOf(numbers: readonly number[], list: List, mark: number): number {
  const place = placeOf(numbers, list, mark);
  return place === -1 ? 0 : numbers[columnOf(numbers, list, 1) + place]!;
}

function placeOf(numbers: readonly number[], list: List, mark: number): number {
  const marks = columnOf(numbers, list, 0);
  const count = filled(numbers, list);
  for (let i = 0; i < count; i++) if (numbers[marks + i] === mark) return i;
  return -1;
}

/**
 * A hit on one of at most 32 keys: where they are more, the one that cools first makes room, ties by mark. Answers the numbers,
 * which may have grown.
 */
export function warm(
  given: number[],
  layout: Layout,
  list: List,
  mark: number,
  atMs: number,
  leakMs: number,
): number[] {
  const place = placeOf(given, list, mark);
  if (place !== -1) {
    const until = columnOf(given, list, 1) + place;
    given[until] = hit(given[until]!, atMs, leakMs);
    return given;
  }
  const untilMs = hit(0, atMs, leakMs);
  if (filled(given, list) === list.most && !coolestMakesRoom(given, list, mark, untilMs)) return given;
  const numbers = withRoom(given, layout, list);
  add(numbers, list, mark, untilMs);
  return numbers;
}

/** Whether a full list has a key that cools before the given one; then it is gone. */
function coolestMakesRoom(numbers: number[], list: List, mark: number, untilMs: number): boolean {
  const marks = columnOf(numbers, list, 0);
  const untils = columnOf(numbers, list, 1);
  let coolest = -1;
  let coolestMark = mark;
  let coolestMs = untilMs;
  for (let i = 0; i < list.most; i++) {
    const ms = numbers[untils + i]!;
    if (ms > coolestMs || (ms === coolestMs && numbers[marks + i]! > coolestMark)) continue;
    coolest = i;
    coolestMark = numbers[marks + i]!;
    coolestMs = ms;
  }
  if (coolest === -1) return false;
  emptyPlaces(numbers, list, coolest, 1);
  return true;
}

/** Until when the hottest key is hot. */
export function hottest(numbers: readonly number[], list: List): number {
  const untils = columnOf(numbers, list, 1);
  let until = 0;
  for (let i = 0; i < filled(numbers, list); i++)
    if (numbers[untils + i]! > until) until = numbers[untils + i]!;
  return until;
}

/** A list as an entry's text has it: mark, until, mark, until … */
export function heatsFrom(numbers: readonly number[], list: List): number[] {
  const heats: number[] = [];
  for (let i = 0; i < filled(numbers, list); i++)
    heats.push(numbers[columnOf(numbers, list, 0) + i]!, numbers[columnOf(numbers, list, 1) + i]!);
  return heats;
}

/** Fills a list that has room for it. */
export function putHeats(numbers: number[], list: List, heats: readonly number[]): void {
  for (let i = 0; i < heats.length; i += 2) add(numbers, list, heats[i]!, heats[i + 1]!);
}

function add(numbers: number[], list: List, mark: number, untilMs: number): void {
  const at = fillPlace(numbers, list);
  numbers[at] = mark;
  numbers[at + columnOf(numbers, list, 1) - columnOf(numbers, list, 0)] = untilMs;
}
