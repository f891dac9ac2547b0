/**
 * Commands that the world itself decides, at the tick that they came before: in log order, each on what the one before it
 * left. A refusal charges nothing and is told in the tick's events.
 */
import type { Happening, WorldState } from "../shared/contracts/world.ts";
import { closeCampaign, openCampaign } from "./campaigns.ts";
import type { WorldCommand } from "./fold.ts";
import { refusalOf } from "./refusal.ts";
import { closeSeason, openSeason } from "./seasons.ts";

/** What a command made of the world, or why it changes nothing. */
export type Outcome = { state: WorldState; happenings: Happening[] } | { refused: string };

/** Decides one command in the tick that `state` has just begun. Pure. */
export type Decide<Kind extends WorldCommand["kind"]> = (
  state: WorldState,
  command: Extract<WorldCommand, { kind: Kind }>,
) => Outcome;

/** `state`: the tick's, with its own number, rules and effects. Changes no argument. */
export function runCommands(
  state: WorldState,
  commands: readonly WorldCommand[],
): { state: WorldState; happenings: Happening[] } {
  const happenings: Happening[] = [];
  let current = state;
  for (const command of [...commands].sort((a, b) => a.source_seq - b.source_seq)) {
    const outcome = decide(current, command);
    if ("refused" in outcome) {
      happenings.push(refusalOf(command, outcome.refused));
      continue;
    }
    current = outcome.state;
    happenings.push(...outcome.happenings);
  }
  return { state: current, happenings };
}

function decide(state: WorldState, command: WorldCommand): Outcome {
  switch (command.kind) {
    case "resource.grant":
    case "resource.spend":
    case "sovereign.propose":
    case "sovereign.counter":
    case "council.open":
    case "council.vote":
    case "decree":
      return { refused: "not_available" };
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
