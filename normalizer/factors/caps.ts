import type { Clip, Explanation } from "../../shared/contracts/decision.ts";

/** The caps in their order. */
const ORDER = ["source", "user_day", "device_day"] as const satisfies readonly Clip["by"][];

/** Each cap is a `min` of the points and what it has left, in order; each cut is recorded. All in milli-points. */
export function clip(points: number, left: Explanation["left"]): { points: number; clipped: Clip[] } {
  const clipped: Clip[] = [];
  let rest = points;
  for (const by of ORDER) {
    const room = left[by];
    if (room === undefined || room >= rest) continue;
    const allowed = Math.max(0, room);
    clipped.push({ by, points: rest - allowed });
    rest = allowed;
  }
  return { points: rest, clipped };
}
