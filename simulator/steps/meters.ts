/** Step 5: the realm's meters. Tension follows unrest and rivalry slowly; long tension feeds catastrophe. */
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { FactionState, PublicState, TerritoryState } from "../../shared/contracts/world.ts";
import { clamp, floorDiv, mulDiv } from "../../shared/exact/integers.ts";

type Meters = PublicState["meters"];

/**
 * Where tension tends to, basis points: `⌊(w·unrest + (10000 − w)·rivalry) / 10000⌋`, unrest the mean instability by
 * strategic value, rivalry 10 000 less the first share's lead over the second.
 */
export function tensionTarget(
  territories: readonly TerritoryState[],
  factions: readonly FactionState[],
  rules: Ruleset,
): number {
  const weight = rules.meters.instability_weight_bp;
  let value = 0;
  let unrest = 0;
  for (const { strategic_value, instability } of territories) {
    value += strategic_value;
    unrest += strategic_value * instability;
  }
  const shares = factions.map(({ share_bp }) => share_bp).sort((a, b) => b - a);
  const rivalry = 10_000 - (shares[0]! - shares[1]!);
  return floorDiv(weight * floorDiv(unrest, value) + (10_000 - weight) * rivalry, 10_000);
}

/** `flips` and `contestedRelics` are this tick's. Catastrophe grows above `catastrophe_from_bp` of tension. */
export function moveMeters(
  before: Meters,
  target: number,
  { flips, contestedRelics }: { flips: number; contestedRelics: number },
  { meters: rules }: Ruleset,
): Meters {
  const step = clamp(target - before.global_tension, -rules.tension_fall_bp, rules.tension_rise_bp);
  const global_tension = before.global_tension + step;
  const excess = Math.max(0, global_tension - rules.catastrophe_from_bp);
  // Where the bound is the whole scale there is no excess; the divisor only must not be 0.
  const span = Math.max(1, 10_000 - rules.catastrophe_from_bp);
  const growth =
    mulDiv(excess, rules.catastrophe_rate_bp, span) +
    rules.catastrophe_flip_bp * flips +
    rules.catastrophe_relic_bp * contestedRelics -
    rules.catastrophe_calm_bp;
  return { global_tension, catastrophe_meter: clamp(before.catastrophe_meter + growth, 0, 10_000) };
}
