/**
 * The words of players and support: one catalogue for the whole product, `vi.json` and `en.json`, in ICU MessageFormat. Sentences are
 * made here, at the edge; ticks and decisions hold typed facts only.
 */
import { IntlMessageFormat } from "intl-messageformat";
import type { Language } from "../contracts/text.ts";
import en from "./en.json" with { type: "json" };
import vi from "./vi.json" with { type: "json" };

export type { Language };
export type InEachLanguage = Record<Language, string>;

export type MessageKey = keyof typeof en & keyof typeof vi;
/** By the names in the message's braces. */
export type Arguments = Readonly<Record<string, string | number>>;

const CATALOGUES: Record<Language, Readonly<Record<MessageKey, string>>> = { vi, en };

/** Messages that were parsed, each with the `Intl` objects that it needs: at most all of both catalogues. */
const parsed = new Map<string, IntlMessageFormat>();

/** Throws where an argument of the message is missing. */
export function message(language: Language, key: MessageKey, given: Arguments = {}): string {
  const place = `${language} ${key}`;
  let format = parsed.get(place);
  if (format === undefined) {
    format = new IntlMessageFormat(CATALOGUES[language][key], language, undefined, { ignoreTag: true });
    parsed.set(place, format);
  }
  return String(format.format(given));
}

/** One message in each language; `given` may differ by language, as names do. */
export const inEachLanguage = (make: (language: Language) => string): InEachLanguage => ({
  vi: make("vi"),
  en: make("en"),
});

/** "a, b and c". */
export const listed = (language: Language, parts: readonly string[]): string => LISTS[language].format(parts);
const LISTS = {
  vi: new Intl.ListFormat("vi", { type: "conjunction" }),
  en: new Intl.ListFormat("en-GB", { type: "conjunction" }),
};

/** Milli-points as points for a message: tenths, floored; thousandths where tenths would say nothing. */
export const inPoints = (milli: number): number =>
  milli > 0 && milli < 100 ? milli / 1_000 : Math.floor(milli / 100) / 10;

/** Basis points as a factor for a message: tenths of a percent, floored. */
export const inTenthsOfPercent = (bp: number): number => Math.floor(bp / 10) / 1_000;
