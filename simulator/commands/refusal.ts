import type { Happening } from "../../shared/contracts/world.ts";
import type { WorldCommand } from "../steps/fold.ts";

/** How a tick tells that a command was refused. */
export const refusalOf = ({ command_id: id, kind }: WorldCommand, reason: string): Happening => ({
  kind: "refused",
  id,
  command: kind,
  reason,
});
