/**
 * How good forecasts were. Brier score: mean of `(p − y)²`, y = 1 where the territory changed hands before the horizon (Brier 1950);
 * skill: `1 − score / score of the other forecast`. Coverage: of the forecasts with an interval that begins before the horizon, how
 * often the first change fell into it; an end beyond the horizon is open, so that no change at all falls into it too.
 */
import type { TerritoryForecast } from "../../../shared/contracts/forecast.ts";
import { outcomeOf } from "../../../simulator/forecast/forecast-log.ts";

/** What was said in a tick of a territory; `ruler`: what drawing on the last two ticks said. */
export type MadeForecast = { tick: number; territory: string; forecast: TerritoryForecast; ruler: boolean };
export type Flip = { tick: number; territory: string };

export type Score = {
  said: number;
  flipped: number;
  brier: number;
  rulerBrier: number;
  /** Against the ruler. */
  skill: number;
  /** Of `intervals` forecasts. */
  coverage: number;
  intervals: number;
  /** By what was said, in fifths: how often, and how often it came true. */
  reliability: { said: number; flipped: number }[];
};

const FIFTHS = 5;

export function score(said: readonly MadeForecast[], flips: readonly Flip[]): Score {
  const reliability = Array.from({ length: FIFTHS }, () => ({ said: 0, flipped: 0 }));
  let flipped = 0;
  let square = 0;
  let rulerSquare = 0;
  let intervals = 0;
  let covered = 0;
  for (const { tick, territory, forecast, ruler } of said) {
    const at = flips.find((flip) => flip.territory === territory && flip.tick > tick)?.tick;
    const when = at !== undefined && at <= forecast.until_tick ? at : undefined;
    const { came, covered: within } = outcomeOf(forecast, when);
    const p = forecast.probability_bp / 10_000;
    flipped += came;
    square += (p - came) ** 2;
    rulerSquare += ((ruler ? 1 : 0) - came) ** 2;
    if (within !== null) intervals++;
    covered += within ?? 0;
    const fifth = reliability[Math.min(FIFTHS - 1, Math.floor(p * FIFTHS))]!;
    fifth.said++;
    fifth.flipped += came;
  }
  const brier = square / said.length;
  const rulerBrier = rulerSquare / said.length;
  return {
    said: said.length,
    flipped,
    brier,
    rulerBrier,
    skill: 1 - brier / rulerBrier,
    coverage: covered / intervals,
    intervals,
    reliability,
  };
}
