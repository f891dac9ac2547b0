/** Integer arithmetic of the world: exact beyond 2^53, floor towards −∞, every result a safe integer. No floats. */

/** Fails where a value that is stored or hashed isn't a safe integer: a broken invariant, not bad input. */
export function assertSafe(value: number, what = "value"): number {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${what} is not a safe integer: ${value}`);
  return value;
}

/** `⌊a·b / divisor⌋`, floor towards −∞; `divisor` > 0. Exact where `a·b` passes 2^53. */
export function mulDiv(a: number, b: number, divisor: number): number {
  const product = a * b;
  if (Number.isSafeInteger(product)) {
    const rest = product % divisor;
    return (product - (rest < 0 ? rest + divisor : rest)) / divisor;
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
export const ceilDiv = (a: number, b: number): number => -mulDiv(-a, 1, b);

export const clamp = (value: number, min: number, max: number): number => Math.max(min, Math.min(value, max));

/** Code-unit order, the only order of ids. */
export const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Keys in code-unit order: every iteration that could show in a result goes through here. */
export const sortedKeys = (record: object): string[] => Object.keys(record).sort(byCodeUnit);

/**
 * Largest remainder (Hamilton's method): divides `total` ≥ 0 by `weights` ≥ 0 so that the parts sum to `total`.
 * Units left over go by remainder descending, then id ascending; all weights zero means equal weights.
 */
export function apportion(total: number, weights: ReadonlyMap<string, number>): Map<string, number> {
  const ids = [...weights.keys()].sort(byCodeUnit);
  let sum = 0;
  for (const id of ids) sum = assertSafe(sum + weights.get(id)!, "sum of weights");
  const weightOf = sum === 0 ? () => 1 : (id: string) => weights.get(id)!;
  const divisor = sum === 0 ? ids.length : sum;
  const parts = new Map<string, number>();
  const remainders: { id: string; remainder: number }[] = [];
  let given = 0;
  for (const id of ids) {
    const part = mulDiv(total, weightOf(id), divisor);
    parts.set(id, part);
    given += part;
    remainders.push({ id, remainder: remainderOf(total, weightOf(id), divisor) });
  }
  remainders.sort((a, b) => b.remainder - a.remainder || byCodeUnit(a.id, b.id));
  for (let i = 0; i < total - given; i++) {
    const { id } = remainders[i]!;
    parts.set(id, parts.get(id)! + 1);
  }
  return parts;
}

/** `a·b mod divisor`, all ≥ 0. */
function remainderOf(a: number, b: number, divisor: number): number {
  const product = a * b;
  return Number.isSafeInteger(product)
    ? product % divisor
    : Number((BigInt(a) * BigInt(b)) % BigInt(divisor));
}
