import fc from "fast-check";
import { expect, test } from "vitest";
import { ownerOf } from "./ownership.ts";

const workers = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 6 });

test("every observer of the same workers names the same owner, in whatever order it knows them", () => {
  fc.assert(
    fc.property(workers, fc.string(), (ids, realm) => {
      expect(ownerOf(realm, [...ids].reverse())).toBe(ownerOf(realm, ids));
    }),
  );
});

test("when a worker goes, only its realms move", () => {
  fc.assert(
    fc.property(workers, fc.string(), (ids, realm) => {
      const [gone, ...rest] = ids;
      const before = ownerOf(realm, ids)!;
      if (before !== gone) expect(ownerOf(realm, rest)).toBe(before);
    }),
  );
});
