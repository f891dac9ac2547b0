/** Stocks: each territory yields to its controller, less in unrest, and stocks spoil. */

import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { FactionState, TerritoryState } from "../../shared/contracts/world.ts";
import { type ById, entries, mapById } from "../../shared/exact/by-id.ts";
import { floorDiv, mul } from "../../shared/exact/integers.ts";
import { modifier } from "../../shared/world/modifiers.ts";

/** What a territory yields of `units` per tick: `mul(mul(units·1000, 10000 − ⌊instability/2⌋), 10000 + yield_bp)`, thousandths. */
export const yieldOf = (units: number, instability: number, yieldBp: number): number =>
  mul(mul(units * 1_000, 10_000 - floorDiv(instability, 2)), 10_000 + yieldBp);

/**
 * `stock' = min(stock − mul(stock, decay) + yields, max)`, thousandths. The controller is the one after this tick's flips.
 * A late tick yields and spoils once: only influence counts the ticks that were missed.
 */
export function gatherResources(
  factions: ById<FactionState>,
  territories: ById<TerritoryState>,
  rules: Ruleset,
): ById<FactionState> {
  const { decay_bp, max } = rules.stock;
  return mapById(factions, (faction, id) => {
    const gains = new Map<string, number>();
    for (const [place, { controller, instability }] of entries(territories)) {
      if (controller !== id) continue;
      for (const [resource, units] of entries(rules.territories[place]!.yields)) {
        const gain = yieldOf(units, instability, modifier(faction.modifiers, "yield_bp"));
        gains.set(resource, (gains.get(resource) ?? 0) + gain);
      }
    }
    const resources = mapById(faction.resources, (stock, resource) =>
      Math.min(stock - mul(stock, decay_bp) + (gains.get(resource) ?? 0), max * 1_000),
    );
    return { ...faction, resources };
  });
}
