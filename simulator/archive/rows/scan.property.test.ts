import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../../ops/testing/fuzz.ts";
import { scanBundle } from "./scan.ts";

const WANTED = new Map([
  ["id", 0],
  ["n", 1],
]);
const value = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom('"', "\\", '\\"', "a\\\\", "},{", "],[", "\t\n", "é\u{1f600}"),
);
const body = fc
  .tuple(fc.dictionary(fc.string(), value, { maxKeys: 6 }), fc.option(value), fc.option(value))
  .map(([rest, id, n]) => ({
    first: 1,
    ...rest,
    ...(id === null ? {} : { id }),
    ...(n === null ? {} : { n }),
  }));

test("a scanned bundle has the bodies, and the wanted fields, that a parser finds", () => {
  fc.assert(
    fc.property(fc.array(body, { minLength: 1, maxLength: 5 }), (bodies) => {
      const bundle = JSON.stringify(bodies);
      const parsed = JSON.parse(bundle) as Record<string, unknown>[];
      const scanned = scanBundle(bundle, WANTED)!;
      expect(scanned.map(({ text }) => text)).toEqual(parsed.map((each) => JSON.stringify(each)));
      for (const [i, { fields }] of scanned.entries())
        for (const [name, place] of WANTED)
          expect(fields[place]).toBe(
            Object.hasOwn(parsed[i]!, name) ? JSON.stringify(parsed[i]![name]) : undefined,
          );
    }),
    { numRuns: runs(2_000) },
  );
});

test("a text that is cut off anywhere, or no list of objects, is left to a parser", () => {
  const bundle = JSON.stringify([{ id: 'a"b\\', n: [1, { x: "]" }] }, { n: 2 }]);
  expect(scanBundle(bundle, WANTED)).toHaveLength(2);
  for (let length = 0; length < bundle.length; length++)
    expect(scanBundle(bundle.slice(0, length), WANTED), bundle.slice(0, length)).toBeUndefined();
  for (const other of [
    "[]",
    "[{}]",
    "{}",
    "[1]",
    '[{"a":1} ]',
    '[{"a":1}]x',
    '[{"a":}]',
    "",
    "null",
    '[{"a":1},]',
  ])
    expect(scanBundle(other, WANTED), other).toBeUndefined();
});
