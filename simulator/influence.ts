/** Step 3: accepted points become influence, within the burst cap; shares follow. */

import { cutToBurst, withGain } from "../shared/applied.ts";
import { type ById, entries } from "../shared/by-id.ts";
import type { Ruleset } from "../shared/contracts/ruleset.ts";
import type { FactionState, TickRecord } from "../shared/contracts/world.ts";
import { apportion, assertSafe, clamp, floorDiv, mul } from "../shared/integers.ts";
import { modifier } from "./effects.ts";
import type { Column, FactionColumns, Folding } from "./fold.ts";

/** Milli-points by place and faction: what pushes a territory or claims a relic in this tick. */
export type Pressure = Map<string, Map<string, number>>;

export type Influenced = {
  factions: ById<FactionState>;
  /** The record's `factions`. */
  record: TickRecord["factions"];
  pushes: Pressure;
  claims: Pressure;
};

/**
 * How many bursts and decays a tick is worth: `k = clamp(⌊(2Δ + L) / 2L⌋, 1, 4)`, the time since the previous tick in
 * tick lengths, rounded. A realm that was down doesn't lose its players' work. The first tick is worth one.
 */
export const lateness = (tick: number, sincePreviousMs: number, lengthMs: number): number =>
  tick === 1 ? 1 : clamp(floorDiv(2 * sincePreviousMs + lengthMs, 2 * lengthMs), 1, 4);

/** Points that a faction may gain in this tick: a part of all influence in the world, priors included; milli-points. */
export function burstCap(factions: ById<FactionState>, rules: Ruleset, k: number): number {
  const { prior, burst_rate_bp, burst_min, burst_max } = rules.influence;
  let all = 0;
  for (const { influence } of Object.values(factions)) all += influence + prior * 1_000;
  return clamp(mul(assertSafe(all), burst_rate_bp), burst_min * 1_000, burst_max * 1_000) * k;
}

/**
 * Scales with the gain modifier, cuts to the burst cap, decays `k` times and adds:
 * `influence' = influence − mul(influence, decay) (k times) + applied`; `share = apportion(10000, influence' + prior)`.
 * Events of a faction that the rules no longer know move nothing.
 */
export function applyInfluence(
  factions: ById<FactionState>,
  folding: Folding,
  rules: Ruleset,
  k: number,
): Influenced {
  const cap = burstCap(factions, rules, k);
  const pushes: Pressure = new Map();
  const claims: Pressure = new Map();
  const record: [string, TickRecord["factions"][string]][] = [];
  const influence = new Map<string, number>();
  for (const [id, faction] of entries(factions)) {
    const gain_bp = modifier(faction.modifiers, "influence_gain_bp");
    const gained = gainOf(folding.factions.get(id), gain_bp, cap);
    record.push([id, { sum: gained.sum, cap, gain_bp }]);
    influence.set(id, assertSafe(decayedInfluence(faction.influence, rules, k) + Math.min(gained.sum, cap)));
    for (const { column, points } of gained.territories)
      press(pushes, column.id, id, pushOf(column, points, rules.contest.user_push * 1_000));
    for (const { column, points } of gained.relics) press(claims, column.id, id, total(points));
  }
  const shares = apportion(
    10_000,
    new Map([...influence].map(([id, held]) => [id, held + rules.influence.prior * 1_000])),
  );
  const moved = entries(factions).map(([id, faction]): [string, FactionState] => {
    const share_bp = shares.get(id)!;
    return [
      id,
      { ...faction, influence: influence.get(id)!, share_bp, trend_bp: share_bp - faction.share_bp },
    ];
  });
  return { factions: Object.fromEntries(moved), record: Object.fromEntries(record), pushes, claims };
}

/** Influence after `k` decays, milli-points: `influence − mul(influence, decay)`, k times. */
export function decayedInfluence(influence: number, rules: Ruleset, k: number): number {
  let left = influence;
  for (let i = 0; i < k; i++) left -= mul(left, rules.influence.decay_bp);
  return left;
}

type Placed = Column & { id: string };
type Part = { column: Placed; points: number[] };
type Gained = { sum: number; territories: Part[]; relics: Part[] };

/** One faction's events, cut to the cap together and then parted again by what they move. */
function gainOf(columns: FactionColumns | undefined, gainBp: number, cap: number): Gained {
  if (columns === undefined) return { sum: 0, territories: [], relics: [] };
  const placed = (map: Map<string, Column>): Placed[] => [...map].map(([id, column]) => ({ ...column, id }));
  const territories = placed(columns.territories);
  const relics = placed(columns.relics);
  const all = [columns.influence, ...territories, ...relics];
  const { points, sum } = withGain(
    all.flatMap((column) => column.points),
    gainBp,
  );
  const applied = cutToBurst(sum > cap ? all.flatMap((column) => column.events) : [], points, { sum, cap });
  let from = columns.influence.points.length;
  const part = (column: Placed): Part => {
    const start = from;
    from += column.points.length;
    return { column, points: applied.slice(start, from) };
  };
  return { sum, territories: territories.map(part), relics: relics.map(part) };
}

/** Push of one faction on one territory: applied points, each user's up to `limit`. It limits control, not influence. */
function pushOf({ users }: Column, points: readonly number[], limit: number): number {
  const byUser = new Map<string, number>();
  points.forEach((each, i) => {
    byUser.set(users[i]!, (byUser.get(users[i]!) ?? 0) + each);
  });
  let push = 0;
  for (const each of byUser.values()) push += Math.min(each, limit);
  return assertSafe(push);
}

const total = (points: readonly number[]): number => assertSafe(points.reduce((sum, each) => sum + each, 0));

function press(pressure: Pressure, place: string, faction: string, points: number): void {
  let byFaction = pressure.get(place);
  if (byFaction === undefined) {
    byFaction = new Map();
    pressure.set(place, byFaction);
  }
  byFaction.set(faction, points);
}
