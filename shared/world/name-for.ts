/** Names and texts in a reader's language. Pages bundle this file, so it imports no schema. */
import type { Name, Statement } from "../contracts/text.ts";
import type { Language } from "../texts/messages.ts";

/** A name or a text in the language `lang`; one for all languages is the same in each. */
export const nameFor = (name: Name | Statement, lang: Language): string =>
  typeof name === "string" ? name : name[lang];

/** As `nameFor`, in the form that stands within a sentence: "the Freeholds". */
export const theNameFor = (name: Name, lang: Language): string =>
  typeof name !== "string" && lang === "en" ? (name.en_the ?? name.en) : nameFor(name, lang);

/** An id as words, where no name is known: `iron_gate` as "Iron Gate", `age_of_iron` as "Age of Iron". */
export const wordsOf = (id: string): string =>
  id
    .split(/[_-]+/)
    .map((word, i) => (i > 0 && SMALL.has(word) ? word : word.slice(0, 1).toUpperCase() + word.slice(1)))
    .join(" ");
const SMALL = new Set(["a", "an", "and", "at", "in", "of", "on", "the", "to"]);
