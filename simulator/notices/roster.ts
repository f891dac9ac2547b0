/** Rosters: milli-points by user, of those who brought the most. */

import type { Roster, Rosters } from "../../shared/contracts/world.ts";
import { byCodeUnit, mul } from "../../shared/exact/integers.ts";
import { topN } from "./top-n.ts";

/** Users on a roster. Whoever has the least gives way to a 65th with more; ties by id, the first stays. */
export const ROSTER_USERS = 64;

/** What is left of a roster after a fading, with the points that came; a user may come several times. */
export function rosterOf(
  before: Roster,
  came: readonly [user: string, points: number][],
  decayBp: number,
  users = ROSTER_USERS,
): Roster {
  const points = new Map<string, number>();
  for (const user of Object.keys(before)) points.set(user, mul(before[user]!, 10_000 - decayBp));
  for (const [user, more] of came) points.set(user, (points.get(user) ?? 0) + more);
  return Object.fromEntries(topN(points, users).sort(([a], [b]) => byCodeUnit(a, b)));
}

export const NO_ROSTERS: Rosters = {
  territories: {},
  relics: {},
  campaigns: {},
  actions: {},
  factions: {},
  holders: {},
  strife: {},
  lifted: {},
  triggers: {},
};
