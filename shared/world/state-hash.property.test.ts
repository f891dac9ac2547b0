import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import { canonical, canonicalHash } from "../exact/canonical.ts";
import { hashState, plainCanonical } from "./state-hash.ts";

const leaf = fc.oneof(fc.maxSafeInteger(), fc.string({ unit: "grapheme" }));
const { state } = fc.letrec((tie) => ({
  state: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie("state"), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: "grapheme" }), tie("state"), { maxKeys: 6 }),
  ),
}));

test("the browser's canonical form of a state is RFC 8785's, and so is its hash", async () => {
  await fc.assert(
    fc.asyncProperty(state, async (value) => {
      expect(plainCanonical(value)).toBe(canonical(value));
      expect(await hashState!(value)).toBe(canonicalHash(value));
    }),
    { numRuns: runs(300) },
  );
});
