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
