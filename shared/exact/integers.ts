/** Integer arithmetic of the world: exact beyond 2^53, floor towards −∞, every result a safe integer. No floats. */

/** Fails where a value that is stored or hashed isn't a safe integer: a broken invariant, not bad input. */
export function assertSafe(value: number, what = "value"): number {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${what} is not a safe integer: ${value}`);
  return value;
}

/** Below this a product and what is a divisor above it are safe integers. */
const EXACT_MAX = 2 ** 51;

/** `⌊a·b / divisor⌋`, floor towards −∞; `divisor` > 0. Exact where `a·b` passes 2^53. */
export function mulDiv(a: number, b: number, divisor: number): number {
  const product = a * b;
  if (product > 0 && product <= EXACT_MAX && Number.isInteger(product)) {
    // The rounded quotient is at most one too large, and its product with the divisor exact. A remainder costs ten times as much.
    const quotient = Math.floor(product / divisor);
    return quotient * divisor > product ? quotient - 1 : quotient;
  }
  if (Number.isSafeInteger(product)) {
    // Towards 0 first: adding the divisor to a negative product could pass 2^53.
    const rest = product % divisor;
    const towardsZero = (product - rest) / divisor;
    return rest < 0 ? towardsZero - 1 : towardsZero;
  }
  const exact = BigInt(assertSafe(a)) * BigInt(assertSafe(b));
  const by = BigInt(divisor);
  const quotient = exact / by;
  return assertSafe(Number(exact % by < 0n ? quotient - 1n : quotient));
}

/** `⌊a·bp / 10000⌋`: a share or factor of `a`. */
export const mul = (a: number, bp: number): number => mulDiv(a, bp, 10_000);

/** `⌊a / b⌋` towards −∞, `b` > 0. */
export const floorDiv = (a: number, b: number): number => mulDiv(a, 1, b);

/** `⌈a / b⌉`, `b` > 0. */
export const ceilDiv = (a: number, b: number): number => 0 - mulDiv(0 - a, 1, b);

export const clamp = (value: number, min: number, max: number): number => Math.max(min, Math.min(value, max));

/** Code-unit order, the only order of ids. */
export const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Keys in code-unit order: every iteration that could show in a result goes through here. */
export const sortedKeys = (record: object): string[] => Object.keys(record).sort(byCodeUnit);

/**
 * Largest remainder (Hamilton's method): divides `total` ≥ 0 by `weights` ≥ 0 so that the parts sum to `total`.
 * Units left over go by remainder descending, then id ascending; all weights zero means equal weights.
 * Where `total` is at most the sum of the weights, no part exceeds its weight.
 */
export function apportion(total: number, weights: ReadonlyMap<string, number>): Map<string, number> {
  const ids = [...weights.keys()].sort(byCodeUnit);
  const parts = apportionList(
    total,
    ids,
    ids.map((id) => weights.get(id)!),
  );
  return new Map(ids.map((id, i) => [id, parts[i]!]));
}

/** `apportion` over columns: `ids[i]` weighs `weights[i]` and gets the part at `i`. At least one id, each once. */
export function apportionList(total: number, ids: readonly string[], weights: readonly number[]): number[] {
  let sum = 0;
  for (const weight of weights) sum = assertSafe(sum + weight, "sum of weights");
  const equal = sum === 0;
  const divisor = equal ? ids.length : sum;
  const parts: number[] = [];
  const remainders: number[] = [];
  let left = total;
  for (const weight of weights) {
    const each = equal ? 1 : weight;
    const part = mulDiv(total, each, divisor);
    parts.push(part);
    remainders.push(remainderOf(total, each, divisor));
    left -= part;
  }
  if (left === 0) return parts;
  const ranked = ids
    .map((_, i) => i)
    .sort((a, b) => remainders[b]! - remainders[a]! || byCodeUnit(ids[a]!, ids[b]!));
  for (let rank = 0; rank < left; rank++) parts[ranked[rank]!]!++;
  return parts;
}

/** `a·b mod divisor`, all ≥ 0. */
function remainderOf(a: number, b: number, divisor: number): number {
  const product = a * b;
  return Number.isSafeInteger(product)
    ? product % divisor
    : Number((BigInt(a) * BigInt(b)) % BigInt(divisor));
}
