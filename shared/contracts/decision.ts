/** Decision: the verdict on a candidate, with every factor, cap and reason. The reasons are closed lists. */
import type { ValidCandidate } from "./candidate.ts";

/** Why an event waits for a person: it counts nothing until it is released. Each reason with what it says of the event. */
export const QUARANTINE_REASON_TEXT = {
  burst_user: "the user did more within minutes than people do",
  burst_session: "the session did more within minutes than people do",
  burst_device: "the device did more within minutes than the people on it do",
  drip_user: "the user has kept on acting for longer than people do",
  drip_device: "the device has been acted on for longer than people do",
  fingerprint: "the user repeated one action to the last number",
  clockwork: "the user's last nine events came at intervals as even as a clock's",
  device_crowd: "more users played on the device within 7 days than an internet café has",
  stage_error: "judging it failed: the decision's `error` says how",
} as const;

/** Why an event counts nothing, for good. */
export const REJECT_REASON_TEXT = {
  realm_closed: "the season is over",
  unknown_faction: "the ruleset has no such faction",
  unknown_territory: "the ruleset has no such territory",
  unknown_relic: "the ruleset has no such relic",
  unknown_campaign: "no such campaign is open",
  not_a_member: "the realm assigns factions, and the user has none yet",
  faction_mismatch: "the user belongs to another faction",
  duplicate: "the key counted already, for the same action",
  key_conflict: "the key counted already, for another action",
  velocity_user: "the user acts faster than any person, or remembers too many keys",
  velocity_session: "the session acts faster than any person",
  velocity_device: "the device is acted on faster than by any people",
  quarantine_full: "it was to be quarantined, and the user or the realm has too many open",
  review_rejected: "a game master rejected it",
  review_expired: "nobody reviewed it in time",
} as const;

export type QuarantineReason = keyof typeof QUARANTINE_REASON_TEXT;
export type RejectReason = keyof typeof REJECT_REASON_TEXT;
export const QUARANTINE_REASONS = Object.keys(QUARANTINE_REASON_TEXT) as QuarantineReason[];
export const REJECT_REASONS = Object.keys(REJECT_REASON_TEXT) as RejectReason[];

/** One cut by a cap, in milli-points. */
export type Clip = { by: "source" | "user_day" | "device_day" | "faction_burst"; points: number };

/** Hits that a key had not yet cooled off, rounded up, before this event. Absent where the event named no such key. */
export type Heat = {
  user_burst: number;
  user_drip: number;
  session_burst?: number;
  device_burst?: number;
  device_drip?: number;
  /** How often the device went from hand to hand. */
  device_turns?: number;
  fingerprint: number;
};

/** What the factors and caps of a decision follow from. Points in milli-points. */
export type Explanation = {
  /** Before factors: `base_points`, at most the maximum of its source. */
  base: number;
  /** Levels of the same action on the same target, and of its category and type, before it; 10 000 is one hit. */
  fine_bp: number;
  coarse_bp: number;
  /** Categories of the user's last 24 hours, this one's included. */
  categories: number;
  /** The user's points of 7 day buckets before this one, and the realm's mean that they are compared with; 0: none yet. */
  recent: number;
  mean: number;
  /** What the caps still leave after this decision. */
  left: { source: number; user_day: number; device_day?: number };
  /** With the user's first points of a day: the day of the ones before, or "" where none is remembered. */
  previous_day?: string;
  /** Where a heat limit was reached. */
  heat?: Heat;
};

export type Judged = ValidCandidate & {
  factors: { quality_bp: number; anti_spam_bp: number; fairness_bp: number };
  /** Milli-points after factors and caps. Zero unless accepted. */
  normalized_points: number;
  clipped: Clip[];
  /** `YYYY-MM-DD` of `received_at`, the ruleset's day offset applied. */
  daily_cap_bucket: string;
  ruleset_version: number;
  /** Absent from what was rejected before it was judged. */
  explain?: Explanation;
};

export type Accepted = Judged & {
  validity_status: "accepted";
  reason?: "released";
  /** The user's first points in the campaign that it names. */
  campaign_first?: 1;
};
export type Quarantined = Judged & {
  validity_status: "quarantined";
  reason: QuarantineReason;
  error?: string;
};
export type Rejected = Judged & { validity_status: "rejected"; reason: RejectReason };
export type Decision = Accepted | Quarantined | Rejected;

/** What ingest refuses, on `impact.rejected.<realm>`. */
export const INGEST_REASONS = [
  "too_large",
  "not_json",
  "schema",
  "realm_mismatch",
  "stale",
  "future",
  "unknown_command",
] as const;
export type IngestReason = (typeof INGEST_REASONS)[number];

export type IngestRejection = {
  kind: "candidate" | "command";
  reason: IngestReason;
  /** Where in the body, for `schema`: `payload.ruleset.tick_seconds`. */
  path?: string;
  message: string;
  /** Of the whole body, lower-case hex. */
  sha256: string;
  /** The first 1 KiB of the body as text, NUL escaped. */
  head: string;
  received_at: string;
  source_seq: number;
};
