/** The values of hostile input, as the text that JSON has for them: numbers, strings, times, depth. For tests. */
import fc from "fast-check";
import { SOURCES } from "../../shared/contracts/candidate.ts";
import { FUTURE_AFTER_MS, STALE_AFTER_MS } from "../gate/validate.ts";

/** Numbers as JSON writes them, as it must not, and as it can but no integer field may take them. */
const numberText = fc.oneof(
  fc.constantFrom("0", "-0", "-1", "1", "10000", "10001", "0.5", "100.0", "1e2", "1E+2", "1e-7", "1e300"),
  fc.constantFrom("1e999", "-1e999", "9007199254740993", "99999999999999999999999", "-9007199254740993"),
  fc.constantFrom("NaN", "Infinity", "-Infinity", "01", "+1", ".5", "5.", "0x10", "1_000", "１"),
  fc.double().map(String),
  fc.integer().map(String),
);

/** Strings that look like an id, like another one, or like more than one token of a subject. */
export const TRICKS = {
  NUL: "ada\0",
  "a wildcard": "ad*",
  "the wildcard of the rest": ">",
  "a dot": "a.b",
  nothing: "",
  "a line feed at the end": "ada\n",
  "a space": "ada ",
  "full-width letters": "ａｄａ",
  "a combining mark": "ada\u0301",
  "a zero-width space": "a\u200bda",
  "a right-to-left override": "\u202eada",
  "a Cyrillic homoglyph": "аda",
  "the Kelvin sign": "\u212aada",
  "a dotless i": "\u0131da",
  "a byte order mark": "\ufeffada",
  "an emoji": "😀",
  "half of a surrogate pair": "ada\ud83d",
  "the other half": "\ude00ada",
  "U+FFFF": "\uffff",
  __proto__: "__proto__",
  "an upper-case letter outside ASCII": "Ä",
  "a path": "../../etc",
};
/** A string, mostly a wrong one for an id. */
export const trick = fc.oneof(
  fc.constantFrom(...Object.values(TRICKS), "constructor", "toString", "hasOwnProperty", "ada", "empire"),
  fc.constantFrom<string>(...SOURCES, "influence_gain", "relic_claim", "gm", "100", "1e2", "true", "null"),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 140 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  fc.integer({ min: 30, max: 520 }).map((length) => "a".repeat(length)),
  fc.integer({ min: 0, max: 20_000 }).map((length) => "x".repeat(length)),
);

/** Times around the bounds of freshness, and what only resembles RFC 3339. */
export const timeNear = (atMs: number) => {
  const bounds = fc.constantFrom(atMs, atMs - STALE_AFTER_MS, atMs + FUTURE_AFTER_MS);
  const exact = fc
    .tuple(bounds, fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -3_600_000, max: 3_600_000 })))
    .map(([ms, by]) => new Date(ms + by).toISOString());
  const day = new Date(atMs).toISOString().slice(0, 10);
  return fc.oneof(
    { weight: 4, arbitrary: exact },
    exact.map((time) => time.toLowerCase()),
    exact.map((time) => time.replace("Z", "+00:00")),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    fc.constantFrom("yesterday", day, `${day}T24:00:00Z`, `${day}T23:59:60Z`, `${day}T12:00Z`),
    fc.constantFrom(`${day}T12:00:00`, `${day}T12:00:00-00:00`, `${day}T12:00:00+23:59`, `${day} 12:00:00Z`),
    fc.constantFrom(`${day}T12:00:00.${"1".repeat(400)}Z`, "2026-02-30T00:00:00Z", "0000-01-01T00:00:00Z"),
    fc.constantFrom("+002026-01-01T00:00:00Z", "-000001-01-01T00:00:00Z", "２０２６-01-01T00:00:00Z"),
  );
};

/** JSON up to 10 000 levels deep. */
export const deep = fc
  .tuple(fc.constantFrom(["[", "]"], ['{"a":', "}"], ['{"not":', "}"]), fc.integer({ min: 0, max: 10_000 }))
  .map(([[open, close], levels]) => open!.repeat(levels) + (open === "[" ? "" : "1") + close!.repeat(levels));

/** The text of a value, mostly JSON. `atMs`: Unix milliseconds. */
export const valueText = (atMs: number) =>
  fc.oneof(
    { weight: 4, arbitrary: numberText },
    { weight: 4, arbitrary: trick.map((text) => JSON.stringify(text)) },
    { weight: 2, arbitrary: timeNear(atMs).map((text) => JSON.stringify(text)) },
    { weight: 2, arbitrary: fc.constantFrom("null", "true", "false", "{}", "[]", "undefined", "") },
    { weight: 2, arbitrary: fc.json({ maxDepth: 3 }) },
    { weight: 1, arbitrary: deep },
  );
