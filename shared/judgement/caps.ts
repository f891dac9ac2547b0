/** The daily caps: what they still let through, and what they cut. All in milli-points. */
import type { Candidate } from "../contracts/candidate.ts";
import type { Clip } from "../contracts/decision.ts";
import type { Ruleset } from "../contracts/ruleset.ts";
import { floorDiv, mul } from "../exact/integers.ts";

/** The caps in their order. */
const ORDER = ["source", "user_day", "device_day"] as const satisfies readonly Clip["by"][];

/**
 * What counted on one day already: of the candidate's source, of all of the user's, and of the device's; and what the user's lead
 * on the realm's mean leaves of their cap, basis points.
 */
type UsedToday = { source: number; user: number; device: number; rolling: number };

/** Points that each cap still allows; without a device there is no device cap. */
export type Left = { source: number; user_day: number; device_day?: number };

/** A new ruleset may have lowered a cap below what was used. */
const room = (cap: number, used: number): number => Math.max(0, cap - used);

/**
 * What each cap still lets through of a candidate. Who names no device has half of the user's. The user's shrinks with their
 * lead on the realm's mean: as a factor alone, fairness is made up for by sending more, and an account that spends its whole cap
 * every day had 3 to 4 times what its hours earn an honest player.
 */
export function leftToday(
  used: UsedToday,
  candidate: Pick<Candidate, "source" | "device_id">,
  { caps }: Ruleset,
): Left {
  const hasDevice = candidate.device_id !== undefined;
  const userDay = mul(caps.user_day * 1_000, used.rolling);
  const userCap = hasDevice ? userDay : floorDiv(userDay, 2);
  const source = room(caps.source_day[candidate.source] * 1_000, used.source);
  const user_day = room(userCap, used.user);
  return hasDevice
    ? { source, user_day, device_day: room(caps.device_day * 1_000, used.device) }
    : { source, user_day };
}

/** Each cap is a `min` of the points and what it has left, in order; each cut is recorded. */
export function clip(points: number, left: Left): { points: number; clipped: Clip[] } {
  const clipped: Clip[] = [];
  let rest = points;
  for (const by of ORDER) {
    const allowed = left[by];
    if (allowed === undefined || allowed >= rest) continue;
    clipped.push({ by, points: rest - allowed });
    rest = allowed;
  }
  return { points: rest, clipped };
}
