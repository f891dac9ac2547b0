/**
 * The steward's due commands, derived from the world's state alone, so that no command is lost with the process that should have
 * published it. Keys derive from ticks of the state, so each command takes effect once, whichever process publishes it. Pure.
 */

import type { Command } from "../../shared/contracts/command.ts";
import { MAX_CAMPAIGN_TICKS } from "../../shared/contracts/trigger.ts";
import type { WorldState } from "../../shared/contracts/world.ts";
import { entries, find } from "../../shared/exact/by-id.ts";
import { admittedOf, runningOf } from "../commands/campaigns.ts";
import { seasonOf } from "../commands/seasons.ts";
import { clockworkOf } from "../steps/elapsed.ts";
import { stewardCommand } from "./steward-command.ts";

/** In the order of publication: an id is closed before it is opened again. */
export const dueCommands = (state: WorldState): Command[] => [
  ...seasonCalls(state),
  ...closedCampaigns(state),
  ...openedCampaigns(state),
];

/** The end of a season that has lasted its length. Due again in each tick: while the realm is in maintenance it is refused. */
function seasonCalls(state: WorldState): Command[] {
  const { public: world, private: privateState } = state;
  const { started_tick, closed_tick } = seasonOf(privateState);
  const lasted = clockworkOf(state).since(started_tick);
  if (closed_tick !== undefined || lasted < privateState.ruleset.season_length_ticks) return [];
  return [stewardCommand(world.realm, "season.close", `season.close.${world.season}.${world.tick}`, {})];
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
