/**
 * A realm's forecasts and what came of them. Of each territory one in eight ticks is remembered until it is due, so that the log is
 * bounded and forecasts of the same future don't count many times over. Pure: whoever folds the same ticks has the same log.
 */
import { z } from "zod";
import type { Forecast, ForecastRecord, TerritoryForecast } from "../../shared/contracts/forecast.ts";
import { entries } from "../../shared/exact/by-id.ts";
import { floorDiv } from "../../shared/exact/integers.ts";

/** Forecasts that the record is of. */
export const SCORED_KEPT = 500;
/** Ticks from one remembered forecast of a territory to the next. */
export const EVERY_TICKS = 8;

const Tick = z.int().min(0);
const Open = z.strictObject({
  territory: z.string(),
  tick: Tick,
  probability_bp: Tick,
  until_tick: Tick,
  low: Tick.exactOptional(),
  high: Tick.exactOptional(),
});
/** What was said, basis points; whether it came true; whether it came within the interval, where one was said. */
const Scored = z.tuple([Tick, z.union([z.literal(0), z.literal(1)]), z.literal([0, 1]).nullable()]);

export const ForecastLog = z.strictObject({
  /** The last tick that was held against it. */
  through: Tick,
  open: z.array(Open),
  /** Oldest first. */
  scored: z.array(Scored),
});
export type ForecastLog = z.infer<typeof ForecastLog>;

export const emptyLog = (through: number): ForecastLog => ({ through, open: [], scored: [] });

/**
 * Whether a forecast came true, and whether within its interval; `when`: the tick of the first change after it, if there was one up
 * to its horizon. An interval without an end reaches beyond the horizon, so that no change at all lies in it too.
 */
export function outcomeOf(
  { low, high }: Pick<TerritoryForecast, "low" | "high">,
  when: number | undefined,
): { came: 0 | 1; covered: 0 | 1 | null } {
  const at = when ?? Number.POSITIVE_INFINITY;
  const isCovered = low !== undefined && at >= low && at <= (high ?? Number.POSITIVE_INFINITY);
  return { came: when === undefined ? 0 : 1, covered: low === undefined ? null : isCovered ? 1 : 0 };
}

/** The log after the next tick, in which these territories changed hands: what came true or is due is scored. */
export function withTick(log: ForecastLog, tick: number, flipped: ReadonlySet<string>): ForecastLog {
  const isOver = ({ territory, until_tick }: ForecastLog["open"][number]) =>
    flipped.has(territory) || until_tick <= tick;
  const over = log.open.filter(isOver).map((said): ForecastLog["scored"][number] => {
    const { came, covered } = outcomeOf(said, flipped.has(said.territory) ? tick : undefined);
    return [said.probability_bp, came, covered];
  });
  return {
    through: tick,
    open: over.length === 0 ? log.open : log.open.filter((said) => !isOver(said)),
    scored: over.length === 0 ? log.scored : [...log.scored, ...over].slice(-SCORED_KEPT),
  };
}

/** The log with what is forecast from its last tick on. */
export function withForecast(log: ForecastLog, { tick, territories }: Forecast): ForecastLog {
  const lately = new Set(
    log.open.filter((said) => said.tick > tick - EVERY_TICKS).map(({ territory }) => territory),
  );
  const said = entries(territories)
    .filter(([territory]) => !lately.has(territory))
    .map(([territory, { probability_bp, until_tick, low, high }]) => ({
      ...{ territory, tick, probability_bp, until_tick },
      ...(low === undefined ? {} : { low }),
      ...(high === undefined ? {} : { high }),
    }));
  return said.length === 0 ? log : { ...log, open: [...log.open, ...said] };
}

/**
 * Brier's score is the mean of `(p − y)²` (Brier 1950), its skill `1 − score / score of saying the base rate` (Murphy 1973, for the
 * base rate of the same sample).
 */
export function recordOf({ scored }: Pick<ForecastLog, "scored">): ForecastRecord {
  const came = scored.filter(([, y]) => y === 1).length;
  const missed = scored.length - came;
  // Σ (p − y)² in units of 10⁻⁸, and Σ (base − y)², which is came · missed / n.
  const square = scored.reduce((sum, [p, y]) => sum + (p - 10_000 * y) ** 2, 0);
  const skill =
    came === 0 || missed === 0
      ? undefined
      : 10_000 - Number((BigInt(square) * BigInt(scored.length)) / (BigInt(came * missed) * 10_000n));
  const intervals = scored.filter(([, , covered]) => covered !== null);
  const covered = intervals.filter(([, , within]) => within === 1).length;
  return {
    scored: scored.length,
    ...(skill === undefined ? {} : { skill_bp: skill }),
    ...(intervals.length === 0 ? {} : { coverage_bp: floorDiv(covered * 10_000, intervals.length) }),
  };
}
