/** What the public port answers of a realm that has lived, held to the document that it serves. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FullRealm, fullRealm } from "../ops/testing/full-realm.ts";
import { until } from "../ops/testing/realm.ts";
import { CURRENT, PARTS, REALMS } from "./reads/catalogue.ts";

type Response200 = { headers?: object; content?: Record<string, { schema: { $ref: string } }> };
type Document = { paths: Record<string, { get: { responses: Record<string, Response200> } }> };

const REALM = "shown";
let folder: string;
let lived: FullRealm;
let document: Document;
let ajv: Ajv2020;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amoisekai-shown-"));
  lived = await fullRealm(REALM, folder);
  await lived.live();
  document = (await (await fetch(`${lived.url}/openapi.json`)).json()) as Document;
  ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema(document, "openapi.json");
}, 120_000);
afterAll(async () => {
  await lived?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Reads, and holds status, headers and body to the document. The body. */
async function read(path: string, query = "", status = 200, headers: Record<string, string> = {}) {
  const answer = await fetch(lived.url + path.replace("{realm}", REALM) + query, { headers });
  expect({ path, query, status: answer.status }).toEqual({ path, query, status });
  const told = document.paths[path]!.get.responses[status]!;
  for (const name of Object.keys(told.headers ?? {})) expect(answer.headers.has(name)).toBe(true);
  const type = answer.headers.get("content-type");
  expect(type === null ? [] : [type]).toEqual(Object.keys(told.content ?? {}));
  if (type === null) return undefined;
  const body = await answer.json();
  const validate = ajv.compile({ $ref: `openapi.json${told.content![type]!.schema.$ref}` });
  validate(body);
  expect(validate.errors).toBeNull();
  return body;
}
const pathOf = (name: string) => `/api/world/{realm}/${name}`;

test("every part of every tick is what the document says, strictly", async () => {
  const { tick } = PARTS.summary.body.parse(await read(pathOf("summary")));
  expect(tick).toBeGreaterThan(15);
  for (const [name, { body }] of Object.entries(PARTS))
    for (const query of ["", ...Array.from({ length: tick + 1 }, (_, at) => `?tick=${at}`)]) {
      const answered = await read(pathOf(name), query);
      expect(body.parse(answered)).toEqual(answered);
    }
});

test("the territories of the newest tick tell their rates, and the pressure that builds up", async () => {
  await until(async () => {
    const { territories } = PARTS.territories.body.parse(await read(pathOf("territories")));
    return Object.values(territories).every(({ rates }) =>
      Object.values(rates!.factions).every(({ pressure }) => pressure !== undefined),
    );
  });
});

test("realms, every part of now and every page of the log are what the document says, strictly", async () => {
  const realms = REALMS.body.parse(await read(REALMS.path));
  expect(realms.realms.map(({ realm }) => realm)).toEqual([REALM]);
  for (const [name, { body }] of Object.entries(CURRENT)) {
    const answered = await read(pathOf(name));
    expect(body.parse(answered)).toEqual(answered);
  }
  const kinds = new Set<string>();
  for (let query = "?limit=7"; ; ) {
    const page = await read(pathOf("events"), query);
    const { events, next } = CURRENT.events.body.parse(page);
    expect(CURRENT.events.body.parse(page)).toEqual(page);
    if (events.length === 0) break;
    for (const { kind } of events) kinds.add(kind);
    query = `?limit=7&after=${next}`;
  }
  expect([...kinds]).toEqual(
    expect.arrayContaining(["flip", "capture", "action", "council", "season", "refused"]),
  );
});

test("what hasn't changed and what is refused is told as the document says", async () => {
  const { headers } = await fetch(`${lived.url}/api/world/${REALM}/summary?tick=3`);
  // A realm may be made anew with another past.
  expect(headers.get("cache-control")).toBe("no-cache");
  await read(pathOf("summary"), "?tick=3", 304, { "if-none-match": headers.get("etag")! });
  for (const name of Object.keys(PARTS)) {
    await read(pathOf(name), "?tick=x", 400);
    await read(pathOf(name), "?tick=99999", 404);
  }
  await read(REALMS.path, "?tick=1", 400);
  await read(pathOf("events"), "?limit=0", 400);
  await read(pathOf("stream"), "?since=x", 400);
  await read("/feed/{realm}", "", 426);
});

test("the document of subjects and feed is served beside", async () => {
  const asyncapi = (await (await fetch(`${lived.url}/asyncapi.json`)).json()) as { asyncapi: string };
  expect(asyncapi.asyncapi).toBe("3.0.0");
});
