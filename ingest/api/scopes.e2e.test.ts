import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fastify } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Answer, type TestApi, testApi } from "../../ops/testing/api.ts";
import { bodiesIn, candidate } from "../../ops/testing/realm.ts";
import { SCOPES, type Scope } from "../../shared/auth/scopes.ts";
import type { Command } from "../../shared/contracts/command.ts";
import { readEnv } from "../../shared/process/env.ts";
import { openLog } from "../../shared/process/log.ts";
import { rawStream, subjects } from "../../shared/stream/subjects.ts";
import { requireScopes } from "./access.ts";

/** Which scopes each route takes, written by hand from the design. `any`: a token with any. */
const TABLE: Record<string, readonly Scope[] | "any" | "open"> = {
  "POST /internal/world/impact-candidate": ["publish"],
  "POST /internal/world/events/ingest": ["publish", "operate"],
  "POST /internal/world/tick/run": ["operate"],
  "POST /internal/world/realms": ["operate"],
  "GET /internal/world/realms": ["read"],
  "GET /internal/world": "any",
  "GET /internal/world/token": "any",
  "GET /internal/world/:realm/state": ["read"],
  "GET /internal/world/:realm/ruleset": ["read"],
  "PUT /internal/world/:realm/ruleset": ["operate"],
  "GET /internal/world/:realm/ruleset/history": ["read"],
  "GET /internal/world/:realm/ruleset/diff": ["read"],
  "POST /internal/world/:realm/ruleset/rollback": ["operate"],
  "GET /internal/world/:realm/shadow": ["read"],
  "PUT /internal/world/:realm/shadow": ["operate"],
  "DELETE /internal/world/:realm/shadow": ["operate"],
  "DELETE /internal/world/realms/:realm": ["operate"],
  "GET /internal/world/:realm/decisions": ["story"],
  "GET /internal/world/:realm/events": ["read", "story"],
  "GET /internal/world/:realm/events/:event_id": ["read", "story"],
  "GET /internal/world/:realm/players/:user_id": ["story", "review"],
  "GET /internal/world/:realm/commands/:command_id": ["read", "story"],
  "GET /internal/world/:realm/quarantine": ["review"],
  "GET /internal/world/:realm/quarantine/:event_id": ["review"],
  "POST /internal/world/:realm/quarantine/:event_id/release": ["review"],
  "POST /internal/world/:realm/quarantine/:event_id/reject": ["review"],
  "POST /internal/world/:realm/quarantine/bulk": ["review"],
  "POST /internal/world/:realm/tokens": ["feed-token"],
  "GET /healthz": "open",
  "GET /readyz": "open",
  "GET /metrics": "open",
  "GET /openapi.json": "open",
};
/** Documents and pages, whose files are not listed one by one. */
const OPEN_FOLDERS = /^(HEAD|GET) \/(docs|gm)(\/|$)/;

const REALM = "scoped";
const OTHER = "another";
let folder: string;
let api: TestApi;

const tokenOf = (name: string) => `${name}-token-0123456789`;
const entry = (name: string, scopes: readonly string[], more: object = {}) => ({
  name,
  sha256: createHash("sha256").update(tokenOf(name)).digest("hex"),
  scopes,
  ...more,
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amoi-tokens-"));
  const path = join(folder, "tokens.json");
  const entries = [
    ...SCOPES.map((scope) => entry(scope, [scope])),
    entry("engine", ["publish"], { realms: [REALM] }),
    entry("desk", ["operate", "review", "read"], { realms: [REALM] }),
    entry("both", ["publish", "operate"]),
  ];
  await writeFile(path, JSON.stringify(entries));
  api = await testApi(REALM, ["ingest", "normalizer"], {
    AMOI_TOKENS_FILE: path,
    AMOI_API_TRIES_PER_MINUTE: "500",
  });
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

const as = (name: string) => ({ authorization: `Bearer ${tokenOf(name)}` });
const call = (name: string, method: string, path: string, body?: unknown): Promise<Answer> =>
  api.call(method, path, body, as(name));
const pathOf = (url: string) =>
  url
    .replace("/internal/world/", "")
    .replace(/^\/internal\/world$/, "../world")
    .replace(":realm", REALM)
    .replace(":event_id", "a".repeat(26))
    .replace(":command_id", "a".repeat(26))
    // An answer that ends: one from a real cursor stays open.
    .replace(/decisions$/, "decisions?after=none");

test("every route of the server says who may use it, as the table does", async () => {
  const routes = await api.routes();
  const declared = routes.flatMap(({ method, url, config }) =>
    [method].flat().map((each) => [`${each} ${url}`, config?.scope] as const),
  );
  expect(declared.filter(([, scope]) => scope === undefined)).toEqual([]);
  const told = declared.filter(([route]) => !route.startsWith("HEAD") && !OPEN_FOLDERS.test(route));
  expect(Object.fromEntries(told.map(([route, scope]) => [route, scope]))).toEqual(
    Object.fromEntries(
      Object.entries(TABLE).map(([route, scopes]) => [
        route,
        typeof scopes === "string" || scopes.length > 1 ? scopes : scopes[0],
      ]),
    ),
  );
  expect(declared.filter(([route]) => OPEN_FOLDERS.test(route)).every(([, scope]) => scope === "open")).toBe(
    true,
  );
});

test("a route without a scope can't be registered", async () => {
  const server = fastify();
  const env = readEnv({});
  requireScopes(server as never, env, openLog(env, "test"));
  expect(() => server.get("/unguarded", () => "")).toThrow("GET /unguarded declares no scope");
  await server.close();
});

test("each route lets through the tokens of its scopes, and tells every other which it lacks", async () => {
  const wrong: string[] = [];
  for (const [route, scopes] of Object.entries(TABLE)) {
    if (scopes === "open") continue;
    const [method, url] = route.split(" ") as [string, string];
    for (const scope of SCOPES) {
      const { status, body } = await call(scope, method, pathOf(url));
      const passes = scopes === "any" || scopes.includes(scope);
      const named = scopes !== "any" && `${body.detail}`.includes(`lacks the scope ${scopes.join(" or ")}`);
      if (passes ? status === 401 || status === 403 : status !== 403 || !named)
        wrong.push(`${route} with ${scope}: ${status} ${body.detail}`);
    }
    for (const headers of [{ authorization: "" }, { authorization: "Bearer nobody-has-this" }]) {
      const answer = await api.call(method, pathOf(url), undefined, headers);
      if (answer.status !== 401 || answer.headers.get("www-authenticate") !== "Bearer")
        wrong.push(`${route} with ${JSON.stringify(headers)}: ${answer.status}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("a token for one realm may touch no other, wherever a request names it", async () => {
  const forbidden = { status: 403, body: { detail: `the token desk is not for realm ${OTHER}` } };
  for (const [method, path, body] of [
    ["GET", `${OTHER}/state`],
    ["GET", `${OTHER}/quarantine`],
    ["DELETE", `${OTHER}/shadow`],
    ["POST", "tick/run", { realm_id: OTHER, idempotency_key: "a-tick-elsewhere" }],
    ["POST", "realms", { realm_id: OTHER, name: "Another" }],
  ] as const)
    expect(await call("desk", method, path, body)).toMatchObject(forbidden);
  expect((await call("desk", "GET", "realms")).body).toMatchObject({ realms: [{ realm_id: REALM }] });
  const items = [candidate(REALM), candidate(OTHER)];
  const { body } = await call("engine", "POST", "impact-candidate", items);
  expect((body.results as { status: number }[]).map(({ status }) => status)).toEqual([202, 403]);
  expect((await call("engine", "POST", "impact-candidate", candidate(OTHER))).status).toBe(403);
});

const command = (kind: string, payload: object, actor?: object) => ({
  v: 1,
  idempotency_key: `a-command-${Math.random()}`,
  realm_id: REALM,
  kind,
  payload,
  ...(actor === undefined ? {} : { actor }),
});
const JOIN = { user: "ada", faction: "empire" };
const DECREE = { text: "The gates stay shut.", effects: [] };
const ada = { type: "player", id: "ada" };

test("the server writes the actor: the publisher's player, or the token's own game master", async () => {
  const stored = async () =>
    await bodiesIn<Command>(api.nats.bus, rawStream(REALM), "command.").then((all) => all.at(-1)!);
  expect((await call("publish", "POST", "events/ingest", command("member.join", JOIN, ada))).status).toBe(
    202,
  );
  expect(await stored()).toMatchObject({ subject: subjects.playerCommand(REALM), body: { actor: ada } });
  for (const actor of [undefined, { type: "gm", id: "operate" }]) {
    expect((await call("operate", "POST", "events/ingest", command("decree", DECREE, actor))).status).toBe(
      202,
    );
    expect(await stored()).toMatchObject({
      subject: subjects.rawCommand(REALM),
      body: { actor: { type: "gm", id: "operate" } },
    });
  }
  expect((await call("both", "POST", "events/ingest", command("member.join", JOIN))).status).toBe(202);
  expect(await stored()).toMatchObject({ body: { actor: { type: "gm", id: "both" } } });
  expect((await call("both", "POST", "events/ingest", command("member.join", JOIN, ada))).status).toBe(202);
  expect(await stored()).toMatchObject({ body: { actor: ada } });
});

test.each([
  [
    "a publisher's decree as gm",
    "publish",
    "decree",
    { type: "gm", id: "publish" },
    "lacks the scope operate",
  ],
  ["a publisher's decree as a player", "publish", "decree", ada, "not a player's command"],
  ["a publisher's decree as nobody", "publish", "decree", undefined, "lacks the scope operate"],
  [
    "a publisher as the system",
    "publish",
    "member.join",
    { type: "system", id: "steward" },
    "only the steward",
  ],
  ["an operator as the system", "operate", "decree", { type: "system", id: "steward" }, "only the steward"],
  [
    "an operator as another one",
    "operate",
    "decree",
    { type: "gm", id: "linh" },
    "the actor of this token is operate",
  ],
  ["an operator as a player", "operate", "member.join", ada, "lacks the scope publish"],
])("%s is a 403, and nothing is stored", async (_what, name, kind, actor, told) => {
  const before = (await api.nats.bus.jsm.streams.info(rawStream(REALM))).state.last_seq;
  const payload = kind === "decree" ? DECREE : JOIN;
  const { status, body } = await call(name, "POST", "events/ingest", command(kind, payload, actor));
  expect({ status, detail: body.detail }).toEqual({ status: 403, detail: expect.stringContaining(told) });
  expect((await api.nats.bus.jsm.streams.info(rawStream(REALM))).state.last_seq).toBe(before);
});

test("a publisher that names no player is told so", async () => {
  const { status, body } = await call("publish", "POST", "events/ingest", command("member.join", JOIN));
  expect({ status, errors: body.errors }).toMatchObject({ status: 400, errors: [{ path: "actor" }] });
});

test("a reviewer is the token's name, and claiming another one is a 403", async () => {
  const path = `${REALM}/quarantine/${"a".repeat(26)}/release`;
  expect((await call("review", "POST", path, { actor: "linh" })).status).toBe(403);
  expect(
    (
      await call("review", "POST", `${REALM}/quarantine/bulk`, {
        verdict: "reject",
        event_ids: ["x"],
        actor: "linh",
      })
    ).status,
  ).toBe(403);
  for (const body of [{}, { actor: "review" }])
    expect((await call("review", "POST", path, body)).status).toBe(404);
});

test("a ruleset, a tick and shadow rules are the token's own, and a token says what it is for", async () => {
  const set = await call("operate", "DELETE", `${REALM}/shadow`);
  expect(set.status).toBe(202);
  const last = (await bodiesIn<Command>(api.nats.bus, rawStream(REALM), "command.raw")).at(-1)!;
  expect(last.body).toMatchObject({ kind: "shadow.clear", actor: { type: "gm", id: "operate" } });
  expect((await call("desk", "GET", "token")).body).toEqual({
    name: "desk",
    scopes: ["review", "operate", "read"],
    realms: [REALM],
  });
});

test("local mode's token has every scope and may speak for anybody", async () => {
  for (const actor of [ada, { type: "gm", id: "linh" }, { type: "system", id: "tests" }])
    expect((await api.post("events/ingest", command("member.join", JOIN, actor))).status).toBe(202);
  expect((await api.call("GET", "token")).body).toEqual({ name: "internal-api", scopes: [...SCOPES] });
});
