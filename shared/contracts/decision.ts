/** Decision: the verdict on a candidate, with every factor, cap and reason. The reasons are closed lists. */
import type { ValidCandidate } from "./candidate.ts";

export const QUARANTINE_REASONS = [
  "burst_user",
  "burst_session",
  "burst_device",
  "drip_user",
  "drip_device",
  "fingerprint",
  "clockwork",
  "device_crowd",
  "stage_error",
] as const;

export const REJECT_REASONS = [
  "realm_closed",
  "unknown_faction",
  "unknown_territory",
  "unknown_relic",
  "unknown_campaign",
  "not_a_member",
  "faction_mismatch",
  "duplicate",
  "key_conflict",
  "velocity_user",
  "velocity_session",
  "velocity_device",
  "quarantine_full",
  "review_rejected",
  "review_expired",
] as const;

export type QuarantineReason = (typeof QUARANTINE_REASONS)[number];
export type RejectReason = (typeof REJECT_REASONS)[number];

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

export type Accepted = Judged & { validity_status: "accepted"; reason?: "released" };
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
