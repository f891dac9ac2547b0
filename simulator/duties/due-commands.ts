/**
 * The steward's due commands, derived from the world's state alone, so that no command is lost with the process that should have
 * published it. Keys derive from ticks of the state, so each command takes effect once, whichever process publishes it. Pure.
 */

import type { Command } from "../../shared/contracts/command.ts";
import { councilRules } from "../../shared/contracts/politics.ts";
import { MAX_CAMPAIGN_TICKS } from "../../shared/contracts/trigger.ts";
import type { WorldState } from "../../shared/contracts/world.ts";
import { entries, find } from "../../shared/exact/by-id.ts";
import { floorDiv, sortedKeys } from "../../shared/exact/integers.ts";
import { standingOptions } from "../../shared/world/standing-options.ts";
import { admittedOf, runningOf } from "../commands/campaigns.ts";
import { clockworkOf } from "../steps/elapsed.ts";
import { stewardCommand } from "./steward-command.ts";

/** In the order of publication: an id is closed before it is opened again. */
export const dueCommands = (state: WorldState): Command[] => [
  ...seasonCalls(state),
  ...councilCalls(state),
  ...closedCampaigns(state),
  ...openedCampaigns(state),
];

/**
 * The end of a season that has lasted its length, and the next one's opening after the break. Due again in each tick: while the realm is
 * in maintenance it is refused.
 */
function seasonCalls({ public: { realm, season, tick, calendar } }: WorldState): Command[] {
  const { ends_tick = Number.POSITIVE_INFINITY, opens_tick = Number.POSITIVE_INFINITY } = calendar;
  return [
    ...(tick >= ends_tick
      ? [stewardCommand(realm, "season.close", `season.close.${season}.${tick}`, {})]
      : []),
    ...(tick >= opens_tick
      ? [stewardCommand(realm, "season.open", `season.open.${season}.${tick}`, {})]
      : []),
  ];
}

/** A council that was asked for and didn't open, as in a pause, is asked for again after so many ticks. */
const COUNCIL_PATIENCE_TICKS = 8;

/** Councils of factions whose last one, or whose season's opening, is long enough ago. */
function councilCalls(state: WorldState): Command[] {
  const { realm, status, season, calendar, factions } = state.public;
  if (status !== "active" || calendar.closed_tick !== undefined) return [];
  const { ruleset, councils = {} } = state.private;
  const { every_ticks, first_ticks } = councilRules(ruleset);
  const { since } = clockworkOf(state);
  return sortedKeys(factions).flatMap((faction) => {
    const last = find(councils, faction)?.opened_tick;
    const overdue = since(last ?? calendar.started_tick) - (last === undefined ? first_ticks : every_ticks);
    if (overdue < 0) return [];
    const attempt = floorDiv(overdue, COUNCIL_PATIENCE_TICKS);
    return [
      stewardCommand(
        realm,
        "council.open",
        `council.open.${faction}.${season}.${last ?? "first"}.${attempt}`,
        {
          faction,
          options: standingOptions(ruleset, faction),
        },
      ),
    ];
  });
}

/** Campaigns that candidates may still name although they are over, or were over when their id was opened again. */
const closedCampaigns = ({ public: world, private: privateState }: WorldState): Command[] =>
  entries(admittedOf(privateState))
    .filter(
      ([id, tick]) => tick < (find(runningOf(privateState), id)?.opened_tick ?? Number.POSITIVE_INFINITY),
    )
    .map(([id, tick]) =>
      stewardCommand(world.realm, "campaign.close", `campaign.close.${id}.${tick}`, { id }),
    );

/** Running campaigns that the world opened itself and candidates may not name yet. */
const openedCampaigns = ({ public: world, private: privateState }: WorldState): Command[] =>
  entries(runningOf(privateState))
    .filter(([id]) => !Object.hasOwn(admittedOf(privateState), id))
    .map(([id, { opened_tick }]) => {
      const { goal, min_contributors, faction, until_tick } = world.campaigns[id]!;
      return stewardCommand(world.realm, "campaign.open", `campaign.open.${id}.${opened_tick}`, {
        id,
        goal: goal / 1_000,
        min_contributors,
        // For the log alone, since the close is published too. A prolonged chain may run longer than a command can express.
        ticks: Math.min(until_tick - opened_tick, MAX_CAMPAIGN_TICKS),
        ...(faction === undefined ? {} : { faction }),
      });
    });
