import fc from "fast-check";
import { expect, test } from "vitest";
import { type Delivered, noticesOf, refusedLicences } from "./notices.ts";

const given = (name: string, over: Partial<Delivered> = {}): Delivered => ({
  name,
  version: "1.0.0",
  licence: "MIT",
  texts: [`Copyright of ${name}`],
  ...over,
});

test.each(["GPL-3.0-only", "AGPL-3.0-or-later", "LGPL-2.1", "SEE LICENSE IN LICENSE", "(MIT OR GPL-2.0)"])(
  "the licence %s is refused by name",
  (licence) => {
    const refused = refusedLicences([given("kind"), given("greedy", { licence })]);
    expect(refused).toEqual([expect.stringContaining(`greedy 1.0.0 has the licence ${licence}`)]);
  },
);

test("a package without a licence is refused", () => {
  expect(refusedLicences([given("silent", { licence: undefined })])).toEqual([
    "silent 1.0.0 names no licence: choose another package",
  ]);
});

test("the notices do not depend on the order of the packages, nor on one that is there twice", () => {
  const packages = ["a", "b", "c", "d"].map((name) => given(name, { texts: ["one text", `of ${name}`] }));
  const notices = noticesOf(packages);
  fc.assert(
    fc.property(fc.shuffledSubarray(packages, { minLength: packages.length }), (shuffled) => {
      expect(noticesOf([...shuffled, shuffled[0]!])).toBe(notices);
    }),
  );
});

test("a text that several packages bear is there once, under all their names, and ends no fence", () => {
  const text = "Permission is granted.\r\n```\r\nAS IS  \r\n";
  const notices = noticesOf([
    given("a", { texts: [text] }),
    given("b", { texts: [text.replaceAll("\r", "")] }),
  ]);
  expect(notices).toContain("## a 1.0.0, b 1.0.0\n\n```text\nPermission is granted.\n\nAS IS\n```\n");
  expect(notices.match(/^```/gm)).toHaveLength(2);
});

test("what a package carries under another licence is said beside it", () => {
  expect(noticesOf([given("uws-pack")])).toContain("- uws-pack 1.0.0: MIT; it carries uWebSockets.js");
});
