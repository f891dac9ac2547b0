/** Step 4 over the whole map: every territory is contested on the ground as it was before the tick. */

import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type {
  EffectState,
  FactionState,
  Happening,
  PrivateState,
  TerritoryState,
} from "../../shared/contracts/world.ts";
import { type ById, entries } from "../../shared/exact/by-id.ts";
import { challengerOf } from "../../shared/world/challenger.ts";
import { type Ground, pushWeight } from "../../shared/world/contest-weights.ts";
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
        to: flip,
      });
  }
  return { territories: Object.fromEntries(territories), fronts: Object.fromEntries(fronts), happenings };
}

/** One territory after its contest. `flip` names the new controller. */
export function resolveTerritory(
  id: string,
  before: LandBefore,
  factions: ById<FactionState>,
  pushes: PointsByPlace,
  clockwork: Clockwork,
  rules: Ruleset,
): { state: TerritoryState; front: PrivateState["fronts"][string]; flip?: string } {
  const ground: Ground = { territories: before.territories, factions };
  const territory = before.territories[id]!;
  const contested = contestOf(
    territory,
    pushes.get(id) ?? new Map(),
    (faction) => pushWeight(faction, id, ground, rules),
    clampModifier(before.effects, id),
    rules,
  );
  const challenger = challengerOf(contested.control, territory.controller, rules);
  const { front, flip } = frontOf(before.fronts[id]!, challenger, clockwork, rules);
  const controller = flip ?? territory.controller;
  const state: TerritoryState = {
    ...(controller === undefined ? {} : { controller }),
    control: Object.fromEntries(contested.control),
    instability: instabilityOf(territory.instability, contested, flip !== undefined, rules),
    strategic_value: territory.strategic_value,
    contested: contested.contest >= rules.contest.contested_bp ? 1 : 0,
    last_changed_tick:
      contested.moved > 0 || flip !== undefined ? clockwork.tick : territory.last_changed_tick,
  };
  return { state, front, ...(flip === undefined ? {} : { flip }) };
}
