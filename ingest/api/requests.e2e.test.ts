import { request } from "node:http";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApi, TOKEN, testApi } from "../../ops/testing/api.ts";
import { candidate } from "../../ops/testing/realm.ts";
import { MAX_PROBLEM_BYTES } from "../../shared/contracts/problem.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { kvSubject } from "../../shared/stream/topology.ts";

const REALM = "requests";
let api: TestApi;
beforeAll(async () => {
  api = await testApi(REALM, [], { AMOI_API_TRIES_PER_MINUTE: "20" });
});
afterAll(() => api.close());

type Raw = { status: number; headers: Record<string, unknown>; body: string };

/** A request as it stands, of any method, host and bytes. */
const raw = (method: string, path: string, headers: Record<string, string> = {}, data?: Uint8Array) =>
  new Promise<Raw>((resolve, reject) => {
    const sent = request(
      `${api.url}${path}`,
      {
        method,
        agent: false,
        headers: {
          authorization: `Bearer ${TOKEN}`,
          ...(data === undefined
            ? {}
            : { "content-type": "application/json", "content-length": data.length }),
          ...headers,
        },
      },
      (answer) => {
        let body = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk) => (body += chunk));
        answer.on("end", () => resolve({ status: answer.statusCode!, headers: answer.headers, body }));
      },
    );
    sent.on("error", reject);
    sent.end(data);
  });
const CANDIDATES = "/internal/world/impact-candidate";
const bytes = (body: unknown) => Buffer.from(JSON.stringify(body));

test("a path that is served for other methods is a 405 that names them, any other path a 404", async () => {
  const wrong: string[] = [];
  for (const [path, allowed] of [
    [CANDIDATES, "POST"],
    ["/internal/world/events/ingest?x=1", "POST"],
    ["/internal/world/tick/run", "POST"],
    ["/internal/world/realms", "GET, HEAD, POST"],
    ["/internal/world", "GET, HEAD"],
    ["/internal/world/token", "GET, HEAD"],
    [`/internal/world/${REALM}/ruleset`, "GET, HEAD, PUT"],
    [`/internal/world/${REALM}/ruleset/rollback`, "POST"],
    [`/internal/world/${REALM}/shadow`, "DELETE, GET, HEAD, PUT"],
    [`/internal/world/${REALM}/state`, "GET, HEAD"],
    [`/internal/world/${REALM}/tokens`, "POST"],
    [`/internal/world/${REALM}/quarantine/${"a".repeat(26)}/release`, "POST"],
    [`/internal/world/${REALM}/events/${"a".repeat(26)}`, "GET, HEAD"],
    ["/healthz", "GET, HEAD"],
    ["/readyz", "GET, HEAD"],
    ["/metrics", "GET, HEAD"],
    ["/openapi.json", "GET, HEAD"],
  ] as const)
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "TRACE"]) {
      if (allowed.split(", ").includes(method)) continue;
      const { status, headers, body } = await raw(method, path);
      if (status !== 405 || headers.allow !== allowed || JSON.parse(body).status !== 405)
        wrong.push(`${method} ${path}: ${status} ${headers.allow}`);
    }
  expect(wrong).toEqual([]);
  for (const [method, path] of [
    ["GET", "/"],
    ["POST", "/internal/worlds"],
    ["PUT", `/internal/world/${REALM}/nothing`],
    ["PROPFIND", "/internal"],
    ["DELETE", `${CANDIDATES}/more`],
  ] as const)
    expect(await raw(method, path), `${method} ${path}`).toMatchObject({
      status: 404,
      headers: { "content-type": "application/problem+json; charset=utf-8" },
    });
});

test.each([
  ["gzip", gzipSync(bytes(candidate(REALM))), { "content-encoding": "gzip" }, 415],
  ["Brotli, as it says", bytes(candidate(REALM)), { "content-encoding": "br" }, 415],
  ["another charset", bytes(candidate(REALM)), { "content-type": "application/json; charset=utf-16" }, 415],
  [
    "the identity and UTF-8",
    bytes(candidate(REALM)),
    { "content-encoding": "identity", "content-type": 'application/json; charset="UTF-8"' },
    202,
  ],
  [
    "bytes that are no UTF-8 in an id",
    Buffer.from(JSON.stringify(candidate(REALM)).replace('"ada"', '"a\u00ffda"'), "latin1"),
    {},
    400,
  ],
  [
    "a truncated character at the end",
    Buffer.concat([bytes(candidate(REALM)), Buffer.from([0xe1, 0xbb])]),
    {},
    400,
  ],
  ["UTF-16", Buffer.from(JSON.stringify(candidate(REALM)), "utf16le"), {}, 400],
])("a body in %s is answered as what it is", async (_what, data, headers, status) => {
  const answer = await raw("POST", CANDIDATES, headers as Record<string, string>, data);
  expect(answer.status).toBe(status);
  if (status === 415 && "content-encoding" in headers)
    expect(answer.headers["accept-encoding"]).toBe("identity");
});

const unknownFields = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`unknown_field_${i}`, 0]));
const problemBytes = (body: string): number =>
  JSON.parse(body).results === undefined
    ? body.length
    : (JSON.parse(body).results as { problem?: object }[]).reduce(
        (sum, { problem }) => sum + (problem === undefined ? 0 : JSON.stringify(problem).length),
        0,
      );

test.each([
  [
    "10 MB of unknown fields in 1 000 items",
    CANDIDATES,
    Array.from({ length: 1_000 }, () => unknownFields(450)),
  ],
  ["1 000 items that are nothing", CANDIDATES, Array.from({ length: 1_000 }, () => 7)],
  ["one item with as many as fit", CANDIDATES, unknownFields(600)],
  [
    "a command of 200 KiB of them",
    "/internal/world/events/ingest",
    { kind: "tick.run", ...unknownFields(8_000) },
  ],
  [
    "a command whose payload has them",
    "/internal/world/events/ingest",
    { v: 1, kind: "tick.run", payload: unknownFields(8_000) },
  ],
  ["a ruleset of them", `/internal/world/${REALM}/shadow`, unknownFields(8_000)],
  [
    "a field with a name of 200 KiB",
    "/internal/world/events/ingest",
    { kind: "tick.run", ["x".repeat(200_000)]: 0 },
  ],
  [
    "1 000 reviews of nothing",
    `/internal/world/${REALM}/quarantine/bulk`,
    { verdict: "reject", event_ids: Array.from({ length: 1_000 }, () => "x".repeat(60)) },
  ],
])("%s draw at most 64 KiB of problems", async (_what, path, body) => {
  const answer = await raw(path.endsWith("shadow") ? "PUT" : "POST", path, {}, bytes(body));
  expect(problemBytes(answer.body)).toBeLessThanOrEqual(MAX_PROBLEM_BYTES);
  expect(problemBytes(answer.body)).toBeGreaterThan(0);
  const { results } = JSON.parse(answer.body) as { results?: { status: unknown }[] };
  expect(results?.every(({ status }) => status !== undefined) ?? answer.status === 400).toBe(true);
});

test("a body larger than its route takes is a 413, on every route that takes one", async () => {
  const routes = await api.routes();
  const wrong: string[] = [];
  for (const { method, url, bodyLimit = 512 * 1_024 } of routes)
    for (const each of [method].flat()) {
      if (!["POST", "PUT", "PATCH"].includes(each)) continue;
      const path = url.replace(":realm", REALM).replace(":event_id", "a".repeat(26));
      const { status } = await raw(each, path, {}, Buffer.alloc(bodyLimit + 1, " "));
      if (status !== 413) wrong.push(`${each} ${url}: ${status}`);
    }
  expect(wrong).toEqual([]);
});

test("in local mode a request for another host is answered 421, whatever it asks for", async () => {
  for (const [method, path] of [
    ["GET", "/metrics"],
    ["GET", "/gm/"],
    ["GET", "/nothing"],
    ["POST", CANDIDATES],
  ] as const)
    for (const host of ["evil.example", "127.0.0.1.evil.example:8081"])
      expect((await raw(method, path, { host })).status).toBe(421);
  expect((await raw("GET", "/healthz", { host: "localhost:1" })).status).toBe(200);
});

test("one bad entry in the bucket of realms harms that realm alone", async () => {
  for (const [key, data] of [
    ["broken", "{"],
    ["broken-2", '{"name": 7}'],
    ["No.Realm", "{}"],
  ] as const)
    await publishOne(api.nats.bus, { subject: kvSubject("realms", key), data });
  const { status, body } = await api.call("GET", "realms");
  expect(status).toBe(200);
  expect(
    (body.realms as { realm_id: string; name: string }[]).map(({ realm_id, name }) => [realm_id, name]),
  ).toEqual([
    ["broken", "broken"],
    ["broken-2", "broken-2"],
    [REALM, REALM],
  ]);
});

test.each([
  ["2026-03-01t00:00:00Z", 400, "stale"],
  ["2026-03-01T00:00:00z", 400, "stale"],
  [`2026-03-01T00:00:00.${"0".repeat(19)}Z`, 400, "stale"],
  [`2026-03-01T00:00:00.${"0".repeat(20)}Z`, 400, "Too big"],
  ["2026-03-01 00:00:00Z", 400, "RFC 3339"],
])(
  "an occurred_at of %s is read as RFC 3339 has it, with at most 40 characters",
  async (occurred_at, status, told) => {
    const { body, ...answer } = await api.post("impact-candidate", { ...candidate(REALM), occurred_at });
    expect({ status: answer.status, detail: body.detail }).toEqual({
      status,
      detail: expect.stringContaining(told),
    });
  },
);

test("a present time in small letters counts", async () => {
  const occurred_at = new Date().toISOString().toLowerCase();
  expect((await api.post("impact-candidate", { ...candidate(REALM), occurred_at })).status).toBe(202);
});

// Last: it uses up what a minute allows.
test("tries without a token are limited by address, and a valid token from there isn't", async () => {
  const statuses: number[] = [];
  for (let i = 0; i < 30; i++)
    statuses.push((await raw("GET", "/internal/world/token", { authorization: "Bearer wrong" })).status);
  expect(statuses.filter((status) => status === 401)).toHaveLength(20);
  expect(statuses.filter((status) => status === 429)).toHaveLength(10);
  const refused = await raw("GET", "/internal/world/token", { authorization: "" });
  expect(refused).toMatchObject({ status: 429, headers: { "retry-after": expect.any(String) } });
  expect((await raw("GET", "/internal/world/token")).status).toBe(200);
});

test("a valid token is limited by its own requests", async () => {
  const limited = await testApi("limited", [], { AMOI_API_REQUESTS_PER_MINUTE: "20" });
  try {
    const statuses = await Promise.all(
      Array.from({ length: 30 }, async () => (await limited.call("GET", "token")).status),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(20);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
  } finally {
    await limited.close();
  }
});
