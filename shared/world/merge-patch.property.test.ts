import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import { apply, diff } from "./merge-patch.ts";

/** Keys that a careless implementation loses. */
const key = fc.constantFrom("a", "b", "constructor", "__proto__", "toString", "");
const leaf = fc.oneof(fc.integer(), fc.string({ maxLength: 3 }), fc.array(fc.integer(), { maxLength: 2 }));
/** Objects as the state has them, without null; a key may change between a leaf and an object. */
const { object } = fc.letrec<{ object: Record<string, unknown>; value: unknown }>((tie) => ({
  object: fc.dictionary(key, tie("value"), { maxKeys: 4 }),
  value: fc.oneof({ depthSize: "small" }, leaf, tie("object")),
}));

test("the patch from one state to another makes the other of the one", () => {
  fc.assert(
    fc.property(object, object, (from, to) => {
      const patch = JSON.parse(JSON.stringify(diff(from, to)));
      expect(JSON.stringify(sorted(apply(from, patch)))).toBe(JSON.stringify(sorted(to)));
    }),
    { numRuns: runs(1_000) },
  );
});

test("equal states differ by an empty patch, and neither argument is changed", () => {
  fc.assert(
    fc.property(object, object, (from, to) => {
      const [fromBytes, toBytes] = [JSON.stringify(from), JSON.stringify(to)];
      expect(diff(from, structuredClone(from))).toEqual({});
      apply(from, diff(from, to));
      expect([JSON.stringify(from), JSON.stringify(to)]).toEqual([fromBytes, toBytes]);
    }),
    { numRuns: runs(300) },
  );
});

/** Of the examples in RFC 7396's appendix those whose patch and target are objects, and one that makes an object. */
test.each([
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: "b", c: null }, { a: "b" }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])("%j patched with %j is %j", (target, patch, result) => {
  expect(apply(target, patch)).toEqual(result);
});

test("a patch names what changed and nothing else", () => {
  expect(diff({ a: { b: 1, c: 2 }, d: 3, e: 4 }, { a: { b: 1, c: 5 }, e: 4, f: {} })).toEqual({
    a: { c: 5 },
    d: null,
    f: {},
  });
});

/** With keys in order, since a patch may change it and the canonical form does not care. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, inner]) => [id, sorted(inner)]);
}
