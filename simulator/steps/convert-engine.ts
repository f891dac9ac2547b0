/**
 * A world that an earlier engine left, as this one goes on with it. The tree has one engine: what it can't recompute it takes over,
 * at the first marker that it plays. Pure, so that everybody who plays that marker finds the same state.
 */
import { councilRules } from "../../shared/contracts/politics.ts";
import { ENGINE, type Ruleset } from "../../shared/contracts/ruleset.ts";
import type { CouncilEffect } from "../../shared/contracts/trigger.ts";
import type { Calendar, CouncilState, PrivateState, WorldState } from "../../shared/contracts/world.ts";
import { type ById, byPlace, entries, find, mapById } from "../../shared/exact/by-id.ts";
import { type RecordedRuleset, upcastRuleset } from "../../shared/past/upcast.ts";
import { calendarClosed, calendarFrom } from "../../shared/world/calendar.ts";
import { quorumOf } from "../../shared/world/quorum.ts";
import { NO_ROSTERS } from "../notices/roster.ts";

export const engineOf = ({ private: { ruleset } }: WorldState): number => (ruleset as RecordedRuleset).engine;

/** What engine 1 kept otherwise. */
type Engine1Private = Omit<PrivateState, "campaigns" | "councils"> & {
  campaigns?: ById<{ opened_tick: number; min_contributors: number }>;
  season?: { started_tick: number; closed_tick?: number };
  councils?: ById<{
    seats: string[];
    open?: {
      id: string;
      options: { text: string; effects: CouncilEffect[] }[];
      closes_tick: number;
      active: number;
      weights: number[];
      voters: number;
    };
  }>;
};

/**
 * The same world in this engine's form. From engine 1: what a campaign asks of contributors, what councils vote on and the season's
 * calendar are public, the rosters of open actions name these and others begin empty, and a season that is closed lasts a whole
 * break from now. That engine knew no ticks of kind `status`, so all that is absent from its states means what it means here, and a
 * realm that was in maintenance under it has that status from its first tick on.
 */
export function converted(state: WorldState): WorldState {
  if (engineOf(state) === ENGINE) return state;
  const { public: world } = state;
  const { campaigns = {}, councils, season, ...rest } = state.private as Engine1Private;
  const rules = upcastRuleset(rest.ruleset);
  const running = mapById(campaigns, ({ opened_tick }) => ({ opened_tick }));
  return {
    public: {
      ...world,
      calendar: calendarOf(world.tick, season, rules),
      campaigns: mapById(world.campaigns, (campaign, id) => ({
        ...campaign,
        min_contributors: find(campaigns, id)?.min_contributors ?? rules.chain.min_contributors,
      })),
      councils: mapById(councils ?? {}, (council) => councilOf(council, rules)),
    },
    private: {
      ...rest,
      ruleset: rules,
      ...(Object.keys(running).length === 0 ? {} : { campaigns: running }),
      ...(councils === undefined ? {} : { councils: mapById(councils, ({ seats }) => ({ seats })) }),
      ...withActions(state),
    },
  };
}

function calendarOf(
  tick: number,
  { started_tick, closed_tick }: NonNullable<Engine1Private["season"]> = { started_tick: 0 },
  rules: Ruleset,
): Calendar {
  if (closed_tick === undefined) return calendarFrom(started_tick, rules);
  return { ...calendarClosed({ started_tick }, tick, rules), closed_tick };
}

function councilOf(
  { seats, open }: NonNullable<Engine1Private["councils"]>[string],
  rules: Ruleset,
): CouncilState {
  if (open === undefined) return { seats: seats.length };
  const { id, closes_tick, voters, options, weights, active } = open;
  const told = options.map(({ text, effects }, i) => ({
    text,
    effects: byPlace(effects),
    weight: weights[i]!,
  }));
  const quorum = quorumOf(active, councilRules(rules).quorum_bp);
  return { seats: seats.length, open: { id, options: byPlace(told), closes_tick, voters, quorum } };
}

function withActions({
  public: { actions },
  private: { rosters },
}: WorldState): Pick<PrivateState, "rosters"> {
  if (rosters === undefined) return {};
  const told = entries(rosters.actions).flatMap(([id, { proposed, opposed }]) => {
    const action = find(actions, id);
    if (action === undefined) return [];
    const { action_type, faction } = action;
    return [[id, { action_type, faction, proposed, opposed }] as const];
  });
  return { rosters: { ...NO_ROSTERS, ...rosters, actions: Object.fromEntries(told) } };
}
