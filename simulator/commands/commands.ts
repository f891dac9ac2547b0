/**
 * Commands that the world itself decides, at the tick that they came before: in log order, each on what the one before it
 * left. A refusal charges nothing and is told in the tick's events.
 */
import { SETTLED_TOLD, type SettledCommand } from "../../shared/contracts/settled-command.ts";
import type { Happening, WorldState } from "../../shared/contracts/world.ts";
import type { WorldCommand } from "../steps/fold.ts";
import { tellBan, tellUnban } from "./bans.ts";
import { closeCampaign, openCampaign } from "./campaigns.ts";
import type { CommandResult } from "./command-handler.ts";
import { correctWorld } from "./corrections.ts";
import { castVote, closeDueCouncils, openCouncil } from "./council.ts";
import { issueDecree } from "./decrees.ts";
import { grantResource, spendResource } from "./economy.ts";
import { endEffect, restoreEffect } from "./effect-repairs.ts";
import { refusalOf } from "./refusal.ts";
import { closeSeason, openSeason } from "./seasons.ts";
import { closeDueActions, counterAction, proposeAction } from "./sovereign.ts";
import { restoreEvent, voidEvent } from "./voids.ts";

/**
 * A tick's events hold this many refusals; further ones are refused without an event, so that wrong commands can't swell every
 * delta.
 */
export const REFUSALS_TOLD = 64;

type Ran = { state: WorldState; happenings: Happening[]; settled: Settled };

/** What became of the commands, in log order. `told`: those that the tick's record names, which are no votes. */
export type Settled = { all: SettledCommand[]; told: SettledCommand[] };

/**
 * The commands, and after them the closes of windows that end with the tick. `state`: the tick's, with its own number, rules and
 * effects. Changes no argument.
 */
export function runCommands(state: WorldState, commands: readonly WorldCommand[]): Ran {
  const decided = decideCommands(state, commands);
  const councils = closeDueCouncils(decided.state);
  const actions = closeDueActions(councils.state);
  return {
    state: actions.state,
    happenings: [...decided.happenings, ...councils.happenings, ...actions.happenings],
    settled: decided.settled,
  };
}

/** The commands alone: in a tick of kind `status` no window ends. */
export function decideCommands(state: WorldState, commands: readonly WorldCommand[]): Ran {
  const happenings: Happening[] = [];
  const settled: Settled = { all: [], told: [] };
  let current = state;
  let refusals = 0;
  for (const command of [...commands].sort((a, b) => a.source_seq - b.source_seq)) {
    const result = decide(current, command);
    const end = settledAs(command, result);
    const isSecret = command.kind === "council.vote";
    settled.all.push(end);
    if (!isSecret && settled.told.length < SETTLED_TOLD) settled.told.push(end);
    current = result.state ?? current;
    if (!("refused" in result)) happenings.push(...result.happenings);
    else if (!isSecret && ++refusals <= REFUSALS_TOLD) happenings.push(refusalOf(command, result.refused));
  }
  return { state: current, happenings, settled };
}

const settledAs = ({ command_id: id }: WorldCommand, result: CommandResult): SettledCommand =>
  "refused" in result ? { id, status: "refused", reason: result.refused } : { id, status: "applied" };

function decide(state: WorldState, command: WorldCommand): CommandResult {
  switch (command.kind) {
    case "resource.grant":
      return grantResource(state, command);
    case "resource.spend":
      return spendResource(state, command);
    case "world.correct":
      return correctWorld(state, command);
    case "sovereign.propose":
      return proposeAction(state, command);
    case "sovereign.counter":
      return counterAction(state, command);
    case "council.open":
      return openCouncil(state, command);
    case "council.vote":
      return castVote(state, command);
    case "effect.end":
      return endEffect(state, command);
    case "effect.restore":
      return restoreEffect(state, command);
    case "event.void":
      return voidEvent(state, command);
    case "event.restore":
      return restoreEvent(state, command);
    case "user.ban":
      return tellBan(state, command);
    case "user.unban":
      return tellUnban(state, command);
    case "decree":
      return issueDecree(state, command);
    case "campaign.open":
      return openCampaign(state, command);
    case "campaign.close":
      return closeCampaign(state, command);
    case "season.close":
      return closeSeason(state, command);
    case "season.open":
      return openSeason(state, command);
    default:
      return command satisfies never;
  }
}
