/** What one client may cost: memory of a connection, requests and openings of an address, and the time to take an answer. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeAll, expect, test } from "vitest";
import { buildPages } from "../../ops/tools/pages/build.ts";
import { readEnv } from "../../shared/process/env.ts";
import { PublicServer } from "../public.ts";
import { RealmView } from "../realm/realm-view.ts";
import { RawClient } from "../testing/raw-client.ts";
import { ScriptedWorld } from "../testing/scripted-world.ts";
import { ENGINE, makeEngine } from "../testing/test-engine.ts";
import { FEED_LIMITS, type FeedLimits, READ_LIMITS, type ReadLimits } from "./limits.ts";

const REALM = "amoi-1";
const { FEED_TOKEN_SECRET: SECRET } = readEnv({});
let server: PublicServer;
let port: number;
let url: string;
let view: RealmView;
let world: ScriptedWorld;
const sockets: Socket[] = [];

beforeAll(() => buildPages());
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
});

async function serve(limits: Partial<FeedLimits> = {}, reads: Partial<ReadLimits> = {}): Promise<void> {
  server = new PublicServer(makeEngine, SECRET, { ...FEED_LIMITS, ...limits }, { ...READ_LIMITS, ...reads });
  port = await server.listen("127.0.0.1", 0);
  url = `http://127.0.0.1:${port}`;
  world = new ScriptedWorld(REALM);
  view = new RealmView(world.snapshot, "e1");
  server.feed.open(REALM).restored(view);
}
function open(): Socket {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => {});
  sockets.push(socket);
  return socket;
}
const get = (path: string, headers = "") => `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
/** Answers what comes until the connection ends or nothing does for `quietMs`. */
async function readAll(socket: Socket, quietMs = 300): Promise<string> {
  let text = "";
  let lastMs = performance.now();
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    text += chunk;
    lastMs = performance.now();
  });
  // A busy machine may take its time for the first byte; what follows it comes soon.
  const patience = () => (text === "" ? Math.max(quietMs, 3_000) : quietMs);
  while (!socket.closed && performance.now() - lastMs < patience()) await delay(20);
  return text;
}
const statuses = (text: string) => text.match(/HTTP\/1\.1 \d{3}/g)?.map((line) => line.slice(9)) ?? [];

/** An answer of 8 MB, more than the kernel takes for a connection. */
const LARGE = `/api/world/${REALM}/events?limit=1000`;
function fillLog(): void {
  const text = "x".repeat(8_000);
  view.remember(
    Array.from({ length: 1_000 }, (_, i) => ({
      tick: 1,
      n: i + 1,
      kind: "decree" as const,
      id: "d",
      text,
      author: "gm",
    })),
  );
}

test("whatever an address asks for counts: reads, documents, the page and its files, what isn't there, other methods", async () => {
  const asked: [string, string?][] = [
    ["/api/world"],
    [`/api/world/${REALM}/summary`],
    [`/api/world/${REALM}/summary?tik=1`],
    ["/api/world/nowhere/summary"],
    ["/openapi.json"],
    ["/asyncapi.json"],
    ["/"],
    ["/nothing"],
    ["/api/world", "HEAD"],
    ["/api/world", "DELETE"],
    ["/api/world", "OPTIONS"],
  ];
  await serve({}, { perMinute: asked.length });
  for (const [i, [path, method = "GET"]] of asked.entries()) {
    const { headers, status } = await fetch(url + path, { method });
    expect(status).not.toBe(429);
    expect(headers.get("ratelimit")).toContain(`"reads";r=${asked.length - 1 - i};`);
  }
  for (const path of ["/", "/asyncapi.json", "/nothing", "/api/world"]) {
    const refused = await fetch(url + path);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  }
});

test("200 KB of requests for a document, whose answers nobody reads, cost one answer and end their connection", async () => {
  await serve({}, { perMinute: 1_000_000 });
  const one = get("/asyncapi.json");
  const before = process.memoryUsage.rss();
  const deaf = open();
  deaf.pause();
  deaf.write(one.repeat(Math.ceil(200_000 / one.length)));
  await delay(500);
  const grown = process.memoryUsage.rss() - before;
  // What the kernel holds is neither's; all answers together would be 1.5 GB.
  expect(grown / 2 ** 20).toBeLessThan(100);
  expect((await fetch(`${url}/api/world`)).status).toBe(200);
  deaf.resume();
  await once(deaf, "close");
});

test("requests that go on after the address has none left end their connection", async () => {
  await serve({}, { perMinute: 3 });
  const socket = open();
  socket.write(get("/api/world").repeat(10));
  const answered = statuses(await readAll(socket));
  // uWS cuts it before anything is out.
  expect(answered).toEqual(ENGINE === "uws" ? [] : ["200", "200", "200", "429"]);
  expect(socket.closed).toBe(true);
  expect((await fetch(`${url}/api/world`)).status).toBe(429);
});

test("one who reads slowly gets a large answer whole, and others don't wait for it", async () => {
  await serve();
  fillLog();
  const slow = open();
  slow.pause();
  slow.write(get(LARGE));
  await delay(300);
  for (let i = 0; i < 20; i++) expect((await fetch(`${url}/api/world/${REALM}/summary`)).status).toBe(200);
  slow.resume();
  const text = await readAll(slow);
  const [head, body] = [text.slice(0, text.indexOf("\r\n\r\n")), text.slice(text.indexOf("\r\n\r\n") + 4)];
  expect(head.toLowerCase()).toContain(`content-length: ${body.length}`);
  const { events, next } = JSON.parse(body) as { events: unknown[]; next: string };
  expect({ events: events.length, next }).toEqual({ events: 1_000, next: "1.1000" });
  slow.write(get("/api/world"));
  await once(slow, "data");
});

test("an answer that nobody reads is cut in time", async () => {
  await serve({}, { answerMs: 300 });
  fillLog();
  const deaf = open();
  deaf.pause();
  deaf.write(get(LARGE));
  await delay(900);
  deaf.resume();
  const text = await readAll(deaf);
  expect(deaf.closed).toBe(true);
  expect(text.length).toBeLessThan(8_000_000);
});

test("feeds and streams are opened so often in a minute, and then refused with when to come back", async () => {
  await serve({ openingsPerMinute: 4 });
  const statusOf = async () => {
    const client = new RawClient(port, `/feed/${REALM}`);
    sockets.push(client.socket);
    return (await client.until(({ status }) => status !== "")).status.slice(9, 12);
  };
  const stream = await fetch(`${url}/api/world/${REALM}/stream`);
  expect([stream.status, await statusOf(), await statusOf(), await statusOf()]).toEqual([
    200,
    "101",
    "101",
    "429",
  ]);
  void stream.body?.cancel();
  const refused = await fetch(`${url}/api/world/${REALM}/stream`);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(refused.headers.get("ratelimit-policy")).toBe('"openings";q=4;w=60');
  // Reads have a limit of their own.
  expect((await fetch(`${url}/api/world`)).status).toBe(200);
});

test("what is sent to catch up counts as openings", async () => {
  await serve({ openingsPerMinute: 100 });
  for (let i = 0; i < 100; i++)
    view.advance(world.tick({ effects: { note: { source: `${i}`.padEnd(65_536, ".") } } }).delta);
  const missed = async () => {
    const client = new RawClient(port, `/feed/${REALM}?since=e1:0`);
    sockets.push(client.socket);
    return client;
  };
  const first = await missed();
  await first.until(({ frames }) => frames.length === 100);
  expect((await (await missed()).until(({ status }) => status !== "")).status).toContain("429");
  const stream = await fetch(`${url}/api/world/${REALM}/stream?since=e1:0`);
  expect(stream.status).toBe(429);
});

test("HEAD is answered as GET is, without the body, wherever GET is answered at once", async () => {
  await serve();
  const headersOf = ({ headers }: Response) =>
    [...headers].filter(([name]) => !["connection", "date", "keep-alive", "ratelimit"].includes(name));
  for (const path of [...server.paths, "/nothing", "/api/world/{realm}/summary?tick=9"]) {
    if (path.endsWith("/stream")) continue;
    const at = url + path.replace("{realm}", REALM);
    const [asked, head] = [await fetch(at), await fetch(at, { method: "HEAD" })];
    const body = await asked.arrayBuffer();
    expect({ path, status: head.status, headers: headersOf(head) }).toEqual({
      path,
      status: asked.status,
      headers: headersOf(asked),
    });
    expect(Number(head.headers.get("content-length"))).toBe(body.byteLength);
    expect(await head.text()).toBe("");
  }
  const stream = await fetch(`${url}/api/world/${REALM}/stream`, { method: "HEAD" });
  expect([stream.status, stream.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
});

test("a header of 16 KB passes on the page, on reads and on the feed, in one packet or in several; 24 KB are refused", async () => {
  await serve();
  const cookie = (bytes: number) => `Cookie: ${"x".repeat(bytes)}\r\n`;
  for (const path of ["/", `/api/world/${REALM}/summary`]) {
    const whole = open();
    whole.write(get(path, cookie(16_384)));
    expect(statuses(await readAll(whole))).toEqual(["200"]);
    const pieces = open();
    const text = get(path, cookie(16_384));
    for (let at = 0; at < text.length; at += 5_000) {
      pieces.write(text.slice(at, at + 5_000));
      await delay(10);
    }
    expect(statuses(await readAll(pieces))).toEqual(["200"]);
    const large = open();
    large.write(get(path, cookie(24_576)));
    expect(statuses(await readAll(large))).toEqual(["431"]);
    await expect.poll(() => large.closed).toBe(true);
  }
  const client = new RawClient(port, `/feed/${REALM}`, [cookie(16_384).trim()]);
  sockets.push(client.socket);
  await client.until(({ frames }) => frames.length > 0);
});

test("a request line that a packet ends anywhere is answered, by uWS but for its last eleven bytes; so is HTTP/1.0, not by uWS", async () => {
  await serve();
  const request = get(`/api/world/${REALM}/summary`);
  const asked = Array.from({ length: request.length - 1 }, async (_, i) => {
    const socket = open();
    socket.setNoDelay().write(request.slice(0, i + 1));
    await delay(60);
    socket.write(request.slice(i + 1));
    return (await readAll(socket))[9] === "2" ? [] : [i + 1];
  });
  const failed = (await Promise.all(asked)).flat();
  const lineEnd = request.indexOf("\r\n");
  const known = [4, ...Array.from({ length: 10 }, (_, i) => lineEnd - 8 + i)];
  expect(failed).toEqual(ENGINE === "uws" ? known : []);
  const old = open();
  old.write("GET /api/world HTTP/1.0\r\n\r\n");
  expect(statuses(await readAll(old))).toEqual([ENGINE === "uws" ? "505" : "200"]);
});
