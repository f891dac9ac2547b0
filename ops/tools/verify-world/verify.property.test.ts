import fc from "fast-check";
import { expect, test } from "vitest";
import type { TickRecord } from "../../../shared/contracts/world.ts";
import { canonical, canonicalHash } from "../../../shared/exact/canonical.ts";
import { histories } from "../../../simulator/testing/arbitraries.ts";
import { play, started } from "../../../simulator/testing/builders.ts";
import { runs } from "../../testing/fuzz.ts";
import { type Break, ChainCheck, canonicalForm } from "./verify.ts";

/** The records of a realm that the real core has played. */
const chains = histories(8).map(({ rules, intervals }) => {
  const first = started(rules);
  return structuredClone([first.record, ...play(first, intervals).map(({ record }) => record)]);
});

function check(records: readonly unknown[]): Break | undefined {
  const chain = new ChainCheck();
  for (const record of records) {
    const broken = chain.take(record);
    if (broken !== undefined) return broken;
  }
  return undefined;
}

/** The record with its hash made right again, as a forger would leave it. */
const sealed = ({ hash: _, ...content }: TickRecord): TickRecord => ({
  ...content,
  hash: canonicalHash(content),
});

test("the canonical form is RFC 8785's, as its author's library has it", () => {
  const leaf = fc.oneof(fc.maxSafeInteger(), fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }));
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(fc.string({ unit: "binary" }), tie("value"), { maxKeys: 5 }),
    ),
  })).value;
  fc.assert(
    fc.property(value, (any) => {
      if (Object.is(any, -0)) return;
      const text = JSON.stringify(any);
      fc.pre(!/:-0|^-0|\[-0|,-0/.test(text) && !hasMinusZero(any));
      expect(canonicalForm(any)).toBe(canonical(any));
    }),
    { numRuns: runs(200) },
  );
});

const hasMinusZero = (value: unknown): boolean =>
  Object.is(value, -0) ||
  (typeof value === "object" && value !== null && Object.values(value).some(hasMinusZero));

test("what the core leaves of any history holds", () => {
  fc.assert(
    fc.property(chains, (records) => {
      expect(check(records)).toBeUndefined();
      expect(check(records.slice(1))).toBeUndefined();
    }),
    { numRuns: runs(50) },
  );
});

const FIELDS = [
  "tick",
  "kind",
  "from_seq",
  "through_seq",
  "at",
  "engine",
  "ruleset_version",
  "prev_hash",
  "public_hash",
  "private_hash",
  "hash",
] as const;

test("any change to any field breaks the chain at its tick", () => {
  fc.assert(
    fc.property(chains, fc.nat(), fc.constantFrom(...FIELDS), (records, which, field) => {
      const at = which % records.length;
      const before = records[at]![field];
      Object.assign(records[at]!, { [field]: typeof before === "number" ? before + 1 : `${before}0` });
      expect(check(records)).toMatchObject(field === "tick" ? {} : { tick: at });
    }),
    { numRuns: runs(100) },
  );
});

test("a record that was forged with its hash breaks the link of the next tick", () => {
  fc.assert(
    fc.property(chains, fc.nat(), (records, which) => {
      fc.pre(records.length > 1);
      const at = which % (records.length - 1);
      records[at] = sealed({ ...records[at]!, public_hash: "f".repeat(64) });
      expect(check(records)).toMatchObject({ tick: at + 1, field: "prev_hash" });
    }),
    { numRuns: runs(50) },
  );
});

test("a record that is left out, or comes twice, is named", () => {
  fc.assert(
    fc.property(chains, fc.nat(), fc.boolean(), (records, which, twice) => {
      fc.pre(records.length > 2);
      const at = 1 + (which % (records.length - 2));
      if (twice) records.splice(at, 0, records[at]!);
      else records.splice(at, 1);
      expect(check(records)).toMatchObject({ tick: twice ? at : at + 1, field: "tick" });
    }),
    { numRuns: runs(50) },
  );
});

test("events that are skipped between two ticks are found though every hash is right", () => {
  fc.assert(
    fc.property(chains, (records) => {
      fc.pre(records.length > 2);
      const [zero, one, two] = records as [TickRecord, TickRecord, TickRecord];
      const forged = sealed({ ...two, from_seq: two.from_seq + 1, prev_hash: one.hash });
      expect(check([zero, one, forged])).toMatchObject({ tick: 2, field: "from_seq" });
    }),
    { numRuns: runs(50) },
  );
});

test("what is no record is refused by its field", () => {
  for (const odd of [null, 7, "x", [], {}]) expect(check([odd])).toMatchObject({ tick: 0 });
  expect(check([null])).toMatchObject({ field: "record" });
  expect(() => canonicalForm({ a: [1.5] })).toThrow("a.0 is neither an integer nor a string");
  expect(() => canonicalForm({ a: "\ud800" })).toThrow("a holds half of a surrogate pair");
});
