import { once } from "node:events";
import { get } from "node:http";
import { connect, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pickPort } from "../ops/local/ports.ts";
import { buildPages } from "../ops/tools/pages/build.ts";
import { hostCheck } from "../shared/auth/hosts.ts";
import { PROBLEM_JSON, Problem } from "../shared/contracts/problem.ts";
import { canonicalHash } from "../shared/exact/canonical.ts";
import { readEnv } from "../shared/process/env.ts";
import { PortTaken } from "./http/engine.ts";
import { FEED_LIMITS, READ_LIMITS } from "./http/limits.ts";
import { PublicServer } from "./public.ts";
import { PARTS } from "./reads/catalogue.ts";
import type { RealmMap } from "./reads/map.ts";
import { RealmView } from "./realm/realm-view.ts";
import { RawClient } from "./testing/raw-client.ts";
import { ScriptedWorld } from "./testing/scripted-world.ts";
import { ENGINE, makeEngine } from "./testing/test-engine.ts";

const { FEED_TOKEN_SECRET: SECRET } = readEnv({});
let server: PublicServer;
let port: number;
let url: string;
let view: RealmView;

beforeAll(async () => {
  await buildPages();
  server = new PublicServer(makeEngine, SECRET);
  port = await server.listen("127.0.0.1", await pickPort());
  url = `http://127.0.0.1:${port}`;
  const world = new ScriptedWorld("amoi-1");
  view = new RealmView(world.snapshot, "e1");
  server.feed.open("amoi-1").restored(view);
  server.feed.open("absent");
});
afterAll(() => server.close());

/** What the server says on one connection to these bytes, until it closes it or is silent for a moment. */
async function say(bytes: string): Promise<{ answers: string[]; closed: boolean }> {
  const socket = connect({ port, host: "127.0.0.1" });
  let text = "";
  let lastMs = performance.now();
  socket.on("data", (chunk) => {
    text += chunk;
    lastMs = performance.now();
  });
  socket.write(bytes);
  // A busy machine may take its time for the first byte; what follows it comes soon.
  while (!socket.closed && performance.now() - lastMs < (text === "" ? 3_000 : 200)) await delay(10);
  const { closed } = socket;
  socket.destroy();
  return { answers: text.match(/HTTP\/1\.1 \d{3}/g)?.map((line) => line.slice(9)) ?? [], closed };
}

async function expectProblem(response: Response, status: number): Promise<Problem> {
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toBe(PROBLEM_JSON);
  expect(response.headers.get("access-control-allow-origin")).toBe("*");
  const problem = Problem.parse(await response.json());
  expect(problem.status).toBe(status);
  return problem;
}

test("reads answer JSON that any origin may read", async () => {
  for (const part of Object.keys(PARTS)) {
    const response = await fetch(`${url}/api/world/amoi-1/${part}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(await response.json()).toMatchObject({ realm: "amoi-1", epoch: "e1", tick: 0, hash: view.hash });
  }
});

test("an unchanged part is answered with 304", async () => {
  const etag = (await fetch(`${url}/api/world/amoi-1/summary`)).headers.get("etag")!;
  const again = await fetch(`${url}/api/world/amoi-1/summary`, { headers: { "If-None-Match": etag } });
  expect(again.status).toBe(304);
  expect(await again.text()).toBe("");
  const other = await fetch(`${url}/api/world/amoi-1/summary`, { headers: { "If-None-Match": '"e1.7"' } });
  expect(other.status).toBe(200);
});

test("a proxy's weakened version is known, and one among several; what came since the tick is another version", async () => {
  const ask = (known: string) =>
    fetch(`${url}/api/world/amoi-1/territories`, { headers: { "If-None-Match": known } });
  const etag = (await ask("none")).headers.get("etag")!;
  for (const known of [`W/${etag}`, `"other", ${etag}`, `W/"other",W/${etag}`, "*"])
    expect((await ask(known)).status).toBe(304);
  expect((await ask(`${etag.slice(0, -1)}0"`)).status).toBe(200);
  const iron_gate = { probability_bp: 9_000, until_tick: 2, to: "freeholds", tick: 2 };
  view.forecast = { realm: "amoi-1", tick: 0, hash: view.hash, territories: { iron_gate } };
  const fresh = await ask(etag);
  expect(await fresh.json()).toMatchObject({ territories: { iron_gate: { forecast: iron_gate } } });
  expect(fresh.headers.get("etag")).not.toBe(etag);
});

test("a parameter that is unknown or no whole number is a 400 that names it", async () => {
  for (const [path, name] of [
    ["summary?tik=3", "tik"],
    ["factions?tick=-1", "tick"],
    ["territories?tick=1e3", "tick"],
    ["territories?tick=", "tick"],
    ["events?since_tick=x", "since_tick"],
    ["events?after=3", "after"],
    ["events?limit=0", "limit"],
    ["events?limit=1001", "limit"],
    ["stream?since=now", "since"],
  ] as const) {
    const { errors } = await expectProblem(await fetch(`${url}/api/world/amoi-1/${path}`), 400);
    expect({ path, names: errors?.map((error) => error.path) }).toEqual({ path, names: [name] });
  }
});

test("events that are no longer held are a 404 that says from where on they are", async () => {
  const world = new ScriptedWorld("long");
  const { snapshot } = world;
  const shown = { ...snapshot.state.public, tick: 110_001 };
  const long = new RealmView(
    {
      ...snapshot,
      tick: 110_001,
      state: { ...snapshot.state, public: shown },
      public_hash: canonicalHash(shown),
    },
    "e1",
  );
  const event = (tick: number) => ({ tick, n: 1, kind: "status" as const, status: "active" as const });
  long.remember(Array.from({ length: 110_001 }, (_, tick) => event(tick + 1)));
  server.feed.open("long").restored(long);
  const { errors } = await expectProblem(await fetch(`${url}/api/world/long/events?since_tick=10000`), 404);
  expect(errors).toEqual([{ path: "after", message: "must not be before 10001.1" }]);
  const page = await (await fetch(`${url}/api/world/long/events?after=10001.1&limit=1`)).json();
  expect(page).toMatchObject({ events: [{ tick: 10_002 }], next: "10002.1" });
});

test("where there is nothing new yet, next is a place to ask from, also after since_tick alone", async () => {
  for (const asked of ["", "?since_tick=0", "?after=0.0"]) {
    const page = (await (await fetch(`${url}/api/world/amoi-1/events${asked}`)).json()) as { next: string };
    const { next } = page;
    const again = await fetch(`${url}/api/world/amoi-1/events?after=${next}`);
    expect({ status: again.status, page: await again.json() }).toMatchObject({
      status: 200,
      page: { events: [], next },
    });
  }
});

test("a tick that is still to come is a 404, also as the place where events are asked from", async () => {
  for (const read of [
    "summary?tick=1",
    "events?since_tick=1",
    "events?since_tick=999999999999999",
    "events?after=1.0",
  ])
    await expectProblem(await fetch(`${url}/api/world/amoi-1/${read}`), 404);
});

test("an address that reads too often is a 429 that says when to come back", async () => {
  const strict = new PublicServer(makeEngine, SECRET, FEED_LIMITS, { ...READ_LIMITS, perMinute: 3 });
  const strictUrl = `http://127.0.0.1:${await strict.listen("127.0.0.1", await pickPort())}/api/world`;
  const left = [];
  for (let i = 0; i < 3; i++) left.push((await fetch(strictUrl)).headers.get("ratelimit"));
  expect(left).toEqual(['"reads";r=2;t=20', '"reads";r=1;t=40', '"reads";r=0;t=60']);
  const refused = await fetch(strictUrl);
  await expectProblem(refused, 429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(15);
  expect(refused.headers.get("ratelimit-policy")).toBe('"reads";q=3;w=60');
  strict.close();
});

test("an unknown realm, part or path is a 404 with its problem", async () => {
  for (const path of [
    "/api/world/nowhere/summary",
    "/api/world/amoi-1/nothing",
    "/api/world/amoi-1",
    "/api/world/..%2f/summary",
    "/api/world/AMOI-1/summary",
    "/api/world/constructor/summary",
    "/nothing",
    "/shared/feed-client.ts/x",
    "/%00",
  ])
    await expectProblem(await fetch(url + path), 404);
});

test("a realm that is not restored yet is a 503 that says when to come back, also on the feed", async () => {
  const response = await fetch(`${url}/api/world/absent/summary`);
  await expectProblem(response, 503);
  expect(response.headers.get("retry-after")).toBe("1");
  expect((await new RawClient(port, "/feed/absent").until(({ status }) => status !== "")).status).toContain(
    "503",
  );
});

test("anything but GET and HEAD is a 405 that names them", async () => {
  for (const method of ["DELETE", "OPTIONS", "PROPFIND"]) {
    const response = await fetch(`${url}/api/world`, { method });
    await expectProblem(response, 405);
    expect(response.headers.get("allow")).toBe("GET, HEAD");
  }
  expect((await say("POST /api/world HTTP/1.1\r\nHost: x\r\n\r\n")).answers).toEqual(["405"]);
  // node's parser knows no such method.
  const { answers } = await say("get /api/world HTTP/1.1\r\nHost: x\r\n\r\n");
  expect(answers).toEqual([ENGINE === "uws" ? "405" : "400"]);
});

test("a page of another origin may ask with the headers that reads and streams know", async () => {
  for (const path of ["/api/world/amoi-1/territories", "/api/world/amoi-1/stream"]) {
    const asked = { Origin: "https://elsewhere.example", "Access-Control-Request-Method": "GET" };
    const { status, headers } = await fetch(`${url}${path}`, { method: "OPTIONS", headers: asked });
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.get("access-control-allow-methods")).toBe("GET, HEAD");
    const allowed = headers.get("access-control-allow-headers")!.split(", ");
    for (const header of [
      "If-None-Match",
      "Last-Event-ID",
      "Authorization",
      "Cache-Control",
      "Pragma",
      "traceparent",
    ])
      expect(allowed).toContain(header);
  }
});

test("a POST with a body is a 400", async () => {
  await expectProblem(await fetch(`${url}/api/world`, { method: "POST", body: "{}" }), 400);
});

test("a request with a body is a 400 and ends its connection: what follows is not taken for a request", async () => {
  const next = "GET /api/world HTTP/1.1\r\nHost: x\r\n\r\n";
  for (const path of ["/api/world", "/api/world/amoi-1/summary", "/", "/nothing", "/feed/amoi-1"])
    for (const announced of [
      `Content-Length: ${next.length}`,
      `Content-Length: 0\r\nContent-Length: ${next.length}`,
      "Content-Length: 00",
      "Transfer-Encoding: chunked",
      `Content-Length: ${next.length}\r\nTransfer-Encoding: identity`,
    ]) {
      const { answers, closed } = await say(`GET ${path} HTTP/1.1\r\nHost: x\r\n${announced}\r\n\r\n${next}`);
      // Where uWS itself makes out a second request, it cuts the connection before the first is answered.
      const refused = answers.every((status) => status === "400");
      expect({ path, announced, closed, refused }).toEqual({ path, announced, closed: true, refused: true });
    }
  const { answers } = await say("GET /api/world HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
  expect(answers).toEqual(["400"]);
});

test("an upgrade with a body is refused as well", async () => {
  const { answers, closed } = await say(
    "GET /feed/amoi-1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nContent-Length: 5\r\n\r\nhello",
  );
  expect({ answers, closed }).toEqual({ answers: ["400"], closed: true });
});

test("an empty body that is announced as such is none", async () => {
  const { answers } = await say("GET /api/world HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  expect(answers).toEqual(["200"]);
});

test("requests that follow each other on one connection are all answered", async () => {
  const one = "GET /api/world/amoi-1/territories HTTP/1.1\r\nHost: x\r\n\r\n";
  expect((await say(one + one + one)).answers).toEqual(["200", "200", "200"]);
});

test("the feed refuses an unknown realm and a since that is none before it upgrades", async () => {
  const statusOf = async (path: string) =>
    (await new RawClient(port, path).until(({ status }) => status !== "")).status;
  expect(await statusOf("/feed/nowhere")).toContain("404");
  for (const since of ["", "e1", "e1:", "e1:-1", "e1:1.5", "e1:01", "E1:1", "e1:99999999999999999", "e1:1:1"])
    expect(await statusOf(`/feed/amoi-1?since=${since}`)).toContain("400");
  expect(await statusOf("/feed/amoi-1?since=e1%3A0")).toContain("101");
  await expectProblem(await fetch(`${url}/feed/amoi-1`), 426);
});

test("the page and everything it loads is served, and may load nothing from elsewhere", async () => {
  const page = await fetch(url);
  const policy = page.headers.get("content-security-policy")!;
  expect(policy).toContain("default-src 'none'; script-src 'self'");
  expect(policy).not.toMatch(/unsafe|data:|\*|http/);
  const html = await page.text();
  expect(html).not.toMatch(/<script(?![^>]* src=)|<style| style=| on[a-z]+=/);
  const loaded = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => match[1]!);
  expect(loaded.map((path) => path.split(".").at(-1)).sort()).toEqual(["css", "js", "svg"]);
  for (const path of loaded) {
    const response = await fetch(url + path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^(text\/(javascript|css)|image\/svg)/);
    expect(response.headers.get("cache-control")).toContain("immutable");
  }
});

test("the map is the ruleset's, in its order", async () => {
  const map = (await (await fetch(`${url}/api/world/amoi-1/map`)).json()) as RealmMap;
  const empire = { vi: "Đế Chế", en: "Empire", en_the: "the Empire" };
  expect(map).toMatchObject({ tick: 0, hash: view.hash, factions: { empire: { name: empire } } });
  expect(map.resources.grain).toEqual({ name: { vi: "lương thực", en: "grain" } });
  expect(map.territories[0]).toEqual({
    id: "iron_gate",
    name: { vi: "Cổng Sắt", en: "Iron Gate", en_the: "the Iron Gate" },
    at: [500, 100],
    adjacent: ["moon_stair", "crown_fields", "hollow_cross"],
  });
});

test("with a language asked for, every name of the map is a text of that language", async () => {
  const read = async (lang: string) => (await fetch(`${url}/api/world/amoi-1/map?lang=${lang}`)).json();
  const [vi, en] = [(await read("vi")) as RealmMap, (await read("en")) as RealmMap];
  expect([vi.relics.tide_bell, en.relics.tide_bell]).toEqual([
    { name: "Chuông Triều" },
    { name: "Tide Bell" },
  ]);
  expect([vi, en].map((map) => map.territories.map(({ name }) => typeof name))).toEqual(
    [vi, en].map((map) => map.territories.map(() => "string")),
  );
  expect([vi.actions.embargo, en.campaigns.iron_decrees]).toEqual([
    { name: "Lệnh Cấm Vận" },
    { name: "Iron Decrees" },
  ]);
  expect((await fetch(`${url}/api/world/amoi-1/map?lang=fr`)).status).toBe(400);
});

test("a port that another program has is told clearly; another broadcaster shares it", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const taken = typeof address === "object" && address !== null ? address.port : 0;
  const second = new PublicServer(makeEngine, SECRET);
  await expect(second.listen("127.0.0.1", taken)).rejects.toThrow(PortTaken);
  other.close();
  expect(await second.listen("127.0.0.1", port)).toBe(port);
  second.close();
});

test("in local mode a request for another host is answered 421, and opens no feed", async () => {
  const local = new PublicServer(makeEngine, SECRET, FEED_LIMITS, READ_LIMITS, hostCheck(readEnv({})));
  const port = await local.listen("127.0.0.1", 0);
  const statusOf = (path: string, headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) =>
      get({ host: "127.0.0.1", port, path, headers, agent: false }, (answer) => {
        answer.resume();
        resolve(answer.statusCode!);
      }).on("error", reject),
    );
  try {
    const upgrade = {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    };
    for (const host of ["evil.example", "127.0.0.1.evil.example:8080"]) {
      for (const path of ["/", "/api/world", "/openapi.json", "/nothing"])
        expect(await statusOf(path, { host }), path).toBe(421);
      expect(await statusOf("/feed/amoi-1", { host, ...upgrade })).toBe(421);
    }
    expect(await statusOf("/api/world", { host: `localhost:${port}` })).toBe(200);
  } finally {
    local.close();
  }
});
