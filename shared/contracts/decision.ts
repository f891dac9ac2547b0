/** Decision: the verdict on a candidate, with every factor, cap and reason. The reasons are closed lists. */
import { z } from "zod";
import { ValidCandidate } from "./candidate.ts";
import { Count, Hash, Instant, Thousandths } from "./leaves.ts";

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
  banned: "a game master keeps the user out for a time",
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
  gave_way: "the quarantine was full, and events of users without standing gave way, the oldest first",
} as const;

export type QuarantineReason = keyof typeof QUARANTINE_REASON_TEXT;
export type RejectReason = keyof typeof REJECT_REASON_TEXT;
export const QUARANTINE_REASONS = Object.keys(QUARANTINE_REASON_TEXT) as QuarantineReason[];
export const REJECT_REASONS = Object.keys(REJECT_REASON_TEXT) as RejectReason[];

const reasons = <Reason extends string>(texts: Record<Reason, string>) =>
  z.enum(Object.keys(texts) as [Reason, ...Reason[]]);

/** One cut by a cap, in milli-points. */
export const Clip = z.strictObject({
  by: z.enum(["source", "user_day", "device_day", "faction_burst"]),
  points: Thousandths,
});
export type Clip = z.infer<typeof Clip>;

/** Hits that a key had not yet cooled off, rounded up, before this event. Absent where the event named no such key. */
export const Heat = z.strictObject({
  user_burst: Count,
  user_drip: Count,
  session_burst: Count.exactOptional(),
  device_burst: Count.exactOptional(),
  device_drip: Count.exactOptional(),
  /** How often the device went from hand to hand. */
  device_turns: Count.exactOptional(),
  fingerprint: Count,
});
export type Heat = z.infer<typeof Heat>;

/** What the factors and caps of a decision follow from, in this order: with its names it would be a fifth of a decision's bytes. */
export const Explained = z.tuple([
  Thousandths.describe("base: milli-points before factors, at most the maximum of the source"),
  Count.describe("fine_bp: level of the same action on the same target before it; 10 000 is one hit"),
  Count.describe("coarse_bp: the same of its category and type"),
  Count.describe("categories: of the user's last 24 hours, this one's included"),
  Thousandths.describe("recent: the user's milli-points of 7 day buckets before this one"),
  Thousandths.describe("mean: the realm's, which that is compared with; 0: none yet"),
  Thousandths.describe("left.source: milli-points that the source's cap still leaves after this decision"),
  Thousandths.describe("left.user_day: the same of the user's cap"),
  Thousandths.nullable().describe("left.device_day: the same of the device's; null where none is named"),
]);
export type Explained = z.infer<typeof Explained>;

/**
 * How a decision moves its user in the realm's mean: `joins`, from now on they count on its day; `leaves`, no longer on that earlier
 * day, `YYYY-MM-DD`.
 */
export const MeanMove = z.strictObject({
  joins: z.literal(1).exactOptional(),
  leaves: z.string().exactOptional(),
});
export type MeanMove = z.infer<typeof MeanMove>;

/** What a verdict says besides the candidate and the verdict itself. */
const Judgement = z.strictObject({
  factors: z.strictObject({ quality_bp: Count, anti_spam_bp: Count, fairness_bp: Count }),
  /** Milli-points after factors and caps. Zero unless accepted. */
  normalized_points: Thousandths,
  clipped: z.array(Clip),
  /** `YYYY-MM-DD` of `received_at`, the ruleset's day offset applied. */
  daily_cap_bucket: z.string(),
  ruleset_version: Count,
  /** Absent from what was rejected before it was judged. */
  explain: Explained.exactOptional(),
  /** Where it moves its user in the realm's mean. */
  mean: MeanMove.exactOptional(),
  /** Of a release that counted everybody with points in the mean: with the first points of a day, the day of the ones before, or "". */
  previous_day: z.string().exactOptional(),
  /** Where a heat limit was reached. */
  heat: Heat.exactOptional(),
});

/** The verdicts: what each adds to the candidate and its judgement. */
export const VERDICTS = {
  accepted: z.strictObject({
    validity_status: z.literal("accepted"),
    reason: z.literal("released").exactOptional(),
    /** It bound its user to its faction: they had none, or were free to choose anew. */
    binds: z.literal(1).exactOptional(),
    /** The user's first points in the campaign that it names. */
    campaign_first: z.literal(1).exactOptional(),
  }),
  quarantined: z.strictObject({
    validity_status: z.literal("quarantined"),
    reason: reasons(QUARANTINE_REASON_TEXT),
    /** The user has standing: their event gives way to no other. */
    standing: z.literal(1).exactOptional(),
    error: z.string().exactOptional(),
  }),
  rejected: z.strictObject({ validity_status: z.literal("rejected"), reason: reasons(REJECT_REASON_TEXT) }),
};

export const Judged = z.strictObject({ ...ValidCandidate.shape, ...Judgement.shape });
export type Judged = z.infer<typeof Judged>;
export const Accepted = z.strictObject({ ...Judged.shape, ...VERDICTS.accepted.shape });
export type Accepted = z.infer<typeof Accepted>;
export const Quarantined = z.strictObject({ ...Judged.shape, ...VERDICTS.quarantined.shape });
export type Quarantined = z.infer<typeof Quarantined>;
export const Rejected = z.strictObject({ ...Judged.shape, ...VERDICTS.rejected.shape });
export type Rejected = z.infer<typeof Rejected>;
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
  "forbidden_kind",
] as const;
export type IngestReason = (typeof INGEST_REASONS)[number];

export const IngestRejection = z.strictObject({
  kind: z.enum(["candidate", "command"]),
  reason: z.enum(INGEST_REASONS),
  /** Where in the body, for `schema`: `payload.ruleset.tick_seconds`. */
  path: z.string().exactOptional(),
  message: z.string(),
  /** Of the whole body, lower-case hex. */
  sha256: Hash,
  /** The first 1 KiB of the body as text, NUL escaped. */
  head: z.string(),
  received_at: Instant,
  source_seq: z.int().min(1),
});
export type IngestRejection = z.infer<typeof IngestRejection>;
