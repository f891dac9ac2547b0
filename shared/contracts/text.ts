/**
 * Text and JSON without a schema of their own, as they may enter the log. JSON can hold what no process behind the gate can store:
 * Postgres refuses NUL, half of a surrogate pair has no canonical form, so no state with it has a hash, and what is nested
 * some thousand levels deep can be read but not written again.
 */
import { z } from "zod";

const isText = (text: string): boolean => text.isWellFormed() && !text.includes("\0");

/** Words for people, at most `max` UTF-16 code units. */
export const Text = (max: number) =>
  z.string().max(max).refine(isText, "must not hold NUL or half of a surrogate pair");

/** The languages that players read. */
export const Language = z.enum(["vi", "en"]);
export type Language = z.infer<typeof Language>;

/** A name or a title: one for all languages, or one for each. `en_the`: the English one in a sentence, "the Freeholds". */
const named = <T extends z.ZodType<string>>(text: T) =>
  z.union([Text(64).min(1), z.strictObject({ vi: text, en: text, en_the: text.exactOptional() })]);

const NameText = Text(40)
  .regex(/^[\p{L}\p{N}][\p{L}\p{M}\p{N} '’-]*$/u)
  .refine((text) => text === text.normalize("NFC"), "must be in Unicode's composed form (NFC)");

/** What people call a thing; in both languages it is of letters, digits, spaces, apostrophes and hyphens. */
export const Name = named(NameText);
export type Name = z.infer<typeof Name>;

/** What people call a campaign. Unlike a name it may hold any text. */
export const Title = named(Text(64).min(1));

/** What people read of a proposal: in one language for all, or in both. */
export const Statement = z.union([
  Text(200).min(1),
  z.strictObject({ vi: Text(200).min(1), en: Text(200).min(1) }),
]);
export type Statement = z.infer<typeof Statement>;

const MAX_LEVELS = 16;

/** An object of any fields, at most 16 levels deep; its numbers are finite, and its texts and keys are text as above. */
export const FreeObject = z
  .looseObject({})
  .refine((object) => isPlain(object, MAX_LEVELS), `must be at most ${MAX_LEVELS} levels of plain JSON`);

function isPlain(value: unknown, levels: number): boolean {
  if (typeof value === "string") return isText(value);
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  return (
    levels > 0 && Object.entries(value).every(([key, inner]) => isText(key) && isPlain(inner, levels - 1))
  );
}
