/** Event streams of a real server, read by a client that decides itself when it reads. */
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { createGzip } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { pickPort } from "../../ops/local/ports.ts";
import type { FeedFrame } from "../../shared/contracts/feed.ts";
import { FEED_LIMITS, READ_LIMITS } from "../http/limits.ts";
import { PublicServer } from "../public.ts";
import { RealmView } from "../realm/realm-view.ts";
import { RawStream } from "../testing/raw-stream.ts";
import { ScriptedWorld } from "../testing/scripted-world.ts";
import { makeEngine } from "../testing/test-engine.ts";

const SECRET = "a-secret-of-32-bytes-at-the-least";
let server: PublicServer;
let port: number;
let world: ScriptedWorld;
let realms = 0;
const streams: RawStream[] = [];

beforeAll(async () => {
  server = new PublicServer(makeEngine, SECRET, FEED_LIMITS, { ...READ_LIMITS, streams: 5 });
  port = await server.listen("127.0.0.1", await pickPort());
});
afterAll(() => server.close());
beforeEach(() => {
  world = new ScriptedWorld(`realm-${realms++}`);
  server.feed.open(world.realm).restored(new RealmView(world.snapshot, "e1"));
});
afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
});

function open(headers: Record<string, string> = {}, query = ""): RawStream {
  const stream = new RawStream(port, `/api/world/${world.realm}/stream${query}`, headers);
  streams.push(stream);
  return stream;
}
function tick(change: object = {}): void {
  const channel = server.feed.channels.get(world.realm)!;
  channel.advanced(channel.view!.advance(world.tick(change).delta));
}
const told = ({ events }: RawStream) =>
  events.map(({ id, frame }) => `${id} ${frame.type === "resync" ? frame.reason : frame.type}`);

test("a stream begins with the snapshot and goes on with each delta, every one under its place", async () => {
  const stream = await open().until(({ events }) => events.length === 1);
  tick({ meters: { global_tension: 5 } });
  tick();
  await stream.until(({ events }) => events.length === 3);
  expect(told(stream)).toEqual(["e1:0 snapshot", "e1:1 delta", "e1:2 delta"]);
  expect(stream.head).toContain("text/event-stream");
  expect(stream.events[1]!.frame).toMatchObject({ tick: 1, patch: { meters: { global_tension: 5 } } });
});

test("a stream that comes back with Last-Event-ID gets exactly what it missed", async () => {
  for (let i = 0; i < 4; i++) tick();
  const stream = await open({ "Last-Event-ID": "e1:2" }).until(({ events }) => events.length === 2);
  expect(told(stream)).toEqual(["e1:3 delta", "e1:4 delta"]);
});

test("the header counts before the address, which a browser keeps", async () => {
  for (let i = 0; i < 4; i++) tick();
  const stream = await open({ "Last-Event-ID": "e1:3" }, "?since=e1:1").until(
    ({ events }) => events.length === 1,
  );
  expect(told(stream)).toEqual(["e1:4 delta"]);
});

test("a stream from another epoch or the future is told so, and starts anew", async () => {
  for (const place of ["e0:0", "e1:9"]) {
    const stream = await open({ "Last-Event-ID": place }).until(({ events }) => events.length === 2);
    expect(told(stream)).toEqual([`undefined ${place === "e0:0" ? "epoch" : "future"}`, "e1:0 snapshot"]);
    stream.close();
  }
});

test("a place that is none is refused with a 400 that names the header", async () => {
  for (const none of ["yesterday", "", "\u00ff\u00fe", "\u2603", "\u00ffe1:0x", "e1:-1", "e1:0:0"]) {
    const stream = await open({ "Last-Event-ID": none }, "?since=e1:0").ended();
    expect(`${none} ${stream.head}`).toContain("400");
    expect(stream.text).toContain("Last-Event-ID");
  }
});

test("a stream that doesn't read misses nothing when it reads again", async () => {
  const stream = await open().until(({ events }) => events.length === 1);
  stream.pause();
  const ticks = 100;
  // More than the kernel takes for a socket that nobody reads.
  for (let i = 1; i <= ticks; i++)
    tick({ effects: { padding: { kind: "style", source: `${i % 10}`.repeat(100_000) } } });
  stream.resume();
  await stream.until(({ events }) => events.length === ticks + 1);
  expect(stream.events.map(({ id }) => id)).toEqual(Array.from({ length: ticks + 1 }, (_, i) => `e1:${i}`));
});

test("one stream too many is a 503 that says when to come back", async () => {
  const held = Array.from({ length: 5 }, () => open());
  for (const stream of held) await stream.until(({ events }) => events.length === 1);
  expect((await open().ended()).head).toContain("503");
  held[0]!.close();
  await expect.poll(async () => (await open().until(({ head }) => head !== "")).head).toContain("200");
});

test("frames are those of the WebSocket feed", async () => {
  const stream = await open().until(({ events }) => events.length === 1);
  const { frame } = stream.events[0] as { frame: FeedFrame };
  expect(frame).toEqual({
    type: "snapshot",
    realm: world.realm,
    epoch: "e1",
    tick: 0,
    hash: world.snapshot.public_hash,
    state: world.snapshot.state.public,
  });
});

test("a stream of a realm whose past turned out another is told to start anew, also in the same tick", async () => {
  const stream = await open().until(({ events }) => events.length === 1);
  const other = new ScriptedWorld(world.realm);
  tick({ meters: { global_tension: 5 } });
  await stream.until(({ events }) => events.length === 2);
  other.tick({ meters: { global_tension: 6 } });
  server.feed.channels.get(world.realm)!.restored(new RealmView(other.snapshot, "e1"));
  world = other;
  tick();
  await stream.until(({ events }) => events.at(-1)!.id === "e1:2");
  expect(told(stream)).toEqual([
    "e1:0 snapshot",
    "e1:1 delta",
    "undefined gap",
    "e1:1 snapshot",
    "e1:2 delta",
  ]);
});

test("a pulse comes without a place, to a stream that misses nothing", async () => {
  const stream = await open().until(({ events }) => events.length === 1);
  const channel = server.feed.channels.get(world.realm)!;
  const next_at = new Date().toISOString();
  channel.pulsed({ realm: world.realm, next_tick: 1, next_at, pressure: { iron_gate: { empire: 2 } } });
  await stream.until(({ events }) => events.length === 2);
  expect(told(stream)).toEqual(["e1:0 snapshot", "undefined pulse"]);
  tick();
  await stream.until(({ events }) => events.length === 3);
  expect(told(stream).at(-1)).toBe("e1:1 delta");
});

test("an address' streams count with its sockets", async () => {
  const strict = new PublicServer(
    makeEngine,
    SECRET,
    { ...FEED_LIMITS, connectionsPerAddress: 2 },
    READ_LIMITS,
  );
  const strictPort = await strict.listen("127.0.0.1", await pickPort());
  strict.feed.open(world.realm).restored(new RealmView(world.snapshot, "e1"));
  const path = `/api/world/${world.realm}/stream`;
  const held = [1, 2].map(() => new RawStream(strictPort, path, {}));
  for (const stream of held) await stream.until(({ events }) => events.length === 1);
  expect((await new RawStream(strictPort, path, {}).ended()).head).toContain("429");
  held[0]!.close();
  await expect
    .poll(async () => {
      const stream = await new RawStream(strictPort, path, {}).until(({ head }) => head !== "");
      stream.close();
      return stream.head;
    })
    .toContain("200");
  strict.close();
});

test("the time to come back rides on the first event, and differs from stream to stream", async () => {
  const retries = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const stream = await open().until(({ events }) => events.length === 1);
      const [first] = stream.text.split("\n\n");
      expect(first).toMatch(/^retry: \d+\nid: e1:0\ndata: \{/);
      return Number(/\d+/.exec(first!)![0]);
    }),
  );
  expect(new Set(retries).size).toBeGreaterThan(1);
  for (const retry of retries) expect(retry >= 1_500 && retry < 3_000).toBe(true);
  // One that has missed nothing is told with the next event.
  const upToDate = await open({ "Last-Event-ID": "e1:0" }).until(({ head }) => head !== "");
  tick();
  await upToDate.until(({ events }) => events.length === 1);
  expect(upToDate.text).toMatch(/^: \n\nretry: \d+\nid: e1:1\ndata: /);
});

test("a proxy that compresses what it may passes each event on at once", async () => {
  // As compression middlewares do: what may be transformed is compressed, and held until there is enough of it.
  const proxy = createServer((asked, answer) => {
    request({ port, host: "127.0.0.1", path: asked.url!, headers: asked.headers }, (from) => {
      const may = !/no-transform/.test(from.headers["cache-control"] ?? "");
      answer.writeHead(from.statusCode!, { ...from.headers, ...(may ? { "content-encoding": "gzip" } : {}) });
      (may ? from.pipe(createGzip()) : from).pipe(answer);
    }).end();
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  const { port: proxyPort } = proxy.address() as AddressInfo;
  const stream = new RawStream(proxyPort, `/api/world/${world.realm}/stream`, {});
  streams.push(stream);
  await stream.until(({ events }) => events.length === 1);
  tick();
  await stream.until(({ events }) => events.length === 2);
  stream.close();
  proxy.close();
}, 10_000);
