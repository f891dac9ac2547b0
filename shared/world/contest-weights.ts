/** How hard a faction pushes on a territory, for the tick's contest and for the public reads. */
import type { WeightTerms } from "../contracts/cause.ts";
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

/** What a point of push counts by its terms, within the ruleset's bounds; basis points. */
export const weightOf = (
  { share_bp, adjacent_bp, defender_bp, overextension_bp, modifiers_bp }: WeightTerms,
  { contest }: Ruleset,
): number =>
  clamp(
    10_000 + share_bp + adjacent_bp + defender_bp + overextension_bp + modifiers_bp,
    contest.weight_min_bp,
    contest.weight_max_bp,
  );

/**
 * A faction with a larger share, neighbouring land or the place itself pushes harder; one that holds more than its part of the map
 * pays for overextension.
 */
export function pushTerms(
  faction: string,
  territory: string,
  ground: Ground,
  { contest, territories: map }: Ruleset,
): WeightTerms {
  const factions = sortedKeys(ground.factions).length;
  const territories = Object.values(ground.territories);
  const controls = (id: string) => find(ground.territories, id)?.controller === faction;
  const { share_bp, modifiers } = ground.factions[faction]!;
  const neighbours = map[territory]!.adjacent.filter(controls).length;
  const held = territories.filter(({ controller }) => controller === faction).length;
  const beyond = Math.max(0, held - (floorDiv(territories.length, factions) + 1));
  return {
    share_bp: mul(share_bp - floorDiv(10_000, factions), contest.share_weight_bp),
    adjacent_bp: Math.min(contest.adjacent_weight_max_bp, contest.adjacent_weight_bp * neighbours),
    defender_bp: controls(territory) ? contest.defender_weight_bp : 0,
    overextension_bp: 0 - contest.overextension_bp * beyond,
    modifiers_bp: modifier(modifiers, "push_weight_bp"),
  };
}
