/** What each kind of command is decided by. */
import type { Happening, WorldState } from "../../shared/contracts/world.ts";
import type { WorldCommand } from "../steps/fold.ts";

/**
 * What a command made of the world, or why it was refused. `state` of a refused one: what is remembered of it all the same; absent
 * where it changes nothing.
 */
export type CommandResult =
  | { state: WorldState; happenings: Happening[] }
  | { refused: string; state?: WorldState };

/** Decides one command in the tick that `state` has just begun. Pure. */
export type CommandHandler<Kind extends WorldCommand["kind"]> = (
  state: WorldState,
  command: Extract<WorldCommand, { kind: Kind }>,
) => CommandResult;
