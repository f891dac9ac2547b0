/** Step 4 over the whole map: every territory is contested on the ground as it was before the tick. */

import type { FlipCause } from "../../shared/contracts/cause.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type {
  EffectState,
  FactionState,
  Happening,
  PrivateState,
  TerritoryState,
} from "../../shared/contracts/world.ts";
import { type ById, entries, mapById } from "../../shared/exact/by-id.ts";
import { challengerOf, leadOf } from "../../shared/world/challenger.ts";
import { type Ground, pushTerms, weightOf } from "../../shared/world/contest-weights.ts";
import { clampModifier } from "../../shared/world/modifiers.ts";
import { contestOf, instabilityOf } from "./contest.ts";
import type { Clockwork } from "./elapsed.ts";
import { frontOf } from "./flip.ts";
import type { PointsByPlace } from "./influence.ts";

type Resolved = {
  territories: ById<TerritoryState>;
  fronts: PrivateState["fronts"];
  happenings: Happening[];
};
/** The map and its fronts before the tick, and the effects that hold in it. */
export type LandBefore = {
  territories: ById<TerritoryState>;
  fronts: PrivateState["fronts"];
  effects: ById<EffectState>;
};

export function resolveTerritories(
  before: LandBefore,
  factions: ById<FactionState>,
  pushes: PointsByPlace,
  clockwork: Clockwork,
  rules: Ruleset,
): Resolved {
  const territories: [string, TerritoryState][] = [];
  const fronts: [string, PrivateState["fronts"][string]][] = [];
  const happenings: Happening[] = [];
  for (const [id, territory] of entries(before.territories)) {
    const { state, front, flip } = resolveTerritory(id, before, factions, pushes, clockwork, rules);
    territories.push([id, state]);
    fronts.push([id, front]);
    if (flip !== undefined)
      happenings.push({
        kind: "flip",
        territory: id,
        ...(territory.controller === undefined ? {} : { from: territory.controller }),
        to: flip.to,
        cause: flip.cause,
      });
  }
  return { territories: Object.fromEntries(territories), fronts: Object.fromEntries(fronts), happenings };
}

/** One territory after its contest. `flip`: the new controller, and why. */
export function resolveTerritory(
  id: string,
  before: LandBefore,
  factions: ById<FactionState>,
  pushes: PointsByPlace,
  clockwork: Clockwork,
  rules: Ruleset,
): { state: TerritoryState; front: PrivateState["fronts"][string]; flip?: { to: string; cause: FlipCause } } {
  const ground: Ground = { territories: before.territories, factions };
  const territory = before.territories[id]!;
  const terms = mapById(territory.control, (_, faction) => pushTerms(faction, id, ground, rules));
  const push = pushes.get(id) ?? new Map<string, number>();
  const clamp_bp = clampModifier(before.effects, id);
  const contested = contestOf(
    territory,
    push,
    (faction) => weightOf(terms[faction]!, rules),
    clamp_bp,
    rules,
  );
  const challenger = challengerOf(contested.control, territory.controller, rules);
  const { front, flip: to, streak } = frontOf(before.fronts[id]!, challenger, clockwork, rules);
  const controller = to ?? territory.controller;
  const state: TerritoryState = {
    ...(controller === undefined ? {} : { controller }),
    control: Object.fromEntries(contested.control),
    instability: instabilityOf(territory.instability, contested, to !== undefined, rules),
    strategic_value: territory.strategic_value,
    contested: contested.contest >= rules.contest.contested_bp ? 1 : 0,
    last_changed_tick: contested.moved > 0 || to !== undefined ? clockwork.tick : territory.last_changed_tick,
  };
  if (to === undefined) return { state, front };
  const { last_flip_tick } = before.fronts[id]!;
  const cause: FlipCause = {
    factions: mapById(terms, (each, faction) => ({
      from_bp: territory.control[faction]!,
      to_bp: contested.control.get(faction)!,
      push: push.get(faction) ?? 0,
      weight_bp: weightOf(each, rules),
      terms: each,
    })),
    instability: territory.instability,
    strategic_value: territory.strategic_value,
    clamp_bp,
    lead_bp: leadOf(to, contested.control, territory.controller),
    streak,
    ...(last_flip_tick === undefined ? {} : { rested: clockwork.since(last_flip_tick) }),
  };
  return { state, front, flip: { to, cause } };
}
