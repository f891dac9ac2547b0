import type { Candidate } from "../contracts/candidate.ts";
import type { RejectReason } from "../contracts/decision.ts";
import type { Ruleset } from "../contracts/ruleset.ts";
import { type Admission, isClosed } from "./admission.ts";

/** Whether the realm takes candidates, and knows everything that this one names. */
export function referenceReason(
  realm: Admission & { ruleset: Ruleset },
  candidate: Candidate,
): RejectReason | undefined {
  const { ruleset, campaigns } = realm;
  const { faction_id, territory_id, relic_id, campaign_id } = candidate;
  if (isClosed(realm)) return "realm_closed";
  if (!Object.hasOwn(ruleset.factions, faction_id)) return "unknown_faction";
  if (territory_id !== undefined && !Object.hasOwn(ruleset.territories, territory_id))
    return "unknown_territory";
  if (relic_id !== undefined && !Object.hasOwn(ruleset.relics, relic_id)) return "unknown_relic";
  if (campaign_id !== undefined && !Object.hasOwn(campaigns, campaign_id)) return "unknown_campaign";
  return undefined;
}
