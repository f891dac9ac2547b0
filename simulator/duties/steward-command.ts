/** The commands that the steward sends. */
import type { Command } from "../../shared/contracts/command.ts";

const STEWARD: Command["actor"] = { type: "system", id: "steward" };

export const isSteward = ({ actor }: Pick<Command, "actor">): boolean =>
  actor.type === STEWARD.type && actor.id === STEWARD.id;

/** A command of the steward's; RAW and the normalizer know its key if it was said before. */
export const stewardCommand = <Kind extends Command["kind"]>(
  realm_id: string,
  kind: Kind,
  idempotency_key: string,
  payload: Extract<Command, { kind: Kind }>["payload"],
) => ({ v: 1, idempotency_key, realm_id, kind, actor: STEWARD, payload }) as Extract<Command, { kind: Kind }>;
