/** What an event counted for, looked up in the logs: the sender of a void does not state it. */
import type { Command } from "../../shared/contracts/command.ts";
import type { Counted } from "../../shared/contracts/voiding.ts";
import type { ApiContext } from "../api/api-context.ts";
import { Refused } from "../api/problems.ts";
import { explain } from "./locate-event.ts";

/**
 * The command; where it voids or restores an event, with what that event counted for. Throws `Refused`: 404 where no such event
 * is known, 409 where it doesn't count, or not yet; `Unavailable` where the logs can't be read now.
 */
export async function withCounted(parts: ApiContext, command: Command): Promise<Command> {
  if (command.kind !== "event.void" && command.kind !== "event.restore") return command;
  parts.assertRealm(command.realm_id);
  const counted = await countedOf(parts, command.realm_id, command.payload.event);
  return { ...command, payload: { ...command.payload, counted } } as Command;
}

async function countedOf({ bus, archive }: ApiContext, realm: string, event: string): Promise<Counted> {
  const found = await explain(bus, archive, realm, event);
  if (!("verdict" in found)) throw new Refused(404, `no event ${event} is known`);
  const decision = found.rows.findLast((row) => row.decision.validity_status === "accepted")?.decision;
  if (decision === undefined)
    throw new Refused(409, `the event counts nothing: it is ${found.verdict.validity_status}`);
  if (found.applied?.status !== "applied")
    throw new Refused(409, "the event waits for its tick: repeat this after it");
  const { device_id, territory_id, relic_id } = decision;
  return {
    user: decision.user_id,
    ...(device_id === undefined ? {} : { device: device_id }),
    faction: decision.faction_id,
    source: decision.source,
    ...(territory_id === undefined ? {} : { territory: territory_id }),
    ...(relic_id === undefined ? {} : { relic: relic_id }),
    normalized: decision.normalized_points,
    applied: found.applied.points,
    day: decision.daily_cap_bucket,
    received_at: decision.received_at,
    source_seq: decision.source_seq,
  };
}
