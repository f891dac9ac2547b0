/**
 * What a story engine reports of its players for the record alone: which chapter told what of the world, and who was active on a
 * day. Both are archived, unique by player and key, and change nothing of the world.
 */
import { z } from "zod";
import { Id } from "./ids.ts";
import { Count } from "./leaves.ts";

/** Forms of a claim about the world. */
const CLAIM_FORMS = [
  "holds",
  "nobody_holds",
  "fell",
  "carries",
  "leads",
  "rank",
  "contested",
  "band",
  "running",
  "won",
  "lost",
  "open",
  "overextended",
] as const;

const Ref = z.string().regex(/^[A-Za-z0-9_.:-]{1,128}$/);
const Claim = z
  .object({ f: z.enum(CLAIM_FORMS) })
  .catchall(z.union([Ref, z.int()]))
  .refine((claim) => Object.keys(claim).length <= 8, "has at most 8 slots");
/** Where in the chapter's text a fact is told: from and to, UTF-16 code units. */
const Span = z.tuple([Count, Count]).refine(([from, to]) => from <= to, "ends before it begins");

/** A chapter as it was told; a higher `rev` of a chapter replaces the lower ones. */
export const ChapterReceipt = z.strictObject({
  chapter: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$/),
  rev: z.int().min(1).max(1_000_000),
  /** Of the context that the chapter was written from. */
  ticket: z.string().regex(/^[A-Za-z0-9_.~=-]{1,512}$/),
  cites: z.array(z.strictObject({ ref: Ref, span: Span })).max(64),
  claims: z.array(Claim).max(64),
  /** The reader's, 1 to 5. */
  rating: z.int().min(1).max(5).optional(),
});
export type ChapterReceipt = z.infer<typeof ChapterReceipt>;

/** That the player was active on a day; said of players outside the shared world too, with whom it is compared. */
export const DailyActivity = z.strictObject({ day: z.iso.date(), cohort: Id.optional() });
export type DailyActivity = z.infer<typeof DailyActivity>;
