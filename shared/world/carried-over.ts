/** What a season leaves to the next one. */
import type { Ruleset } from "../contracts/ruleset.ts";
import type { FactionState, PublicState, TerritoryState } from "../contracts/world.ts";
import { entries, mapById } from "../exact/by-id.ts";
import { apportion, mul } from "../exact/integers.ts";
import { challengerOf } from "./challenger.ts";
import { newTerritory } from "./genesis.ts";

/** What a faction keeps of its influence and of its stocks, basis points. */
export const INFLUENCE_KEPT_BP = 1_000;
const RESOURCES_KEPT_BP = 2_000;

export const stockKept = ({
  influence,
  resources,
}: FactionState): Pick<FactionState, "influence" | "resources"> => ({
  influence: mul(influence, INFLUENCE_KEPT_BP),
  resources: mapById(resources, (stock) => mul(stock, RESOURCES_KEPT_BP)),
});

type Land = Pick<TerritoryState, "control" | "controller">;

/**
 * Control is `(start + held) / 2`, apportioned to 10 000. The controller is `first`, the one at the start, unless another faction leads that
 * one by what a flip takes: else quiet land would change hands two ticks later.
 */
export function landKept(
  start: Pick<Land, "control">,
  first: string | undefined,
  held: Land,
  rules: Ruleset,
): Land {
  const both = mapById(start.control, (control, faction) => control + held.control[faction]!);
  const control = apportion(10_000, new Map(entries(both)));
  const controller = challengerOf(control, first, rules) ?? first;
  return { ...(controller === undefined ? {} : { controller }), control: Object.fromEntries(control) };
}

/** What the next season would begin with if it began now. Influence in thousandths of a point, stocks of a unit. */
export function carriedOver({ factions, territories }: PublicState, rules: Ruleset) {
  const kept = mapById(factions, stockKept);
  const prior = rules.influence.prior * 1_000;
  const shares = apportion(
    10_000,
    new Map(entries(kept).map(([id, { influence }]) => [id, influence + prior])),
  );
  return {
    factions: mapById(kept, (faction, id) => ({ ...faction, share_bp: shares.get(id)! })),
    territories: mapById(rules.territories, (start, id) =>
      landKept(newTerritory(rules, start, 0), start.controller, territories[id]!, rules),
    ),
  };
}
