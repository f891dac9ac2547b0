/** What rules that run beside a realm's own would have decided: the report, as KV `caps` has it under `<realm>.r.shadow`. */
import { z } from "zod";
import { QUARANTINE_REASONS, REJECT_REASONS } from "./decision.ts";
import { Id } from "./ids.ts";
import { Ruleset } from "./ruleset.ts";

const Count = z.int().min(0);

/** What decisions came to. Points in milli-points. */
export const Tallied = z.strictObject({
  /** Accepted as they came; what a review released is counted apart. */
  accepted: Count,
  released: Count,
  quarantined: z.partialRecord(z.enum(QUARANTINE_REASONS), Count),
  rejected: z.partialRecord(z.enum(REJECT_REASONS), Count),
  clipped: z.partialRecord(z.enum(["source", "user_day", "device_day"]), Count),
  points: z.record(Id, Count),
});
export type Tallied = z.infer<typeof Tallied>;

export const ShadowReport = z.strictObject({
  /** `source_seq` of the last candidate or review that is counted. */
  through: Count,
  /** When the shadow was set: `received_at` of its command. */
  since: z.iso.datetime(),
  /** The first 12 digits of the SHA-256 of the ruleset's canonical form: tells two shadows apart. */
  label: z.string(),
  ruleset: Ruleset,
  counts: z.strictObject({
    /** Judged by both. Each side's accepted, quarantined and rejected add up to it. */
    candidates: Count,
    /** Of them, those with another status or reason, and those with other points. */
    verdict_differs: Count,
    points_differ: Count,
    /** Candidates and reviews that made the shadow fail; neither side counts them. */
    errors: Count,
    live: Tallied,
    shadow: Tallied,
  }),
});
export type ShadowReport = z.infer<typeof ShadowReport>;

/** The KV entry: a report, or, once the shadow is cleared, only where it was. */
export const ShadowEntry = z.union([ShadowReport, z.strictObject({ through: Count })]);
