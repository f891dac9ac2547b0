/** Gini coefficient and top share: integers in, basis points out, exact also where sums of products pass 2^53. */
import { assertSafe, ceilDiv, mulDiv } from "./integers.ts";

/**
 * The Gini coefficient in basis points, floored: 0 where all have the same, towards 10 000 where one of many has it all.
 * `values`: integers ≥ 0 in any unit and order; fewer than two of them, or nothing but zeros, are equal. Throws `RangeError`
 * where their sum isn't a safe integer. `Σ (2i − n − 1)·x_i / (n·Σ x)` over ascending x, i from 1: half the relative mean
 * difference (Sen, On Economic Inequality, 1973).
 */
export function giniBp(values: readonly number[]): number {
  const sum = sumOf(values);
  if (sum === 0) return 0;
  const n = values.length;
  let exact = 0n;
  let near = 0;
  for (const [i, value] of ascending(values).entries()) {
    const factor = 2 * i + 1 - n;
    const term = factor * value;
    if (Number.isSafeInteger(term) && Number.isSafeInteger(near + term)) near += term;
    else {
      exact += BigInt(near) + BigInt(factor) * BigInt(value);
      near = 0;
    }
  }
  return Number(((exact + BigInt(near)) * 10_000n) / (BigInt(n) * BigInt(sum)));
}

/**
 * What the largest `percent` of the values have of the sum, basis points, floored: of `⌈n·percent/100⌉` values, so of one at
 * least. `values` as in `giniBp`; nothing at all is 0. `percent`: integer 1…100.
 */
export function topShareBp(values: readonly number[], percent: number): number {
  const sum = sumOf(values);
  if (sum === 0) return 0;
  const count = ceilDiv(values.length * percent, 100);
  const top = ascending(values).subarray(values.length - count);
  return mulDiv(sumOf(top), 10_000, sum);
}

/** A sort of a typed array is by number and needs no calls. */
const ascending = (values: readonly number[]): Float64Array => Float64Array.from(values).sort();

function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum = assertSafe(sum + value, "sum of values");
  return sum;
}
