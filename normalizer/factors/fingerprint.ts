import { sha256 } from "../../shared/canonical.ts";
import type { Candidate } from "../../shared/contracts/candidate.ts";

/**
 * What was asked under a key, 64 bits in hex: the same for a repeated request, another for another request under that key.
 * No field can hold a line feed, so joining by it is unambiguous.
 */
export function contentHash(candidate: Candidate): string {
  const c = candidate;
  return sha256(
    `${c.faction_id}\n${c.device_id ?? ""}\n${c.session_id ?? ""}\n${c.source}\n${c.event_type}\n` +
      `${c.territory_id ?? ""}\n${c.relic_id ?? ""}\n${c.campaign_id ?? ""}\n${c.action_key}\n${c.category}\n` +
      `${c.base_points}\n${c.stakes}\n${c.significance}\n${c.spend_tier ?? ""}\n${c.occurred_at}\n`,
  ).slice(0, 16);
}
