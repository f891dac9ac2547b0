/** The steward's rejections: what was open for as long as the ruleset allows, and what gives way in a full quarantine. Pure. */
import type { Command } from "../../shared/contracts/command.ts";
import type { Quarantined } from "../../shared/contracts/decision.ts";
import { DAY_MS } from "../../shared/judgement/day.ts";
import type { Quarantine } from "../../shared/quarantine/quarantine.ts";
import { stewardCommand } from "./steward-command.ts";

/** `nowMs`: Unix milliseconds. */
export function dueRejections(
  { open, ruleset }: Pick<Quarantine, "open" | "ruleset">,
  realm: string,
  nowMs: number,
): Command[] {
  if (ruleset === undefined) return [];
  const { days, realm_max } = ruleset.judgement.quarantine;
  const lastMs = nowMs - days * DAY_MS;
  const due: Command[] = [];
  // Oldest first: what comes after this one is younger still.
  for (const decision of open.values()) {
    if (Date.parse(decision.received_at) > lastMs) break;
    due.push(rejectionOf(decision, realm));
  }
  let beyond = open.size - due.length - realm_max;
  if (beyond <= 0) return due;
  for (const decision of open.values()) {
    if (beyond === 0) break;
    if (decision.standing === 1 || Date.parse(decision.received_at) <= lastMs) continue;
    due.push(rejectionOf(decision, realm, { gave_way: 1 }));
    beyond--;
  }
  return due;
}

/** An event that comes back under its key after it was reviewed is quarantined anew, hence its place in RAW. */
const rejectionOf = (decision: Quarantined, realm: string, why: { gave_way?: 1 } = {}): Command =>
  stewardCommand(realm, "review.reject", `review.expire.${decision.event_id}.${decision.source_seq}`, {
    event: decision.event_id,
    decision,
    ...why,
  });
