import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { pickPort } from "../ops/local/ports.ts";
import { readEnv } from "../shared/process/env.ts";
import { pageFiles } from "../shared/process/page-files.ts";
import { FEED_LIMITS, READ_LIMITS } from "./http/limits.ts";
import { openapi } from "./openapi.ts";
import { PublicServer } from "./public.ts";
import { PARTS } from "./reads/catalogue.ts";
import { RealmView } from "./realm/realm-view.ts";
import { ScriptedWorld } from "./testing/scripted-world.ts";
import { makeEngine } from "./testing/test-engine.ts";

type Parameter = { name: string; in: string; schema: { type?: string; minimum?: number; maximum?: number } };
type Operation = {
  parameters?: Parameter[];
  responses: Record<string, { headers?: object; content?: Record<string, { schema: object }> }>;
};
type Document = {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
};
const document = openapi() as Document;

test("the document is OpenAPI 3.1 and has every path that the public port serves, but the page's, and no other", () => {
  const server = new PublicServer(makeEngine, readEnv({}).FEED_TOKEN_SECRET);
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

test("what tells a client when to come back is there as the document says", async () => {
  const server = new PublicServer(makeEngine, readEnv({}).FEED_TOKEN_SECRET, FEED_LIMITS, {
    ...READ_LIMITS,
    perMinute: 1,
  });
  const url = `http://127.0.0.1:${await server.listen("127.0.0.1", await pickPort())}`;
  server.feed.open("absent");
  for (const status of [503, 429]) {
    const answer = await fetch(`${url}/api/world/absent/summary`);
    const { headers } = document.paths["/api/world/{realm}/summary"]!.get!.responses[status]!;
    expect(answer.status).toBe(status);
    expect(Object.keys(headers!)).toEqual(["RateLimit", "RateLimit-Policy", "Retry-After"]);
    for (const name of Object.keys(headers!)) expect(answer.headers.has(name)).toBe(true);
  }
  server.close();
});

test("a territory's forecast is what the document says", () => {
  const view = new RealmView(new ScriptedWorld("amoi-1").snapshot, "e1");
  const iron_gate = { probability_bp: 9_000, until_tick: 9, to: "freeholds", tick: 4, low: 2, high: 8 };
  view.forecast = { realm: "amoi-1", tick: 0, hash: view.hash, territories: { iron_gate } };
  const { body, of } = PARTS.territories;
  expect(body.parse(of(view)).territories.iron_gate?.forecast).toEqual({
    ...iron_gate,
    as_of_tick: 0,
    age_ticks: 0,
  });
});

test("what is a number in a query is one in the document", () => {
  const { parameters = [] } = document.paths["/api/world/{realm}/events"]!.get!;
  const limit = parameters.find(({ name }) => name === "limit");
  expect(limit).toMatchObject({ in: "query", schema: { type: "integer", minimum: 1, maximum: 1_000 } });
  expect(limit?.schema).not.toHaveProperty("pattern", expect.anything());
});
