/** How hard a faction pushes on a territory, for the tick's contest and for the public reads. */
import type { Ruleset } from "../contracts/ruleset.ts";
import type { FactionState, TerritoryState } from "../contracts/world.ts";
import { find } from "../exact/by-id.ts";
import { clamp, floorDiv, mul, sortedKeys } from "../exact/integers.ts";
import { modifier } from "./modifiers.ts";

/** The map before this tick, which every territory's contest sees alike. */
export type Ground = {
  territories: Record<string, TerritoryState>;
  /** With this tick's shares and modifiers. */
  factions: Record<string, FactionState>;
};

/**
 * What a point of push counts, basis points. A faction with a larger share, neighbouring land or the place itself pushes
 * harder; one that holds more than its part of the map pays for overextension.
 */
export function pushWeight(faction: string, territory: string, ground: Ground, rules: Ruleset): number {
  const { contest } = rules;
  const factions = sortedKeys(ground.factions).length;
  const territories = Object.values(ground.territories);
  const controls = (id: string) => find(ground.territories, id)?.controller === faction;
  const { share_bp, modifiers } = ground.factions[faction]!;
  const lead = mul(share_bp - floorDiv(10_000, factions), contest.share_weight_bp);
  const neighbours = rules.territories[territory]!.adjacent.filter(controls).length;
  const adjacent = Math.min(contest.adjacent_weight_max_bp, contest.adjacent_weight_bp * neighbours);
  const defender = controls(territory) ? contest.defender_weight_bp : 0;
  const held = territories.filter(({ controller }) => controller === faction).length;
  const beyond = Math.max(0, held - (floorDiv(territories.length, factions) + 1));
  return clamp(
    10_000 +
      lead +
      adjacent +
      defender -
      contest.overextension_bp * beyond +
      modifier(modifiers, "push_weight_bp"),
    contest.weight_min_bp,
    contest.weight_max_bp,
  );
}
