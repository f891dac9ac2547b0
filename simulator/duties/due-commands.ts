/**
 * What the world itself calls for, told by its state alone: so nothing that was to be said is lost with the process that was to
 * say it. Keys derive from ticks of the state, so each is said once, whoever says it. Pure.
 */

import { type Command, MAX_CAMPAIGN_TICKS } from "../../shared/contracts/command.ts";
import type { WorldState } from "../../shared/contracts/world.ts";
import { entries, find } from "../../shared/exact/by-id.ts";
import { admittedOf, runningOf } from "../commands/campaigns.ts";
import { seasonOf } from "../commands/seasons.ts";
import { clockworkOf } from "../steps/elapsed.ts";
import { stewardCommand } from "./steward-command.ts";

/** In the order in which they are to be said: an id is closed before it is opened again. */
export const dueCommands = (state: WorldState): Command[] => [
  ...seasonCalls(state),
  ...closedCampaigns(state),
  ...openedCampaigns(state),
];

/** A season that has lasted its length. Said anew in each tick: while the realm was in maintenance it would be refused. */
function seasonCalls(state: WorldState): Command[] {
  const { public: world, private: privateState } = state;
  const { started_tick, closed_tick } = seasonOf(privateState);
  const lasted = clockworkOf(state).since(started_tick);
  if (closed_tick !== undefined || lasted < privateState.ruleset.season_length_ticks) return [];
  return [stewardCommand(world.realm, "season.close", `season.close.${world.season}.${world.tick}`, {})];
}

/** What candidates may still name although it is over, or was when its id was opened anew. */
const closedCampaigns = ({ public: world, private: privateState }: WorldState): Command[] =>
  entries(admittedOf(privateState))
    .filter(
      ([id, tick]) => tick < (find(runningOf(privateState), id)?.opened_tick ?? Number.POSITIVE_INFINITY),
    )
    .map(([id, tick]) =>
      stewardCommand(world.realm, "campaign.close", `campaign.close.${id}.${tick}`, { id }),
    );

/** What runs, opened by a chain, and candidates may not name yet. */
const openedCampaigns = ({ public: world, private: privateState }: WorldState): Command[] =>
  entries(runningOf(privateState))
    .filter(([id]) => !Object.hasOwn(admittedOf(privateState), id))
    .map(([id, { opened_tick, min_contributors }]) => {
      const { goal, until_tick } = world.campaigns[id]!;
      return stewardCommand(world.realm, "campaign.open", `campaign.open.${id}.${opened_tick}`, {
        id,
        goal: goal / 1_000,
        min_contributors,
        // For the log alone: the close is said too. A chain that was prolonged may run longer than a command can say.
        ticks: Math.min(until_tick - opened_tick, MAX_CAMPAIGN_TICKS),
      });
    });
