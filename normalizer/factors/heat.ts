/**
 * The one primitive against abuse: a leaky bucket in a single integer, the time until which a key is hot. Cold equals absent,
 * so dropping it loses nothing.
 */
import { ceilDiv, mulDiv } from "../../shared/integers.ts";

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

/** Several keys and their heat, flat: mark, until, mark, until … A list of 32 is read faster than it is hashed. */
export type Heats = number[];

export const KEYS_MAX = 32;

/** Until when a key is hot; 0 where it isn't known. */
export function untilOf(heats: Heats, mark: number): number {
  for (let i = 0; i < heats.length; i += 2) if (heats[i] === mark) return heats[i + 1]!;
  return 0;
}

/** A hit on one of at most 32 keys: where they are more, the one that cools first makes room, ties by mark. */
export function warm(heats: Heats, mark: number, atMs: number, leakMs: number): void {
  for (let i = 0; i < heats.length; i += 2)
    if (heats[i] === mark) {
      heats[i + 1] = hit(heats[i + 1]!, atMs, leakMs);
      return;
    }
  heats.push(mark, hit(0, atMs, leakMs));
  if (heats.length <= 2 * KEYS_MAX) return;
  let coolest = 0;
  for (let i = 2; i < heats.length; i += 2) {
    const byUntil = heats[i + 1]! - heats[coolest + 1]!;
    if (byUntil < 0 || (byUntil === 0 && heats[i]! < heats[coolest]!)) coolest = i;
  }
  heats.splice(coolest, 2);
}

export function hottest(heats: Heats): number {
  let until = 0;
  for (let i = 1; i < heats.length; i += 2) if (heats[i]! > until) until = heats[i]!;
  return until;
}
