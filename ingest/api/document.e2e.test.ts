import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApi, testApi } from "../../ops/testing/api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await testApi("described");
});
afterAll(() => api.close());

type Operation = {
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { content: Record<string, { schema: object }> }>;
};
type Document = {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
};
const read = async () => (await (await fetch(`${api.url}/openapi.json`)).json()) as Document;

test("the document is OpenAPI 3.1, needs no token and has every route of the API", async () => {
  const { openapi, paths } = await read();
  expect(openapi).toBe("3.1.0");
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(routes.sort()).toEqual([
    "DELETE /internal/world/realms/{realm}",
    "DELETE /internal/world/{realm}/shadow",
    "GET /internal/world",
    "GET /internal/world/realms",
    "GET /internal/world/token",
    "GET /internal/world/{realm}/commands/{command_id}",
    "GET /internal/world/{realm}/decisions",
    "GET /internal/world/{realm}/events",
    "GET /internal/world/{realm}/events/{event_id}",
    "GET /internal/world/{realm}/players/{user_id}",
    "GET /internal/world/{realm}/quarantine",
    "GET /internal/world/{realm}/quarantine/{event_id}",
    "GET /internal/world/{realm}/ruleset",
    "GET /internal/world/{realm}/ruleset/diff",
    "GET /internal/world/{realm}/ruleset/history",
    "GET /internal/world/{realm}/shadow",
    "GET /internal/world/{realm}/state",
    "POST /internal/world/events/ingest",
    "POST /internal/world/impact-candidate",
    "POST /internal/world/realms",
    "POST /internal/world/tick/run",
    "POST /internal/world/{realm}/quarantine/bulk",
    "POST /internal/world/{realm}/quarantine/{event_id}/reject",
    "POST /internal/world/{realm}/quarantine/{event_id}/release",
    "POST /internal/world/{realm}/ruleset/rollback",
    "POST /internal/world/{realm}/tokens",
    "PUT /internal/world/{realm}/ruleset",
    "PUT /internal/world/{realm}/shadow",
  ]);
});

test("every operation says what it takes, what it answers and how it refuses", async () => {
  const { paths } = await read();
  for (const methods of Object.values(paths))
    for (const [method, { requestBody, responses }] of Object.entries(methods)) {
      if (method !== "get" && method !== "delete")
        expect(Object.keys(requestBody!.content["application/json"]!.schema)).not.toEqual([]);
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(["401", "403", "429", "503", "507"]));
      for (const [status, { content }] of Object.entries(responses))
        expect(Object.keys(content)).toEqual([
          status < "4" ? "application/json" : "application/problem+json",
        ]);
    }
});

test("a single candidate may leave its key to the header, one of an array may not", async () => {
  const { paths } = await read();
  const { schema } =
    paths["/internal/world/impact-candidate"]!.post!.requestBody!.content["application/json"]!;
  const { anyOf } = schema as { anyOf: [{ required: string[] }, { items: { required: string[] } }] };
  expect(anyOf[0].required).not.toContain("idempotency_key");
  expect(anyOf[1].items.required).toContain("idempotency_key");
});

test("every reference leads somewhere", async () => {
  const document = await read();
  const references = JSON.stringify(document).match(/#\/components\/schemas\/[A-Za-z0-9]+/g) ?? [];
  expect(references.length).toBeGreaterThan(0);
  for (const reference of references)
    expect(Object.keys(document.components.schemas)).toContain(reference.split("/").at(-1));
});

test("the documentation page and all that it loads come from this server", async () => {
  const page = await fetch(`${api.url}/docs`);
  expect(page.headers.get("content-type")).toContain("text/html");
  const html = await page.text();
  const loaded = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
  expect(loaded.length).toBeGreaterThan(3);
  for (const path of loaded) {
    expect(path).not.toMatch(/^(https?:)?\/\//);
    expect((await fetch(new URL(path, `${api.url}/docs/`))).status).toBe(200);
  }
  expect(await (await fetch(`${api.url}/docs/static/swagger-initializer.js`)).text()).toContain(
    "validatorUrl: null",
  );
});
