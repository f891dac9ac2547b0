/** Impact candidate: one player action that may matter to the world, as the story engine sends it. */
import { z } from "zod";
import { AccountId, ActionKey, BasisPoints, ContentId, Id, IdempotencyKey } from "./ids.ts";
import { Instant } from "./leaves.ts";

export const SOURCES = [
  "chapter_outcome",
  "combat_milestone",
  "faction_quest",
  "rare_discovery",
  "campaign_participation",
] as const;
export type Source = (typeof SOURCES)[number];
export const CATEGORIES = ["combat", "explore", "social"] as const;

/** Largest candidate on `impact.raw`, in bytes. */
export const MAX_CANDIDATE_BYTES = 16 * 1024;

/** The place that an event type moves and that its candidate doesn't name. */
export function missingTarget(candidate: {
  event_type: string;
  territory_id?: string | undefined;
  relic_id?: string | undefined;
}): "territory_id" | "relic_id" | undefined {
  if (candidate.event_type === "territory_push" && candidate.territory_id === undefined)
    return "territory_id";
  if (candidate.event_type === "relic_claim" && candidate.relic_id === undefined) return "relic_id";
  return undefined;
}

/** RFC 3339, whose `T` and `Z` may be small letters; longer than any clock is exact it says nothing more. */
const OccurredAt = z
  .string()
  .max(40)
  .regex(
    new RegExp(
      z.core.regexes
        .datetime({ offset: true })
        .source.replace("T(?:", "[Tt](?:")
        .replace("(?:Z|", "(?:[Zz]|"),
    ),
    "is not a time as RFC 3339 writes it: 2026-03-01T10:00:00+07:00",
  )
  .meta({ format: "date-time" });

/** When a candidate says that it happened, Unix milliseconds. */
export const occurredMs = ({ occurred_at }: { occurred_at: string }): number =>
  Date.parse(occurred_at.toUpperCase());

const sent = {
  v: z.literal(1),
  idempotency_key: IdempotencyKey,
  realm_id: Id,
  faction_id: Id,
  user_id: AccountId,
  device_id: AccountId.optional(),
  session_id: AccountId.optional(),
  source: z.enum(SOURCES),
  event_type: z.enum(["influence_gain", "territory_push", "relic_claim"]),
  territory_id: Id.optional(),
  relic_id: Id.optional(),
  campaign_id: Id.optional(),
  action_key: ActionKey,
  category: z.enum(CATEGORIES),
  base_points: z.int().min(1).max(10_000),
  stakes: BasisPoints,
  significance: BasisPoints,
  spend_tier: z.int().min(0).max(3).optional(),
  occurred_at: OccurredAt,
};
export const Candidate = z.strictObject(sent).superRefine((candidate, context) => {
  const path = missingTarget(candidate);
  if (path !== undefined)
    context.addIssue({ code: "custom", path: [path], message: `${candidate.event_type} needs it` });
});
export type Candidate = z.infer<typeof Candidate>;

/** What ingest adds to everything it lets through. */
const Received = z.strictObject({
  /** Candidates: `event_id`; commands carry `command_id` instead. */
  event_id: ContentId,
  /** RAW's timestamp, made never to decrease; RFC 3339 with milliseconds. */
  received_at: Instant,
  /** Sequence in RAW. */
  source_seq: z.int().min(1),
});

/** A candidate that ingest let through: what the normalizer judges. */
export const ValidCandidate = z.strictObject({ ...sent, ...Received.shape });
export type ValidCandidate = z.infer<typeof ValidCandidate>;
