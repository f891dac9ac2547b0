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

/** As a territory is served: with the tick that it looks ahead from. */
export const ServedForecast = TerritoryForecast.extend({ as_of_tick: Tick });
export type ServedForecast = z.infer<typeof ServedForecast>;

export const Forecast = z.strictObject({
  realm: z.string(),
  /** The tick that it looks ahead from, and its `public_hash`. */
  tick: Tick,
  hash: z.string(),
  territories: z.record(z.string(), TerritoryForecast),
});
export type Forecast = z.infer<typeof Forecast>;
