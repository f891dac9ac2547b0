import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import { BundleBuilder, bodiesOf, flatBodies, MAX_BUNDLE_BODIES, withFields } from "./codec.ts";

const flat = fc.dictionary(
  fc.stringMatching(/^[a-z_]{1,8}$/),
  fc.oneof(fc.integer(), fc.stringMatching(/^[\w .:-]{0,20}$/)),
  { minKeys: 1, noNullPrototype: true },
);
const anything = fc.jsonValue({ maxDepth: 3 });
const pushed = fc.array(fc.record({ subject: fc.constantFrom("a", "b"), body: anything, times: fc.nat(60) }));

test("what goes into bundles comes out again, in order, at most 50 bodies of one subject in a message", () => {
  fc.assert(
    fc.property(pushed, (pushes) => {
      const all = pushes.flatMap(({ subject, body, times }) =>
        Array.from({ length: times }, () => ({ subject, body: JSON.stringify(body) })),
      );
      const builder = new BundleBuilder();
      for (const { subject, body } of all) builder.push(subject, body);
      const { size } = builder;
      const messages = builder.finish();
      expect(messages).toHaveLength(size);
      expect(builder.bodies).toBe(all.length);
      const bundles = messages.map(({ subject, data }) => ({
        subject,
        bodies: bodiesOf(data as Uint8Array),
      }));
      for (const { bodies } of bundles) expect(bodies.length).toBeLessThanOrEqual(MAX_BUNDLE_BODIES);
      expect(
        bundles.flatMap(({ subject, bodies }) =>
          bodies.map((body) => ({ subject, body: JSON.stringify(body) })),
        ),
      ).toEqual(all);
    }),
    { numRuns: runs(300) },
  );
});

test("a bundle of flat objects is taken apart into their texts, and one with a brace more is not", () => {
  fc.assert(
    fc.property(fc.array(flat, { minLength: 1, maxLength: 50 }), fc.nat(49), (bodies, place) => {
      const texts = bodies.map((body) => JSON.stringify(body));
      expect(flatBodies(`[${texts.join(",")}]`, bodies.length)).toEqual(texts);
      for (const odd of ['{"a":{"b":1}}', '{"a":"}"}']) {
        const mixed = texts.with(place % texts.length, odd);
        expect(flatBodies(`[${mixed.join(",")}]`, mixed.length)).toBeUndefined();
      }
    }),
    { numRuns: runs(500) },
  );
});

test("an object's text with more fields is the object with them", () => {
  fc.assert(
    fc.property(
      flat,
      fc.dictionary(fc.stringMatching(/^[A-Z]{1,8}$/), anything, { minKeys: 1 }),
      (object, more) => {
        expect(JSON.parse(withFields(JSON.stringify(object), more))).toEqual(
          JSON.parse(JSON.stringify({ ...object, ...more })),
        );
      },
    ),
    { numRuns: runs(500) },
  );
});

test("a body larger than a block, and one of characters of three bytes, stay whole", () => {
  const bodies = [{ text: "x".repeat(3_000_000) }, { text: "誓".repeat(400_000) }, { text: "small" }];
  const builder = new BundleBuilder();
  for (const body of bodies) builder.push("a", JSON.stringify(body));
  expect(builder.finish().flatMap(({ data }) => bodiesOf(data as Uint8Array))).toEqual(bodies);
});
