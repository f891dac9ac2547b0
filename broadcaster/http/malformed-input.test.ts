/** Clients that mean harm, or are broken enough to look so. What a body on the public port gets is in `public.test.ts`. */
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { SignJWT, UnsecuredJWT } from "jose";
import { afterEach, expect, test, vi } from "vitest";
import { readEnv } from "../../shared/process/env.ts";
import { metrics } from "../../shared/process/metrics.ts";
import { Networks } from "../../shared/process/networks.ts";
import { CLOSE } from "../feed/close-codes.ts";
import type { RawClient } from "../testing/raw-client.ts";
import { FeedServer, REALM, tokenFor } from "../testing/test-feed.ts";
import type { FeedLimits } from "./limits.ts";

let feed: FeedServer;
afterEach(() => feed.close());
const serve = async (limits: Partial<FeedLimits> = {}) => {
  feed = await new FeedServer(limits).listen();
};

/** An honest client goes on, whatever happened. */
async function expectAllWell(honest: RawClient): Promise<void> {
  feed.tick();
  const { tick } = feed.world.snapshot;
  await honest.until(({ frames }) => frames.some((frame) => frame.type === "delta" && frame.tick === tick));
  expect(honest.frames.some(({ type }) => type === "resync")).toBe(false);
}
const PROXIES = { header: "x-forwarded-for", networks: new Networks(["loopback"]) };
const statusOf = async (client: RawClient) => (await client.until(({ status }) => status !== "")).status;
const openSockets = async () =>
  (await metrics.connections.get()).values.find(({ labels }) => labels.realm === REALM)?.value ?? 0;

test("a hundred thousand tiny frames end at the limit of a minute, with the code that says not to come back", async () => {
  await serve();
  const honest = await feed.joined();
  const flood = await feed.joined();
  // Each an empty ping of a client: six bytes, masked with zeros.
  flood.socket.write(Buffer.alloc(600_000, Buffer.from([0x89, 0x80, 0, 0, 0, 0])));
  await flood.ended();
  // What it still sends when it is closed may cost it the code.
  expect([CLOSE.flood.code, undefined]).toContain(flood.closeCode);
  await expectAllWell(honest);
});

test("tiny text frames, unasked pongs and pieces of a message that never ends cost no more", async () => {
  await serve();
  const honest = await feed.joined();
  for (const frame of [
    [0x81, 0x80, 0, 0, 0, 0],
    [0x8a, 0x80, 0, 0, 0, 0],
    [0x01, 0x81, 0, 0, 0, 0, 0x78],
  ]) {
    const flood = await feed.joined();
    flood.socket.write(Buffer.alloc(frame.length * 100_000, Buffer.from(frame)));
    await flood.ended();
  }
  const pieces = await feed.joined();
  pieces.socket.write(Buffer.from([0x01, 0x81, 0, 0, 0, 0, 0x78]));
  pieces.socket.write(Buffer.alloc(7 * 100_000, Buffer.from([0x00, 0x81, 0, 0, 0, 0, 0x78])));
  await pieces.ended();
  await expectAllWell(honest);
});

test("bytes have a limit of their own", async () => {
  await serve({ bytesPerMinute: 5_000 });
  const client = await feed.joined();
  client.say(JSON.stringify({ type: "token", token: "x".repeat(2_000) }));
  await client.ended();
  const other = await feed.joined({ token: await tokenFor("ada") });
  for (let i = 0; i < 3; i++)
    other.say(JSON.stringify({ type: "token", token: await tokenFor("ada") }).padEnd(2_000));
  await other.ended();
  expect(client.closeCode).toBe(CLOSE.tokenRefused.code);
  expect([CLOSE.flood.code, undefined]).toContain(other.closeCode);
});

test("headers beyond any request's size are refused, and the connection ends", async () => {
  await serve();
  const honest = await feed.joined();
  const socket = connect({ port: feed.port, host: "127.0.0.1" });
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  socket.on("error", () => {});
  socket.write(`GET /feed/${REALM} HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(300_000)}`);
  await new Promise((resolve) => socket.once("close", resolve));
  expect(answer === "" || answer.startsWith("HTTP/1.1 431")).toBe(true);
  await expectAllWell(honest);
});

test("a connection that never finishes its request is cut", async () => {
  await serve();
  const honest = await feed.joined();
  const halves = ["", "GET /feed/", `GET /feed/${REALM} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n`];
  const closed = halves.map(async (bytes) => {
    const socket = connect({ port: feed.port, host: "127.0.0.1" });
    socket.write(bytes);
    socket.resume();
    await new Promise((resolve) => socket.once("close", resolve));
  });
  await Promise.all(closed);
  await expectAllWell(honest);
}, 40_000);

test("a socket whose peer is gone without a word is cut after the idle time", async () => {
  await serve({ idleSeconds: 8 });
  // It reads, but answers no ping: what TCP delivers to a machine that forgot the connection.
  const before = await openSockets();
  const gone = await feed.joined();
  expect(await openSockets()).toBe(before + 1);
  await gone.ended();
  expect(gone.closeCode).toBeUndefined();
  expect(await openSockets()).toBe(before);
}, 40_000);

test("a token of another algorithm, none at all, or signed for something else opens nothing", async () => {
  await serve();
  const secret = new TextEncoder().encode(readEnv({}).FEED_TOKEN_SECRET);
  const claims = {
    realm: REALM,
    aud: "amoisekai-feed",
    sub: "ada",
    exp: Math.floor(Date.now() / 1_000) + 60,
  };
  const signed = (change: object, alg = "HS256") =>
    new SignJWT({ ...claims, ...change }).setProtectedHeader({ alg }).sign(secret);
  for (const token of [
    await signed({}, "HS384"),
    new UnsecuredJWT(claims).encode(),
    await signed({ realm: "amoi-2" }),
    await signed({ aud: "amoisekai-api" }),
    await signed({ exp: undefined }),
    await signed({ sub: { user: "ada" } }),
    "x".repeat(2_000),
    "..",
  ]) {
    const client = await feed.connect({ token }).ended();
    expect(client).toMatchObject({
      status: "HTTP/1.1 101 Switching Protocols",
      closeCode: CLOSE.tokenRefused.code,
      frames: [],
    });
  }
  const expired = await feed.connect({ token: await signed({ exp: claims.exp - 120 }) }).ended();
  expect(expired.closeCode).toBe(CLOSE.tokenExpired.code);
});

test("clients that vanish while their token is looked at do no harm", async () => {
  await serve();
  const honest = await feed.joined();
  const token = await tokenFor("ada");
  for (let i = 0; i < 200; i++) {
    const client = feed.connect({ token });
    client.socket.once("connect", () => setImmediate(() => client.close()));
  }
  await delay(300);
  await expectAllWell(honest);
});

test("a since of the future, of another epoch or of nowhere starts a client anew or is refused", async () => {
  await serve();
  for (const [since, reason] of [
    ["e1:1", "future"],
    ["e1:999999999999999", "future"],
    ["e2:0", "epoch"],
    ["constructor:0", "epoch"],
  ] as const) {
    const client = await feed.connect({ since }).until(({ frames }) => frames.length === 2);
    expect(client.frames).toMatchObject([
      { type: "resync", reason },
      { type: "snapshot", tick: 0 },
    ]);
  }
  for (const since of ["e1:-1", "e1:1e3", "e1:", ":1", "e1:0x1", "é:1", "e1:99999999999999999999"])
    expect(await statusOf(feed.connect({ since }))).toContain("400");
});

test("clients that never read are cut in time, and nobody else misses a tick or waits for them", async () => {
  await serve({ slowGraceMs: 300, closeGraceMs: 300 });
  const before = await openSockets();
  const honest = await Promise.all(Array.from({ length: 19 }, () => feed.joined()));
  const deaf = await feed.joined();
  deaf.pause();
  for (let tick = 1; tick <= 60; tick++) {
    feed.tick(100_000);
    await Promise.all(honest.map((client) => client.until(({ frames }) => frames.length > tick)));
  }
  for (const { frames } of honest)
    expect(frames.map((frame) => ("tick" in frame ? frame.tick : frame.type))).toEqual(
      frames.map((_, i) => i),
    );
  await vi.waitFor(async () => expect(await openSockets()).toBe(before + honest.length), 5_000);
}, 40_000);

test("an address has so many connections and no more, and one that ends makes room", async () => {
  await serve({ connectionsPerAddress: 3 });
  const three = [
    await feed.joined(),
    await feed.joined(),
    await feed.joined({ token: await tokenFor("ada") }),
  ];
  expect(await statusOf(feed.connect())).toContain("429");
  expect(await statusOf(feed.connect({ token: await tokenFor("ada") }))).toContain("429");
  three[0]!.close();
  await vi.waitFor(async () => expect(await statusOf(feed.connect())).toContain("101"), 2_000);
});

test("behind a proxy the address that it vouches for counts, whatever the client wrote before it", async () => {
  await serve({ connectionsPerAddress: 1, proxies: PROXIES });
  const from = async (forwarded: string) =>
    (await statusOf(feed.connect({}, [`X-Forwarded-For: ${forwarded}`]))).slice(9, 12);
  expect([await from("10.0.0.1"), await from("10.0.0.2")]).toEqual(["101", "101"]);
  expect([await from("10.0.0.9, 10.0.0.1"), await from("10.0.0.1, 10.0.0.3")]).toEqual(["429", "101"]);
});

test("behind a proxy that adds a line of its own the last line counts, not the client's", async () => {
  await serve({ connectionsPerAddress: 1, proxies: PROXIES });
  const from = async (...lines: string[]) =>
    (
      await statusOf(
        feed.connect(
          {},
          lines.map((line) => `X-Forwarded-For: ${line}`),
        ),
      )
    ).slice(9, 12);
  expect([await from("10.0.0.8", "10.0.0.1"), await from("10.0.0.9", "10.0.0.1")]).toEqual(["101", "429"]);
});

test("behind a proxy an IPv6 address counts as its /64 as well, however it is written", async () => {
  await serve({ connectionsPerAddress: 1, proxies: PROXIES });
  const from = async (forwarded: string) =>
    (await statusOf(feed.connect({}, [`X-Forwarded-For: ${forwarded}`]))).slice(9, 12);
  expect(await from("2001:db8:1:2::1")).toBe("101");
  for (const same of ["2001:db8:1:2::2", "2001:0DB8:1:2:3:4:5:6", "[2001:db8:1:2::3]:443"])
    expect(await from(same)).toBe("429");
  expect(await from("2001:db8:1:3::1")).toBe("101");
});

test("where origins are listed, pages of others are refused and programs, which have none, are not", async () => {
  await serve({ origins: new Set(["https://amoisekai.example"]) });
  const by = async (...headers: string[]) => (await statusOf(feed.connect({}, headers))).slice(9, 12);
  expect(await by("Origin: https://amoisekai.example")).toBe("101");
  expect(await by()).toBe("101");
  for (const origin of ["https://evil.example", "null", "http://amoisekai.example"])
    expect(await by(`Origin: ${origin}`)).toBe("403");
});
