/**
 * What makes two actions alike, from coarse to exact, each as 32 bits: FNV-1a (Fowler, Noll, Vo 1991) over the code units of the
 * fields. A player has at most 32 of a kind, so two that collide are one in a hundred million; they would share their heat, the
 * same in every replay.
 */

import type { Candidate, ValidCandidate } from "../../shared/contracts/candidate.ts";
import type { Quarantined } from "../../shared/contracts/decision.ts";
import { sha256 } from "../../shared/exact/canonical.ts";

export type Fingerprints = {
  /** The same action on the same target. */
  fine: number;
  /** The same kind of play. */
  coarse: number;
  /** The same to the last number. */
  fingerprint: number;
  /**
   * Everything that was asked under a key: tells a repeat of a known key from another request under it. A collision would only
   * make the answer `duplicate` where it could be `key_conflict`, and neither counts.
   */
  content: number;
};

const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;
/** Ends a field; no field can hold it. */
const FIELD_END = 10;

function mixed(mark: number, field: string | undefined): number {
  let mixing = mark;
  if (field !== undefined)
    for (let i = 0; i < field.length; i++) mixing = Math.imul(mixing ^ field.charCodeAt(i), PRIME);
  return Math.imul(mixing ^ FIELD_END, PRIME);
}

/** A number is one step: it is told apart from text by its place. */
const mixedNumber = (mark: number, field: number): number =>
  Math.imul(Math.imul(mark ^ field, PRIME) ^ FIELD_END, PRIME);

/** The fields that marks are made of. */
type Action = Pick<
  ValidCandidate,
  | "action_key"
  | "event_type"
  | "territory_id"
  | "relic_id"
  | "campaign_id"
  | "category"
  | "source"
  | "base_points"
  | "stakes"
  | "significance"
  | "spend_tier"
  | "faction_id"
  | "device_id"
  | "session_id"
  | "occurred_at"
>;

let marked: Action | undefined;
let marks: Fingerprints;

/** A decision asks again what its candidate asked, with the very same strings. */
const asks = (a: Action, b: Action): boolean =>
  a.occurred_at === b.occurred_at &&
  a.stakes === b.stakes &&
  a.significance === b.significance &&
  a.base_points === b.base_points &&
  a.action_key === b.action_key &&
  a.event_type === b.event_type &&
  a.territory_id === b.territory_id &&
  a.relic_id === b.relic_id &&
  a.campaign_id === b.campaign_id &&
  a.category === b.category &&
  a.source === b.source &&
  a.spend_tier === b.spend_tier &&
  a.faction_id === b.faction_id &&
  a.device_id === b.device_id &&
  a.session_id === b.session_id;

/** The marks of a candidate or of its decision; those made last are kept, since the one follows the other. */
export function fingerprintsOf(action: Action): Fingerprints {
  if (marked !== undefined && asks(marked, action)) return marks;
  const target = action.territory_id ?? action.relic_id;
  const fine = mixed(mixed(mixed(OFFSET, action.action_key), action.event_type), target);
  const coarse = mixed(mixed(OFFSET, action.category), action.event_type);
  const fingerprint = mixedNumber(
    mixedNumber(mixedNumber(fine, action.base_points), action.stakes),
    action.significance,
  );
  let content = mixed(mixed(fingerprint, action.category), action.source);
  content = mixed(mixed(mixed(content, action.faction_id), action.device_id), action.session_id);
  content = mixed(mixed(mixed(content, action.territory_id), action.relic_id), action.campaign_id);
  content = mixed(mixedNumber(content, action.spend_tier ?? -1), action.occurred_at);
  marked = action;
  marks = { fine, coarse, fingerprint, content };
  return marks;
}

const DIGITS = "abcdefghijklmnopqrstuvwxyz234567";
const DIGIT_OF = new Map([...DIGITS].map((char, i) => [char.charCodeAt(0), i]));

/** The first 50 bits of an event's id, which is a hash already: enough among a player's 512, and a tenth of its bytes. */
export function eventFingerprint(id: string): number {
  let mark = 0;
  for (let i = 0; i < 10; i++) mark = mark * 32 + (DIGIT_OF.get(id.charCodeAt(i)) ?? 0);
  return mark;
}

/** SHA-256 of a quarantined event with its factors, hex: what a review embeds is what was quarantined. */
export function quarantineHash({ factors, ...c }: Pick<Quarantined, "factors"> & Candidate): string {
  const { quality_bp, anti_spam_bp, fairness_bp } = factors;
  const content = [
    ...[c.realm_id, c.user_id, c.idempotency_key, c.faction_id, c.device_id, c.session_id, c.source],
    ...[c.event_type, c.territory_id, c.relic_id, c.campaign_id, c.action_key, c.category, c.base_points],
    ...[c.stakes, c.significance, c.spend_tier, c.occurred_at, quality_bp, anti_spam_bp, fairness_bp],
  ];
  return sha256(content.map((field) => `${field ?? ""}\n`).join(""));
}
