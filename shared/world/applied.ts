/** The applied points of each event: its points with the faction's gain, cut to the faction's burst cap pro rata. */

import type { Accepted } from "../contracts/decision.ts";
import type { TickRecord } from "../contracts/world.ts";
import { find } from "../exact/by-id.ts";
import { apportionList, assertSafe, mul } from "../exact/integers.ts";

/** Points with the gain modifier, `⌊points · (10000 + gain_bp) / 10000⌋` each, and their sum; milli-points. */
export function withGain(points: readonly number[], gainBp: number): { points: number[]; sum: number } {
  const scaled = gainBp === 0 ? [...points] : points.map((each) => mul(each, 10_000 + gainBp));
  let sum = 0;
  for (const each of scaled) sum += each;
  return { points: scaled, sum: assertSafe(sum, "sum of points") };
}

/** Where `sum` exceeds `cap`, the cap is divided by largest remainder, ties by event id: none gets more than it brought. */
export const cutToBurst = (
  events: readonly string[],
  points: number[],
  { sum, cap }: { sum: number; cap: number },
): number[] => (sum > cap ? apportionList(cap, events, points) : points);

/**
 * Applied milli-points by event id. `decisions` are all accepted ones of a tick, in any order; `factions` is what its
 * record says. Per faction they sum to `min(sum, cap)`; an event of a faction that the tick no longer knew applied 0.
 */
export function appliedPoints(
  decisions: Iterable<Pick<Accepted, "faction_id" | "event_id" | "normalized_points">>,
  factions: TickRecord["factions"],
): Map<string, number> {
  const columns = new Map<string, { events: string[]; points: number[] }>();
  for (const { faction_id, event_id, normalized_points } of decisions) {
    const column = columns.get(faction_id) ?? { events: [], points: [] };
    columns.set(faction_id, column);
    column.events.push(event_id);
    column.points.push(normalized_points);
  }
  const applied = new Map<string, number>();
  for (const [id, { events, points }] of columns) {
    const faction = find(factions, id);
    const parts =
      faction === undefined ? [] : cutToBurst(events, withGain(points, faction.gain_bp).points, faction);
    for (const [i, event] of events.entries()) applied.set(event, parts[i] ?? 0);
  }
  return applied;
}
