/** Step 3: accepted points become influence, within the burst cap; shares follow. */

import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { FactionState, TickRecord } from "../../shared/contracts/world.ts";
import { type ById, entries, mapById } from "../../shared/exact/by-id.ts";
import { apportion, assertSafe, clamp, mul } from "../../shared/exact/integers.ts";
import { cutToBurst, withGain } from "../../shared/world/applied.ts";
import { decayedInfluence } from "../../shared/world/influence-decay.ts";
import { modifier } from "../../shared/world/modifiers.ts";
import type { CampaignContributions } from "../commands/campaign-contributions.ts";
import {
  type ContributionsByFaction,
  type UserContributions,
  userContributions,
} from "../notices/user-contributions.ts";
import type { FactionColumns } from "./fold.ts";

/** Milli-points by place and faction: what pushes a territory or claims a relic in this tick. */
export type PointsByPlace = Map<string, Map<string, number>>;

export type Influenced = {
  factions: ById<FactionState>;
  /** The record's `factions`. */
  record: TickRecord["factions"];
  pushes: PointsByPlace;
  claims: PointsByPlace;
  crowd: ContributionsByFaction;
  /** What campaigns gathered; neither gains nor caps reach it. */
  campaigns: CampaignContributions;
};

/** Points that a faction may gain in this tick: a part of all influence in the world, priors included; milli-points. */
function burstCap(factions: ById<FactionState>, rules: Ruleset, k: number): number {
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
  accepted: ReadonlyMap<string, FactionColumns>,
  campaigns: CampaignContributions,
  rules: Ruleset,
  k: number,
): Influenced {
  const cap = burstCap(factions, rules, k);
  const pushes: PointsByPlace = new Map();
  const claims: PointsByPlace = new Map();
  const crowd = new Map<string, UserContributions>();
  const record: [string, TickRecord["factions"][string]][] = [];
  const influence = new Map<string, number>();
  for (const [id, faction] of entries(factions)) {
    const gain_bp = modifier(faction.modifiers, "influence_gain_bp");
    const { sum, people } = gainOf(accepted.get(id), gain_bp, cap, rules.contest.user_push * 1_000);
    record.push([id, { sum, cap, gain_bp }]);
    influence.set(id, assertSafe(decayedInfluence(faction.influence, rules, k) + Math.min(sum, cap)));
    if (people === undefined) continue;
    crowd.set(id, people);
    for (const [territory, pushed] of people.pushes) press(pushes, territory, id, total(pushed));
    for (const [relic, claimed] of people.claims) press(claims, relic, id, total(claimed));
  }
  return {
    factions: withInfluence(factions, influence, rules),
    record: Object.fromEntries(record),
    pushes,
    claims,
    crowd,
    campaigns,
  };
}

/** Factions with another influence, and the shares that follow from it; `factions` are those of the tick before. */
export function withInfluence(
  factions: ById<FactionState>,
  influence: ReadonlyMap<string, number>,
  rules: Ruleset,
): ById<FactionState> {
  const shares = apportion(
    10_000,
    new Map([...influence].map(([id, held]) => [id, held + rules.influence.prior * 1_000])),
  );
  return mapById(factions, (faction, id) => {
    const share_bp = shares.get(id)!;
    return { ...faction, influence: influence.get(id)!, share_bp, trend_bp: share_bp - faction.share_bp };
  });
}

/** One faction's events, cut to the cap, pushes and claims last, and who brought them. */
function gainOf(
  columns: FactionColumns | undefined,
  gainBp: number,
  cap: number,
  pushLimit: number,
): { sum: number; people?: UserContributions } {
  if (columns === undefined) return { sum: 0 };
  const placed = [...columns.territories.values(), ...columns.relics.values()];
  const plain = withGain(columns.influence.points, gainBp);
  const moving = withGain(
    placed.flatMap((column) => column.points),
    gainBp,
  );
  const sum = assertSafe(plain.sum + moving.sum, "sum of points");
  const points = [...plain.points, ...moving.points];
  const cut = (): number[] => {
    const events = placed.flatMap((column) => column.events);
    const parts = cutToBurst(
      {
        moving: { events, points: moving.points },
        plain: { events: columns.influence.events, points: plain.points },
      },
      cap,
    );
    return [...parts.plain, ...parts.moving];
  };
  const applied = sum > cap ? cut() : points;
  return { sum, people: userContributions(columns, points, applied, pushLimit) };
}

function total(points: ReadonlyMap<number, number>): number {
  let sum = 0;
  for (const each of points.values()) sum += each;
  return assertSafe(sum);
}

function press(pressure: PointsByPlace, place: string, faction: string, points: number): void {
  let byFaction = pressure.get(place);
  if (byFaction === undefined) {
    byFaction = new Map();
    pressure.set(place, byFaction);
  }
  byFaction.set(faction, points);
}
