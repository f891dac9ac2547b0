/** What became of a tick's commands as the bodies of `world.commands`. */
import {
  MAX_COMMANDS_BYTES,
  type SettledCommand,
  type SettledCommandsPart,
} from "../../shared/contracts/settled-command.ts";
import { inParts } from "../message-parts.ts";

/**
 * Beside the other messages of a tick so many always fit into a batch. They hold 4 million votes or 2 million refusals, more than
 * a process could fold between two markers.
 */
export const MAX_COMMANDS_PARTS = 900;

/** JSON texts of at most `MAX_COMMANDS_BYTES`; none where the tick decided no command. */
export const commandsParts = (realm: string, tick: number, settled: readonly SettledCommand[]): string[] =>
  inParts(settled, {
    maxBytes: MAX_COMMANDS_BYTES,
    maxParts: MAX_COMMANDS_PARTS,
    body: (place, commands) => ({ realm, tick, ...place, commands }) satisfies SettledCommandsPart,
  });
