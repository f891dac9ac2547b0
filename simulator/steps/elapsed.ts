/**
 * How ticks are counted. A tick of kind `status` has a number in the chain, but no time passes in it: what is to end at a tick ends
 * one later for each, and what happened is so many ticks ago without them. So nobody gains a cooldown, an effect's end or a
 * season's by changes of status.
 */

import type { EffectState, PrivateState, PublicState, WorldState } from "../../shared/contracts/world.ts";
import { mapById } from "../../shared/exact/by-id.ts";
import { calendarLater } from "../../shared/world/calendar.ts";

/** The tick that is being played. */
export type Clockwork = {
  tick: number;
  /** Ticks since an earlier one, those of kind `status` left out. */
  since(earlier: number): number;
};

export const clockworkOf = ({ public: { tick }, private: privateState }: WorldState): Clockwork => ({
  tick,
  since: (earlier) => tick - earlier - statusTicksSince(privateState, earlier),
});

/** Status ticks after `earlier`. */
function statusTicksSince({ status_ticks = [] }: PrivateState, earlier: number): number {
  let count = 0;
  for (let i = status_ticks.length - 1; i >= 0; i--) {
    const [first, length] = status_ticks[i]!;
    if (first + length <= earlier + 1) break;
    count += first + length - Math.max(first, earlier + 1);
  }
  return count;
}

/** The last tick that wasn't of kind `status`. */
export function lastOrdinary({ public: { tick }, private: { status_ticks = [] } }: WorldState): number {
  const [first, length] = status_ticks.at(-1) ?? [0, 0];
  return length > 0 && first + length - 1 === tick ? first - 1 : tick;
}

/** Status ticks that still count after a new season has begun: those since the oldest tick that it remembers. */
export function statusTicksFrom(
  { status_ticks = [] }: PrivateState,
  oldest: number,
): Pick<PrivateState, "status_ticks"> {
  const left = status_ticks.filter(([first, length]) => first + length > oldest);
  return left.length === 0 ? {} : { status_ticks: left };
}

/** The last state as a status tick finds it: every end that is ahead is one tick later. */
export function postponed({ public: world, private: privateState }: WorldState): WorldState {
  const tick = world.tick + 1;
  const later = <Ending extends { until_tick: number }>(ending: Ending): Ending => ({
    ...ending,
    until_tick: ending.until_tick + 1,
  });
  return {
    public: {
      ...world,
      calendar: calendarLater(world.calendar, 1),
      effects: mapById(world.effects, later<EffectState>),
      campaigns: mapById(world.campaigns, later<PublicState["campaigns"][string]>),
      actions: mapById(world.actions, (action) =>
        action.status === "proposed" ? { ...action, closes_tick: action.closes_tick + 1 } : action,
      ),
      councils: mapById(world.councils, ({ seats, open }) => ({
        seats,
        ...(open === undefined ? {} : { open: { ...open, closes_tick: open.closes_tick + 1 } }),
      })),
    },
    private: {
      ...privateState,
      ...(privateState.ended === undefined ? {} : { ended: mapById(privateState.ended, later<EffectState>) }),
      starting: privateState.starting.map((start) => ({ ...start, effect: later(start.effect) })),
      status_ticks: extended(privateState.status_ticks ?? [], tick),
    },
  };
}

type Runs = NonNullable<PrivateState["status_ticks"]>;

function extended(runs: Runs, tick: number): Runs {
  const last = runs.at(-1);
  if (last === undefined || last[0] + last[1] !== tick) return [...runs, [tick, 1]];
  return [...runs.slice(0, -1), [last[0], last[1] + 1]];
}
