/**
 * Seasons. `season.close` ends one: the tick that reads it is the last that counts, its results stand in that tick's events.
 * Sovereign actions that are still open are cancelled and paid back, campaigns closed with that tick.
 * Ticks go on in `season_end`, without new candidates, until `season.open` begins the next season with the tick that reads it:
 *
 * - A faction keeps 10 % of its influence and 20 % of its resources.
 * - A territory's control is `(control + start) / 2`, apportioned again; its controller is the one at the start, unless
 *   another faction leads that one by what a flip takes. Else quiet land would change hands two ticks later.
 * - A trigger is armed, its streak 0; when it fired last stays, since its cooldown is counted in ticks.
 * - The rest is as at tick 0: unrest, meters, fronts, claims and relics, effects (each ended with an event) and those about to
 *   start, campaigns, sovereign actions, councils, and whatever else genesis begins.
 * - Ticks, the time, the ruleset and `tick.run` commands that wait for a marker go on, and who was told of a clip today.
 */

import type {
  Happening,
  PrivateState,
  PublicState,
  SeasonResults,
  WorldState,
} from "../../shared/contracts/world.ts";
import { entries, mapById } from "../../shared/exact/by-id.ts";
import { byCodeUnit } from "../../shared/exact/integers.ts";
import { calendarClosed, calendarFrom } from "../../shared/world/calendar.ts";
import { landKept, stockKept } from "../../shared/world/carried-over.ts";
import { genesis, newTrigger } from "../../shared/world/genesis.ts";
import { NO_ROSTERS } from "../notices/roster.ts";
import { statusTicksFrom } from "../steps/elapsed.ts";
import { withInfluence } from "../steps/influence.ts";
import { campaignEvent } from "../steps/open-campaign.ts";
import { closeCampaigns } from "./campaigns.ts";
import type { CommandHandler } from "./command-handler.ts";
import { closeCouncils } from "./council.ts";
import { closeActions } from "./sovereign.ts";

/** Open sovereign actions are paid back. Refused: `already_closed`. Results wait for the end of the tick: see `closingEvents`. */
export const closeSeason: CommandHandler<"season.close"> = (state) => {
  const { calendar } = state.public;
  if (calendar.closed_tick !== undefined) return { refused: "already_closed" };
  const { state: settled, happenings } = closeActions(state, "season_closed");
  const { public: world, private: privateState } = closeCampaigns(settled);
  return {
    state: {
      public: { ...world, calendar: calendarClosed(calendar, world.tick, privateState.ruleset) },
      private: privateState,
    },
    happenings,
  };
};

/**
 * Refused: `season_not_closed`. A season that was closed in the same tick ends as the world stood before it. What is still open
 * is closed as with the season, and what this tick would have started is refused, each with its event.
 */
export const openSeason: CommandHandler<"season.open"> = (state) => {
  if (state.public.calendar.closed_tick === undefined) return { refused: "season_not_closed" };
  const paid = closeActions(state, "season_closed");
  const councils = closeCouncils(paid.state, () => true, { option: 0, reason: "season_closed" });
  const settled = councils.state;
  const next = nextSeason(settled);
  const ended = entries(settled.public.effects).map(([id]): Happening => ({ kind: "effect_end", id }));
  const refused = settled.private.starting.map(
    ({ id }): Happening => ({ kind: "effect_refused", id, reason: "season_closed" }),
  );
  return {
    state: next,
    happenings: [
      ...paid.happenings,
      ...councils.happenings,
      ...closingEvents(withShares(settled)),
      ...refused,
      ...ended,
      ...entries(settled.public.campaigns).map(([id, campaign]) => campaignEvent(id, campaign, "closed")),
      { kind: "season", season: next.public.season, step: "open" },
    ],
  };
};

/** With shares that follow from what influence there is: a ruleset that was read before may have taken a faction out. */
function withShares({ public: world, private: privateState }: WorldState): WorldState {
  const influence = new Map(entries(world.factions).map(([id, faction]) => [id, faction.influence]));
  const factions = withInfluence(world.factions, influence, privateState.ruleset);
  return { public: { ...world, factions }, private: privateState };
}

/** The event of a season that this tick closed, with its results. */
export function closingEvents({ public: world }: Pick<WorldState, "public">): Happening[] {
  if (world.calendar.closed_tick !== world.tick) return [];
  return [{ kind: "season", season: world.season, step: "close", results: resultsOf(world) }];
}

function resultsOf({ factions, territories, relics }: PublicState): SeasonResults {
  const controllers = ownersOf(entries(territories).map(([id, { controller }]) => [id, controller]));
  const holders = ownersOf(entries(relics).map(([id, { holder }]) => [id, holder]));
  const held = (owners: Record<string, string>, faction: string) =>
    Object.values(owners).filter((owner) => owner === faction).length;
  const standings = entries(factions).map(([faction, { share_bp, influence }]) => ({
    faction,
    share_bp,
    influence,
    territories: held(controllers, faction),
    relics: held(holders, faction),
  }));
  standings.sort((a, b) => b.share_bp - a.share_bp || byCodeUnit(a.faction, b.faction));
  return { standings, controllers, holders };
}

const ownersOf = (places: [id: string, owner: string | undefined][]): Record<string, string> =>
  Object.fromEntries(places.filter((place): place is [string, string] => place[1] !== undefined));

function nextSeason({ public: world, private: privateState }: WorldState): WorldState {
  const rules = privateState.ruleset;
  const fresh = genesis(world.realm, rules, world.at, world.ruleset_version).state;
  return {
    public: {
      ...fresh.public,
      season: world.season + 1,
      calendar: calendarFrom(world.tick, rules),
      status: world.status,
      tick: world.tick,
      factions: mapById(world.factions, (faction) => ({ ...faction, ...stockKept(faction) })),
      territories: mapById(fresh.public.territories, ({ controller: first, ...start }, id) => ({
        ...start,
        ...landKept(start, first, world.territories[id]!, rules),
        last_changed_tick: world.tick,
      })),
      triggers: mapById(world.triggers, ({ last_triggered_tick: last }) => ({
        ...newTrigger(),
        ...(last === undefined ? {} : { last_triggered_tick: last }),
      })),
    },
    private: {
      ...fresh.private,
      manual_ticks: privateState.manual_ticks,
      ...(privateState.told === undefined ? {} : { told: privateState.told }),
      ...toTell(privateState),
      ...statusTicksFrom(privateState, oldestFiring(world)),
    },
  };
}

/** The tick of the oldest firing that triggers still count from; without any, this one. */
const oldestFiring = ({ triggers, tick }: PublicState): number =>
  Math.min(tick, ...Object.values(triggers).map(({ last_triggered_tick: last = tick }) => last));

/** Who took part in the actions that the season's end cancels: this tick tells them, and forgets. */
const toTell = ({ rosters }: PrivateState): Pick<PrivateState, "rosters"> =>
  rosters === undefined ? {} : { rosters: { ...NO_ROSTERS, actions: rosters.actions } };
