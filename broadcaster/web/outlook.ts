/** What a forecast lets the page say. A forecast always has a probability; the rest only where the futures agree on it. */
import type { Names } from "../../shared/web/names.ts";
import { percent, span, ticks } from "../../shared/web/words.ts";
import type { Forecast } from "./reads.ts";

/** A forecast in which half of the futures saw the territory change hands, and which says to whom and by which tick. */
export type Fall = { to: string; tick: number };

/** The fall that a forecast expects; undefined where most futures saw none. */
export function expectedFall(forecast: Forecast | undefined): Fall | undefined {
  if (forecast?.to === undefined || forecast.tick === undefined) return undefined;
  return { to: forecast.to, tick: forecast.tick };
}

/** The forecast as a sentence for a state at `tick`; undefined where no future saw the territory change hands. */
export function foretell(
  forecast: Forecast,
  tick: number,
  tickSeconds: number | undefined,
  names: Names,
): string | undefined {
  const { to, probability_bp, until_tick, low, high } = forecast;
  if (to === undefined || probability_bp === 0) return undefined;
  const fall = expectedFall(forecast);
  const left = (until: number): number => Math.max(1, until - tick);
  if (fall === undefined)
    return `It falls to the ${names.faction(to)} in ${percent(probability_bp)} of the futures that were played, within ${ticks(left(until_tick))}.`;
  const clock = tickSeconds === undefined ? "" : `, about ${span(left(fall.tick) * tickSeconds)}`;
  return `If all goes on as it does, it falls to the ${names.faction(to)} ${when(left(low ?? fall.tick), high === undefined ? undefined : left(high))}${clock}.`;
}

/** `latest` is undefined where a tenth of the futures or more saw no fall. */
function when(soonest: number, latest: number | undefined): string {
  if (latest === undefined) return `in ${ticks(soonest)} or later`;
  return soonest === latest ? `in ${ticks(soonest)}` : `in ${soonest} to ${ticks(latest)}`;
}
