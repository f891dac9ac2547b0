/** The applied points of each event: its points with the faction's gain, cut to the faction's burst cap. */

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

/** What events brought, with the gain: columns. */
type Brought = { events: readonly string[]; points: readonly number[] };
/** By what they move: land and relics beside influence, or plain influence alone. */
type ByKind<Of> = { moving: Of; plain: Of };

/**
 * The cap goes to what moves land and relics first, and what that leaves goes to plain influence: influence that pushes nothing never
 * cuts a push. Where it doesn't suffice, it is divided by largest remainder, ties by event id: no event gets more than it
 * brought. Together they get `min(sum, cap)`, as by a single division.
 */
export function cutToBurst({ moving, plain }: ByKind<Brought>, cap: number): ByKind<readonly number[]> {
  const moved = within(moving, cap);
  return { moving: moved, plain: within(plain, cap - sumOf(moved)) };
}

const within = ({ events, points }: Brought, cap: number): readonly number[] =>
  sumOf(points) > cap ? apportionList(cap, events, points) : points;

function sumOf(points: readonly number[]): number {
  let sum = 0;
  for (const each of points) sum += each;
  return assertSafe(sum, "sum of points");
}

/** From this engine on pushes and claims are cut last; before it all events of a faction were cut alike. */
const MOVING_FIRST_SINCE = 2;

/**
 * Applied milli-points by event id. `decisions` are all accepted ones of a tick, in any order; `engine` and `factions` are what its
 * record says. Per faction they sum to `min(sum, cap)`; an event of a faction that the tick no longer knew applied 0.
 */
export function appliedPoints(
  decisions: Iterable<Pick<Accepted, "faction_id" | "event_id" | "event_type" | "normalized_points">>,
  { engine, factions }: Pick<TickRecord, "engine" | "factions">,
): Map<string, number> {
  const brought = new Map<string, ByKind<{ events: string[]; points: number[] }>>();
  for (const { faction_id, event_id, event_type, normalized_points } of decisions) {
    let columns = brought.get(faction_id);
    if (columns === undefined) {
      columns = { moving: { events: [], points: [] }, plain: { events: [], points: [] } };
      brought.set(faction_id, columns);
    }
    const moves = engine >= MOVING_FIRST_SINCE && event_type !== "influence_gain";
    const { events, points } = moves ? columns.moving : columns.plain;
    events.push(event_id);
    points.push(normalized_points);
  }
  const applied = new Map<string, number>();
  for (const [id, { moving, plain }] of brought) {
    const faction = find(factions, id);
    const gained = ({ events, points }: typeof moving) => ({
      events,
      points: faction === undefined ? points.map(() => 0) : withGain(points, faction.gain_bp).points,
    });
    const parts = cutToBurst({ moving: gained(moving), plain: gained(plain) }, faction?.cap ?? 0);
    for (const [i, event] of moving.events.entries()) applied.set(event, parts.moving[i]!);
    for (const [i, event] of plain.events.entries()) applied.set(event, parts.plain[i]!);
  }
  return applied;
}
