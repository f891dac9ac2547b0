/** Commands of the world for tests: what the normalizer passed on, told briefly. */
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { WorldCommand } from "../steps/fold.ts";
import { REALM, START_MS } from "./builders.ts";

type Said = Partial<Pick<DecidedCommand, "seats" | "active" | "council" | "weight" | "actor">>;

export const GM: DecidedCommand["actor"] = { type: "gm", id: "gm" };
export const player = (id: string): DecidedCommand["actor"] => ({ type: "player", id });

/** A command that the simulator is to decide, of a game master unless told otherwise; its id is `command-<source_seq>`. */
export function passed<Kind extends WorldCommand["kind"]>(
  kind: Kind,
  payload: Extract<WorldCommand, { kind: Kind }>["payload"],
  source_seq: number,
  { actor = GM, ...more }: Said = {},
): DecidedCommand {
  return {
    v: 1,
    idempotency_key: `key-${source_seq}`,
    realm_id: REALM,
    actor,
    kind,
    payload,
    command_id: `command-${source_seq}`,
    received_at: new Date(START_MS).toISOString(),
    source_seq,
    status: "passed",
    ...more,
  } as unknown as DecidedCommand;
}
