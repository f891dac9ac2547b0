import { sha256 } from "../../shared/canonical.ts";
import type { Candidate } from "../../shared/contracts/candidate.ts";

const FIELDS = [
  "faction_id",
  "device_id",
  "session_id",
  "source",
  "event_type",
  "territory_id",
  "relic_id",
  "campaign_id",
  "action_key",
  "category",
  "base_points",
  "stakes",
  "significance",
  "spend_tier",
  "occurred_at",
] as const satisfies readonly (keyof Candidate)[];

/**
 * What was asked under a key, 64 bits in hex: the same for a repeated request, another for another request under that key.
 * No field can hold a line feed, so joining by it is unambiguous.
 */
export function contentHash(candidate: Candidate): string {
  let content = "";
  for (const field of FIELDS) content += `${candidate[field] ?? ""}\n`;
  return sha256(content).slice(0, 16);
}
