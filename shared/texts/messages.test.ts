import { globSync, readFileSync } from "node:fs";
import { IntlMessageFormat } from "intl-messageformat";
import { expect, test } from "vitest";
import { QUARANTINE_REASONS, REJECT_REASONS } from "../contracts/decision.ts";
import en from "./en.json" with { type: "json" };
import { inPoints, inTenthsOfPercent, type MessageKey, message } from "./messages.ts";
import vi from "./vi.json" with { type: "json" };

const KEYS = Object.keys(en) as MessageKey[];

test("every message is in both languages", () => {
  expect(Object.keys(vi).sort()).toEqual(Object.keys(en).sort());
});

/** The arguments of a message and the words that a choice is made by, as `status: resolved`; plurals differ by language. */
function argumentsOf(text: string): string[] {
  const found = new Set<string>();
  const walk = (part: unknown): void => {
    if (typeof part !== "object" || part === null) return;
    const { type, value, options, pluralType } = part as Record<string, unknown>;
    if (typeof type === "number" && type !== 0 && typeof value === "string") found.add(value);
    if (options !== undefined && pluralType === undefined)
      for (const option of Object.keys(options as object)) found.add(`${value}: ${option}`);
    for (const inner of Object.values(part)) walk(inner);
  };
  walk(new IntlMessageFormat(text, "en", undefined, { ignoreTag: true }).getAst());
  return [...found].sort();
}

test.each(KEYS)("%s takes the same arguments in both languages, and makes a sentence of them", (key) => {
  expect(argumentsOf(vi[key])).toEqual(argumentsOf(en[key]));
  const given = Object.fromEntries(argumentsOf(en[key]).map((name) => [name, 1]));
  for (const language of ["vi", "en"] as const) {
    expect(message(language, key, given)).not.toMatch(/[{}]/);
    expect(message(language, key, given).trim()).not.toBe("");
  }
});

test("a missing argument throws instead of leaving a hole", () => {
  expect(() => message("en", "notice.flip.major", { territory: "Iron Gate" })).toThrow(/faction/);
});

/** Texts of the code that name a message, or with `${…}` several: literals of words with dots between them. */
function keysInCode(): RegExp[] {
  const files = globSync("{ingest,normalizer,simulator,broadcaster,shared}/**/*.{ts,tsx}", {
    cwd: new URL("../../", import.meta.url),
  }).filter((file) => !file.includes(".test."));
  const literals = files.flatMap((file) => {
    const code = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
    return [...code.matchAll(/["`]([a-z]+(?:\.(?:\w+|\$\{[^}]+\}))+)["`]/g)].map(([, literal]) => literal!);
  });
  return [...new Set(literals)].map(
    (literal) => new RegExp(`^${literal.replaceAll(".", "\\.").replaceAll(/\$\{[^}]+\}/g, "\\w+")}$`),
  );
}

test("every message is used", () => {
  const used = keysInCode();
  expect(KEYS.filter((key) => !used.some((each) => each.test(key)))).toEqual([]);
});

test.each([
  ["quarantined", QUARANTINE_REASONS],
  ["rejected", REJECT_REASONS],
])("what is said of %s events are just the reasons that there are", (verdict, reasons) => {
  const said = KEYS.filter((key) => key.startsWith(`${verdict}.`));
  expect(said.sort()).toEqual(reasons.map((reason) => `${verdict}.${reason}`).sort());
});

test("numbers are written as each language writes them, one of a thing in the singular", () => {
  expect(message("en", "explain.brought", { points: 1 })).toBe("Your action earned 1 point");
  expect(message("en", "explain.brought", { points: 1_234.5 })).toBe("Your action earned 1,234.5 points");
  expect(message("vi", "explain.brought", { points: 1_234.5 })).toBe(
    "Hành động của bạn mang lại 1.234,5 điểm",
  );
});

test("points are tenths, floored, and thousandths where tenths would say nothing", () => {
  expect([0, 7, 99, 100, 122_000, 81_399].map(inPoints)).toEqual([0, 0.007, 0.099, 0.1, 122, 81.3]);
  expect([10_000, 12_200, 6_666].map(inTenthsOfPercent)).toEqual([1, 1.22, 0.666]);
});
