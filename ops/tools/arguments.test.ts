import { expect, test } from "vitest";
import { readArguments, realmOf, seedsOf, UsageError, wholeNumber } from "./arguments.ts";

test("seeds are one, or all from the first to the last", () => {
  expect(seedsOf("7")).toEqual([7]);
  expect(seedsOf("9..12")).toEqual([9, 10, 11, 12]);
  for (const wrong of ["", "a", "3..1", "1..", "1..2..3", "-1"])
    expect(() => seedsOf(wrong)).toThrow(UsageError);
});

test("a whole number has digits alone and is not below its least", () => {
  expect(wholeNumber("--weeks", "8")).toBe(8);
  expect(wholeNumber("--kills", "0", 0)).toBe(0);
  for (const wrong of ["", "0", "1.5", "-1", "1e3", "8 weeks"])
    expect(() => wholeNumber("--weeks", wrong)).toThrow(
      `--weeks needs a whole number, 1 or more, not ${wrong}`,
    );
  expect(() => wholeNumber("--players", "99", 100)).toThrow("100 or more");
});

test("an unknown option and a name that no realm can have are told in a sentence", () => {
  const wrong = { args: ["--fast"], options: { slow: { type: "boolean" } } } as const;
  expect(() => readArguments(wrong)).toThrow(new UsageError("Unknown option '--fast'; --help tells how"));
  expect(() => realmOf("no realm")).toThrow(UsageError);
});
