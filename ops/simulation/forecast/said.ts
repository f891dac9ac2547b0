/** A season of war with a forecast now and then: what was said, and what came. */

import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import type { WorldState } from "../../../shared/contracts/world.ts";
import { entries } from "../../../shared/exact/by-id.ts";
import { forecast, HORIZON_TICKS } from "../../../simulator/forecast/forecast.ts";
import { type PointsSample, pointsSampleOf, remember } from "../../../simulator/forecast/pressure.ts";
import type { Deed } from "../balance/crowd.ts";
import { type Split, season } from "../balance/season.ts";
import type { Temper } from "../balance/war.ts";
import { extrapolates } from "./extrapolate.ts";
import type { Flip, MadeForecast } from "./score.ts";

/** `every`: ticks between two forecasts. Those whose horizon the season doesn't reach are left out. */
export function saidOf(
  ruleset: Ruleset,
  deeds: readonly Deed[][],
  split: Split,
  seed: number,
  temper: Temper,
  every: number,
): { said: MadeForecast[]; flips: Flip[] } {
  const said: MadeForecast[] = [];
  const flips: Flip[] = [];
  const recent: PointsSample[] = [];
  let before: WorldState | undefined;
  season(ruleset, deeds, split, seed, temper, ({ state, record }, folding) => {
    const { tick } = record;
    remember(recent, pointsSampleOf(tick, folding, ruleset));
    for (const event of record.events)
      if (event.kind === "flip") flips.push({ tick, territory: event.territory });
    if (before !== undefined && tick % every === 0 && tick + HORIZON_TICKS <= deeds.length) {
      const { territories } = state.public;
      for (const [territory, each] of entries(played(forecast(state, record.public_hash, recent)))) {
        const last = before.public.territories[territory]!;
        const ruler = extrapolates(last, territories[territory]!, ruleset, HORIZON_TICKS);
        said.push({ tick, territory, forecast: each, ruler });
      }
    }
    before = state;
  });
  return { said, flips };
}

function played<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
