/** The client library against the public port. What it does across broadcasters is in `feed.e2e.test.ts`. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { pickPort } from "../../ops/local/ports.ts";
import { wireTo } from "../../ops/testing/nats.ts";
import { FeedClient, type FeedClientOptions } from "../../shared/clients/typescript/feed-client.ts";
import type { PublicState } from "../../shared/contracts/world.ts";
import { canonicalHash } from "../../shared/exact/canonical.ts";
import { encodeFrame } from "../realm/encode.ts";
import { RealmView } from "../realm/realm-view.ts";
import { FeedServer, REALM, tokenFor } from "../testing/test-feed.ts";
import { CLOSE } from "./close-codes.ts";

const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0).reverse()) each.close();
});
async function serve(...of: ConstructorParameters<typeof FeedServer>): Promise<FeedServer> {
  const feed = await new FeedServer(...of).listen();
  open.push(feed);
  return feed;
}

/** Everything that happens to a client, in a line each. */
function watch(feed: { port: number }, options: Partial<FeedClientOptions> = {}) {
  const seen: string[] = [];
  const url = `http://127.0.0.1:${feed.port}`;
  const client = new FeedClient({ url, realm: REALM, pauseMs: { min: 10, max: 50 }, ...options });
  open.push(client);
  client.on("changed", ({ tick }, { type }) => seen.push(`${type} ${tick}`));
  client.on("pulse", ({ next_tick }) => seen.push(`pulse ${next_tick}`));
  client.on("notice", (items, tick) => seen.push(`notice ${tick} ${items.map(({ id }) => id)}`));
  client.on("resynced", (reason) => seen.push(`resync ${reason}`));
  client.on("fault", (message) => seen.push(`fault ${message}`));
  client.on("status", (status, close) => seen.push(close?.code ? `${status} ${close.code}` : status));
  const until = (line: string) =>
    vi.waitFor(() => expect(seen).toContain(line), { timeout: 8_000, interval: 5 });
  return { client, seen, until };
}
const item = (id: string) => ({ id, kind: "flip" });

test("without a hash of its own the client verifies every state by WebCrypto", async () => {
  const feed = await serve();
  const { client, seen, until } = watch(feed);
  await until("snapshot 0");
  feed.tick();
  await until("delta 1");
  expect(client.verifies).toBe(true);
  expect(client.world?.hash).toBe(feed.world.snapshot.public_hash);
  expect(seen).toEqual(["connecting", "open", "snapshot 0", "delta 1"]);
});

test("a state that doesn't have its hash is never shown: the client says so and starts anew", async () => {
  const feed = await serve();
  let first = true;
  const hash = (state: PublicState) => {
    const right = canonicalHash(state);
    const answer = first ? "another" : right;
    first = false;
    return answer;
  };
  const { seen, until } = watch(feed, { hash });
  await until("snapshot 0");
  const fault = "fault the state of tick 0 doesn't have its hash";
  expect(seen).toEqual(["connecting", "open", fault, "waiting 1006", "connecting", "open", "snapshot 0"]);
});

test("pulses and notices are events, and a listener can be taken away", async () => {
  const feed = await serve();
  const { client, until } = watch(feed, { token: () => tokenFor("ada") });
  const ticks: number[] = [];
  const off = client.on("changed", ({ tick }) => ticks.push(tick));
  await until("snapshot 0");
  feed.tick();
  feed.notify({ ada: [item("a"), item("b")], bob: [item("c")] });
  feed.channel.pulsed({ realm: REALM, next_tick: 2, next_at: "2026-01-01T00:00:00.000Z", pressure: {} });
  await until("notice 1 a,b");
  await until("pulse 2");
  off();
  feed.tick();
  await until("delta 2");
  expect(ticks).toEqual([0, 1]);
});

test("after a reconnect each notice is told once, also those of the last tick that hadn't come", async () => {
  const first = await new FeedServer().listen(await pickPort());
  const { seen, until } = watch(first, { token: () => tokenFor("ada") });
  await until("snapshot 0");
  first.tick();
  first.notify({ ada: [item("a")] }, 1);
  await until("notice 1 a");
  first.close();
  const second = new FeedServer({}, first.world);
  open.push(second);
  const notices = (tick: number, part: number, id: string) => ({
    ...{ realm: REALM, tick, part, parts: 2 },
    notices: [{ user: "ada", items: [item(id)] }],
  });
  second.channel.view!.notices.add(notices(1, 1, "a"));
  second.channel.view!.notices.add(notices(1, 2, "b"));
  await second.listen(first.port);
  await until("notice 1 b");
  second.tick();
  await until("delta 2");
  expect(seen.filter((line) => line.startsWith("notice"))).toEqual(["notice 1 a", "notice 1 b"]);
  expect(seen.filter((line) => /^(snapshot|delta|resync)/.test(line))).toEqual([
    "snapshot 0",
    "delta 1",
    "delta 2",
  ]);
});

test("a token is replaced before it expires, on the same connection", async () => {
  const feed = await serve();
  let asked = 0;
  const token = () => {
    asked++;
    return tokenFor("ada", 3);
  };
  const { seen, until } = watch(feed, { token });
  await until("snapshot 0");
  await delay(4_500);
  feed.tick();
  feed.notify({ ada: [item("a")] });
  await until("notice 1 a");
  expect(asked).toBeGreaterThan(1);
  expect(seen).toEqual(["connecting", "open", "snapshot 0", "delta 1", "notice 1 a"]);
});

test("where no token is to be had the client shows the public feed, says so, and asks again", async () => {
  const feed = await serve();
  let asked = 0;
  const token = () => {
    if (asked++ === 0) throw new Error("not signed in");
    return tokenFor("ada");
  };
  const { until } = watch(feed, { token });
  await until("fault no token: not signed in");
  await until("snapshot 0");
  feed.tick();
  feed.notify({ ada: [item("a")] });
  await until("notice 1 a");
}, 15_000);

test("a token that opens nothing ends the client for good, and one that expired doesn't", async () => {
  const feed = await serve();
  const refused = watch(feed, { token: () => tokenFor("ada", 60, "another") });
  await refused.until(`closed ${CLOSE.tokenRefused.code}`);
  expect(refused.client.status).toBe("closed");
  let asked = 0;
  const expired = watch(feed, { token: () => tokenFor("ada", asked++ === 0 ? -5 : 60) });
  await expired.until(`waiting ${CLOSE.tokenExpired.code}`);
  await expired.until("snapshot 0");
});

test.each(["127.0.0.1:8080", "localhost:8080", "ftp://127.0.0.1", ""])(
  "no feed is at %o, which is said at once",
  (url) => {
    expect(() => new FeedClient({ url, realm: REALM })).toThrow(TypeError);
  },
);

test("a connection that is cut off silently before any frame is noticed, and the client comes back", async () => {
  const wire = await wireTo((await serve()).port);
  open.push(wire);
  const { seen, until } = watch({ port: Number(new URL(wire.url).port) }, { silenceMs: 150 });
  await until("snapshot 0");
  wire.swallowReplies(true);
  await until("waiting 1006");
  wire.swallowReplies(false);
  await vi.waitFor(() => expect(seen.slice(-2)).toEqual(["connecting", "open"]), { timeout: 8_000 });
});

test("a realm in which nothing happens keeps its clients connected", async () => {
  const feed = await serve({ silenceMs: 40 });
  const { client, seen, until } = watch(feed, { silenceMs: 400 });
  await until("snapshot 0");
  await delay(1_500);
  expect(seen).toEqual(["connecting", "open", "snapshot 0"]);
  expect(client.status).toBe("open");
});

test("a client that is behind the tick that `alive` names reconnects from where it stands", async () => {
  const feed = await serve();
  const { until, seen } = watch(feed);
  await until("snapshot 0");
  feed.channel.advanced(encodeFrame({ type: "alive", realm: REALM, epoch: "e1", tick: 7 }));
  await until("waiting 1006");
  await vi.waitFor(() => expect(seen.slice(-2)).toEqual(["connecting", "open"]));
  feed.tick();
  await until("delta 1");
  expect(seen.filter((line) => line.startsWith("fault"))).toEqual([]);
});

test.for(["", " ", "null", "undefined", null, undefined])(
  "a token source that answers %j follows the public feed",
  async (none) => {
    const feed = await serve();
    const { client, until } = watch(feed, { token: () => none });
    await until("snapshot 0");
    feed.tick();
    await until("delta 1");
    expect(client.status).toBe("open");
  },
);

test.for(["", "null", "undefined", null])("a socket that sends %j as its token stays open", async (none) => {
  const feed = await serve();
  const client = await feed.joined(none === null ? {} : { token: none });
  client.say(JSON.stringify({ type: "token", token: none }));
  feed.tick();
  await client.until(({ frames }) => frames.some(({ type }) => type === "delta"));
});

test("a realm that isn't there ends the client for good, after it was asked for again", async () => {
  const feed = await serve();
  const { client, seen, until } = watch(feed, { realm: "nowhere" });
  await until("closed 404");
  expect(client.status).toBe("closed");
  expect(seen.filter((line) => line === "connecting")).toHaveLength(3);
});

test("one answer that there is no such realm, after an outage, ends nothing: a broadcaster that just started may not know it yet", async () => {
  const answers = [503, 503, 503, 404];
  const server = createServer((_request, response) =>
    response.writeHead(answers.shift() ?? 503).end(),
  ).listen(0, "127.0.0.1");
  server.on("upgrade", (_request, socket) => socket.destroy());
  open.push(server);
  await once(server, "listening");
  const { client, seen } = watch({ port: (server.address() as AddressInfo).port });
  await vi.waitFor(() => expect(seen.filter((line) => line === "connecting").length).toBeGreaterThan(6));
  expect(client.status).not.toBe("closed");
});

test("a server that is away is asked for ever", async () => {
  const { client, seen } = watch({ port: await pickPort() });
  await vi.waitFor(() => expect(seen.filter((line) => line === "connecting").length).toBeGreaterThan(5));
  expect(client.status).not.toBe("closed");
});

test("a realm that is being restored is asked for until it is there", async () => {
  const feed = await serve();
  feed.server.feed.open("restored-later");
  const { client, seen, until } = watch(feed, { realm: "restored-later" });
  await vi.waitFor(() => expect(seen.filter((line) => line === "connecting").length).toBeGreaterThan(5));
  expect(client.status).not.toBe("closed");
  feed.server.feed.channels
    .get("restored-later")!
    .restored(new RealmView({ ...feed.world.snapshot, realm: "restored-later" }, "e1"));
  await until("open");
});

test("a realm that has ended ends the client at once, also where its socket never opened", async () => {
  const feed = await serve();
  feed.server.feed.end(REALM);
  const { seen, until } = watch(feed);
  await until("closed 410");
  expect(seen.filter((line) => line === "connecting")).toHaveLength(1);
});
