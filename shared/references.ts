import type { Candidate } from "./contracts/candidate.ts";
import type { RealmStatus } from "./contracts/command.ts";
import type { RejectReason } from "./contracts/decision.ts";
import type { Ruleset } from "./contracts/ruleset.ts";

/** Whether the realm takes candidates, and knows everything that this one names. */
export function referenceReason(
  { status, ruleset }: { status: RealmStatus; ruleset: Ruleset },
  candidate: Candidate,
): RejectReason | undefined {
  const { faction_id, territory_id, relic_id, campaign_id } = candidate;
  if (status === "season_end") return "realm_closed";
  if (!Object.hasOwn(ruleset.factions, faction_id)) return "unknown_faction";
  if (territory_id !== undefined && !Object.hasOwn(ruleset.territories, territory_id))
    return "unknown_territory";
  if (relic_id !== undefined && !Object.hasOwn(ruleset.relics, relic_id)) return "unknown_relic";
  if (campaign_id !== undefined) return "unknown_campaign";
  return undefined;
}
