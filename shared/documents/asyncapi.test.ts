import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { subjects } from "../stream/subjects.ts";
import { asyncapi } from "./asyncapi.ts";
import { ASYNCAPI_FILE } from "./asyncapi-file.ts";

type Document = {
  channels: Record<string, { address: string; parameters: object }>;
  operations: Record<string, { action: string }>;
};

test("the document that is checked in is what the schemas give; after a change: npm run asyncapi", () => {
  expect(JSON.parse(readFileSync(ASYNCAPI_FILE, "utf8"))).toEqual(asyncapi());
});

test("the document is valid by AsyncAPI's own schema of 3.0.0, its schemas included", () => {
  const specification = createRequire(import.meta.url)("@asyncapi/specs/schemas/3.0.0.json");
  // The specification brings the schema of draft 07 along. It has formats of its own, and tells them apart by patterns.
  const ajv = new Ajv({ strict: false, validateFormats: false, meta: false, logger: false });
  const validate = ajv.compile(specification);
  validate(asyncapi());
  expect(validate.errors).toBeNull();
});

test("every subject there is has its channel, and every parameter of an address is described", () => {
  const { channels } = asyncapi() as Document;
  const addresses = Object.values(channels).map(({ address }) => address);
  const made = Object.entries(subjects).map(([name, subject]) =>
    name === "position"
      ? subjects.position("{stage}", "{realm}")
      : (subject as (realm: string) => string)("{realm}"),
  );
  expect(addresses.filter((address) => !address.startsWith("/")).sort()).toEqual(made.sort());
  for (const { address, parameters } of Object.values(channels))
    expect(Object.keys(parameters).sort()).toEqual(
      [...address.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort(),
    );
});

test("every reference leads somewhere", () => {
  const document = asyncapi();
  const references = JSON.stringify(document).match(/"#\/[^"]+"/g) ?? [];
  expect(references.length).toBeGreaterThan(100);
  for (const reference of new Set(references)) {
    const path = reference.slice(3, -1).split("/");
    expect(
      path.reduce<unknown>((part, key) => (part as Record<string, unknown>)?.[key], document),
    ).toBeDefined();
  }
});

test("the feed is sent to, and takes nothing but a token", () => {
  const { operations } = asyncapi() as Document;
  expect(Object.keys(operations).filter((id) => id.endsWith("_feed"))).toEqual(["send_feed", "receive_feed"]);
});
