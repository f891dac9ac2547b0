import type { Clip } from "../../shared/contracts/decision.ts";

/** A cap: `left` milli-points may still pass. */
export type Allowance = { by: Clip["by"]; left: number };

/** Each cap is a `min`, in order; each cut is recorded. `points` in milli-points. */
export function clip(points: number, allowances: readonly Allowance[]): { points: number; clipped: Clip[] } {
  const clipped: Clip[] = [];
  let rest = points;
  for (const { by, left } of allowances) {
    const allowed = Math.min(rest, Math.max(0, left));
    if (allowed < rest) clipped.push({ by, points: rest - allowed });
    rest = allowed;
  }
  return { points: rest, clipped };
}
