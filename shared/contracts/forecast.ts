/** Forecast: when territories change hands if things go on as they do. KV `world` has a realm's under `<realm>.forecast`. */
import { z } from "zod";

const Tick = z.int().min(0);

export const TerritoryForecast = z.strictObject({
  /** How often it changed hands among the futures that were played, basis points. */
  probability_bp: z.int().min(0).max(10_000),
  /** How far they were played. */
  until_tick: Tick,
  /** Who took it most often. */
  to: z.string().exactOptional(),
  /** The tick by which it had changed hands in half of the futures, in a tenth, and in nine tenths; absent where that lies beyond. */
  tick: Tick.exactOptional(),
  low: Tick.exactOptional(),
  high: Tick.exactOptional(),
});
export type TerritoryForecast = z.infer<typeof TerritoryForecast>;

/** As a territory is served: with the tick that it looks ahead from, and how many ticks ago that was. */
export const ServedForecast = TerritoryForecast.extend({ as_of_tick: Tick, age_ticks: Tick });
export type ServedForecast = z.infer<typeof ServedForecast>;

/** How good the realm's forecasts were that came due last, at most 500 of them. */
export const ForecastRecord = z.strictObject({
  scored: z.int().min(0),
  /**
   * Brier skill, basis points: 10 000 is every time certain and right, 0 no better than to say the same of each, as often as it came
   * true. Absent where all of them came true, or none, so that there is nothing to compare with.
   */
  skill_bp: z.int().max(10_000).exactOptional(),
  /** Of those with `low`: how often the change fell between `low` and `high`, basis points; about 8 000 is meant. */
  coverage_bp: z.int().min(0).max(10_000).exactOptional(),
});
export type ForecastRecord = z.infer<typeof ForecastRecord>;

export const Forecast = z.strictObject({
  realm: z.string(),
  /** The tick that it looks ahead from, and its `public_hash`. */
  tick: Tick,
  hash: z.string(),
  territories: z.record(z.string(), TerritoryForecast),
  record: ForecastRecord.exactOptional(),
});
export type Forecast = z.infer<typeof Forecast>;
