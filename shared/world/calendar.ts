/** When seasons begin and end. */
import type { Ruleset } from "../contracts/ruleset.ts";
import type { Calendar } from "../contracts/world.ts";

/** A ruleset that an earlier engine recorded has no break. */
type Lengths = Pick<Ruleset, "season_length_ticks"> & Partial<Pick<Ruleset, "season_break_ticks">>;
const breakOf = ({ season_break_ticks = 96 }: Lengths): number => season_break_ticks;

/** Of a season that began with a tick. */
export const calendarFrom = (started_tick: number, { season_length_ticks }: Lengths): Calendar => ({
  started_tick,
  ends_tick: started_tick + season_length_ticks,
});

/** Of a season that a tick closed. */
export const calendarClosed = (
  { started_tick }: Pick<Calendar, "started_tick">,
  closed_tick: number,
  rules: Lengths,
): Calendar => ({ started_tick, closed_tick, opens_tick: closed_tick + breakOf(rules) });

/** The same season with its end, or the next one's opening, so many ticks later. */
export const calendarLater = ({ ends_tick, opens_tick, ...rest }: Calendar, ticks: number): Calendar => ({
  ...rest,
  ...(ends_tick === undefined ? {} : { ends_tick: ends_tick + ticks }),
  ...(opens_tick === undefined ? {} : { opens_tick: opens_tick + ticks }),
});

/** The same season under a ruleset that may give it, or the break after it, another length; never before `now`. */
export function calendarUnder(calendar: Calendar, before: Lengths, after: Lengths, now: number): Calendar {
  const longer =
    calendar.closed_tick === undefined
      ? after.season_length_ticks - before.season_length_ticks
      : breakOf(after) - breakOf(before);
  const { ends_tick, opens_tick, ...rest } = calendarLater(calendar, longer);
  return {
    ...rest,
    ...(ends_tick === undefined ? {} : { ends_tick: Math.max(ends_tick, now) }),
    ...(opens_tick === undefined ? {} : { opens_tick: Math.max(opens_tick, now) }),
  };
}
