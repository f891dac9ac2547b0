import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { readEnv } from "../shared/env.ts";
import { pageFiles } from "../shared/page-files.ts";
import { openapi } from "./openapi.ts";
import { PublicServer } from "./public.ts";

type Parameter = { name: string; in: string; schema: { type?: string; minimum?: number; maximum?: number } };
type Operation = {
  parameters?: Parameter[];
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
};
type Document = {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
};
const document = openapi() as Document;

test("the document is OpenAPI 3.1 and has every path that the public port serves, but the page's, and no other", () => {
  const server = new PublicServer(readEnv({}).FEED_TOKEN_SECRET);
  server.close();
  const page = new Set(["/", ...pageFiles("observatory").map(({ path }) => path)]);
  expect(document.openapi).toBe("3.1.0");
  expect(Object.keys(document.paths).sort()).toEqual(server.paths.filter((path) => !page.has(path)).sort());
  for (const path of Object.values(document.paths)) expect(Object.keys(path)).toEqual(["get"]);
});

test("every reference leads somewhere", () => {
  const references = JSON.stringify(document).match(/"#\/[^"]+"/g) ?? [];
  expect(references.length).toBeGreaterThan(50);
  for (const reference of new Set(references)) {
    const path = reference.slice(3, -1).split("/");
    expect(
      path.reduce<unknown>((part, key) => (part as Record<string, unknown>)?.[key], document),
    ).toBeDefined();
  }
});

test("every schema is JSON Schema 2020-12, which is OpenAPI 3.1's own", () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  for (const schema of Object.values(document.components.schemas))
    expect(ajv.validateSchema(schema)).toBe(true);
});

test("every refusal is a problem, and every path's own parameters are told", () => {
  for (const [path, { get }] of Object.entries(document.paths)) {
    const { responses, parameters = [] } = get!;
    for (const [status, { content = {} }] of Object.entries(responses))
      if (status >= "4") expect(Object.keys(content)).toEqual(["application/problem+json"]);
    expect(Object.keys(responses)).toContain("400");
    expect(JSON.stringify(parameters).includes("#/components/parameters/realm")).toBe(
      path.includes("{realm}"),
    );
  }
});

test("what is a number in a query is one in the document", () => {
  const { parameters = [] } = document.paths["/api/world/{realm}/events"]!.get!;
  const limit = parameters.find(({ name }) => name === "limit");
  expect(limit).toMatchObject({ in: "query", schema: { type: "integer", minimum: 1, maximum: 1_000 } });
  expect(limit?.schema).not.toHaveProperty("pattern", expect.anything());
});
