import { sha256 } from "../../shared/canonical.ts";
import type { Candidate } from "../../shared/contracts/candidate.ts";
import type { Quarantined } from "../../shared/contracts/decision.ts";

/** Everything that a story engine says of an action, in one text. No field can hold a line feed. */
const contentOf = (c: Candidate): string =>
  `${c.faction_id}\n${c.device_id ?? ""}\n${c.session_id ?? ""}\n${c.source}\n${c.event_type}\n` +
  `${c.territory_id ?? ""}\n${c.relic_id ?? ""}\n${c.campaign_id ?? ""}\n${c.action_key}\n${c.category}\n` +
  `${c.base_points}\n${c.stakes}\n${c.significance}\n${c.spend_tier ?? ""}\n${c.occurred_at}\n`;

/** SHA-256 of a quarantined event with its factors, hex: what a review embeds is what was quarantined. */
export function quarantineHash({ factors, ...candidate }: Pick<Quarantined, "factors"> & Candidate): string {
  const { realm_id, user_id, idempotency_key } = candidate;
  const { quality_bp, anti_spam_bp, fairness_bp } = factors;
  return sha256(
    `${realm_id}\n${user_id}\n${idempotency_key}\n${contentOf(candidate)}${quality_bp}\n${anti_spam_bp}\n${fairness_bp}\n`,
  );
}

/**
 * 32 bits of it, to tell a repeat of a known key from another request under it. FNV-1a (Fowler, Noll, Vo 1991) over code units:
 * a collision only makes the answer `duplicate` where it could be `key_conflict`, and neither counts.
 */
export function contentMark(candidate: Candidate): number {
  const content = contentOf(candidate);
  let mark = 0x811c9dc5;
  for (let i = 0; i < content.length; i++) mark = Math.imul(mark ^ content.charCodeAt(i), 0x01000193);
  return mark;
}
