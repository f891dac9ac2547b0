/** Notices: who gets them, who doesn't, and until when. */
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { issueFeedToken } from "../../shared/feed/feed-token.ts";
import { readEnv } from "../../shared/process/env.ts";
import { RealmView } from "../realm/realm-view.ts";
import type { RawClient } from "../testing/raw-client.ts";
import { FeedServer, tokenFor } from "../testing/test-feed.ts";
import { CLOSE } from "./close-codes.ts";

let feed: FeedServer;
beforeEach(async () => {
  feed = await new FeedServer().listen();
});
afterEach(() => feed.close());

const item = (id: string) => ({ id, kind: "flip", territory: "iron_gate" });
const idsOf = ({ frames }: RawClient) =>
  frames.flatMap((frame) => (frame.type === "notice" ? frame.items.map(({ id }) => id) : []));
const shown = (client: RawClient) =>
  client.frames.map((frame) => `${frame.type} ${"tick" in frame ? frame.tick : ""}`);
/** Until everything that was sent before is here. */
async function settled(...clients: RawClient[]): Promise<void> {
  feed.tick();
  const { tick } = feed.world.snapshot;
  for (const client of clients)
    await client.until(({ frames }) => frames.some((frame) => frame.type === "delta" && frame.tick === tick));
}

test("a player's notices reach all sockets of that player, after the tick's delta, and no other socket", async () => {
  const ada = await feed.joined({ token: await tokenFor("ada") });
  const adasPhone = await feed.joined({ token: await tokenFor("ada") });
  const bob = await feed.joined({ token: await tokenFor("bob") });
  const anonymous = await feed.joined();
  feed.tick();
  feed.notify({ ada: [item("a1"), item("a2")], eve: [item("e1")] });
  feed.notify({ bob: [item("b1")] }, 2);
  await settled(ada, adasPhone, bob, anonymous);
  for (const client of [ada, adasPhone]) {
    expect(shown(client)).toEqual(["snapshot 0", "delta 1", "notice 1", "delta 2"]);
    expect(idsOf(client)).toEqual(["a1", "a2"]);
  }
  expect(idsOf(bob)).toEqual(["b1"]);
  expect(idsOf(anonymous)).toEqual([]);
  expect(ada.frames[2]).toEqual({ type: "notice", tick: 1, items: [item("a1"), item("a2")] });
});

test("a player who returns with since gets the notices of the ticks that were missed, the last one's again", async () => {
  for (let tick = 1; tick <= 4; tick++) {
    feed.tick();
    feed.notify({ ada: [item(`a${tick}`)], bob: [item(`b${tick}`)] });
  }
  const token = await tokenFor("ada");
  const returned = await feed.joined({ since: "e1:2", token });
  const fresh = await feed.joined({ token });
  const fromElsewhere = await feed.joined({ since: "e0:2", token });
  await settled(returned, fresh, fromElsewhere);
  expect(shown(returned)).toEqual(["delta 3", "delta 4", "notice 2", "notice 3", "notice 4", "delta 5"]);
  expect(idsOf(returned)).toEqual(["a2", "a3", "a4"]);
  for (const client of [fresh, fromElsewhere]) expect(idsOf(client)).toEqual([]);
});

test("an anonymous socket becomes a player's by a token, from where it began", async () => {
  const client = await feed.joined();
  feed.tick();
  feed.notify({ ada: [item("a1")] });
  client.say(JSON.stringify({ type: "token", token: await tokenFor("ada") }));
  await client.until((c) => idsOf(c).length === 1);
  feed.tick();
  feed.notify({ ada: [item("a2")] });
  await client.until((c) => idsOf(c).length === 2);
  expect(idsOf(client)).toEqual(["a1", "a2"]);
});

test("a player whose large notices wait for a slow reader gets each of them once, in order", async () => {
  const client = await feed.joined({ token: await tokenFor("ada") });
  client.pause();
  const note = "x".repeat(100_000);
  for (let tick = 1; tick <= 120; tick++) {
    feed.tick();
    feed.notify({ ada: [{ ...item(`a${tick}`), note }] });
    if (tick % 10 === 0) await delay(1);
  }
  client.resume();
  await client.until((c) => idsOf(c).includes("a120"));
  expect(idsOf(client)).toEqual(Array.from({ length: 120 }, (_, i) => `a${i + 1}`));
}, 20_000);

test("a view that is restored brings its players the notices that came meanwhile, once", async () => {
  const ada = await feed.joined({ token: await tokenFor("ada") });
  feed.tick();
  feed.notify({ ada: [item("a1")] });
  const { delta, snapshot } = feed.world.tick();
  const restored = new RealmView(snapshot, "e1");
  const notices = (tick: number, id: string) => ({
    realm: "amoi-1",
    tick,
    part: 1,
    parts: 1,
    notices: [{ user: "ada", items: [item(id)] }],
  });
  restored.recall(delta);
  restored.notices.add(notices(1, "a1"));
  restored.notices.add(notices(2, "a2"));
  feed.channel.restored(restored);
  await settled(ada);
  expect(shown(ada)).toEqual(["snapshot 0", "delta 1", "notice 1", "delta 2", "notice 2", "delta 3"]);
});

test("the socket closes when its token expires, with the code that says to come back with a fresh one", async () => {
  const client = await feed.joined({ token: await tokenFor("ada", 2) });
  await client.ended();
  expect(client.closeCode).toBe(CLOSE.tokenExpired.code);
});

test("a fresh token keeps the socket open", async () => {
  const client = await feed.joined({ token: await tokenFor("ada", 2) });
  client.say(JSON.stringify({ type: "token", token: await tokenFor("ada", 60) }));
  await delay(2_500);
  feed.tick();
  feed.notify({ ada: [item("a1")] });
  await client.until((c) => idsOf(c).length === 1);
});

test("an expired, forged, foreign or another player's token is told by its code, and no frame comes before", async () => {
  const forged = await issueFeedToken(readEnv({}).FEED_TOKEN_SECRET.replace("l", "L"), "amoi-1", {
    user: "ada",
    expiresMs: Date.now() + 60_000,
  });
  for (const [token, close] of [
    [await tokenFor("ada", -1), CLOSE.tokenExpired],
    [await tokenFor("ada", 60, "amoi-2"), CLOSE.tokenRefused],
    [forged, CLOSE.tokenUnknown],
    ["nothing", CLOSE.tokenRefused],
  ] as const) {
    const client = await feed.connect({ token }).ended();
    expect({ code: client.closeCode, frames: client.frames }).toEqual({ code: close.code, frames: [] });
  }
  const ada = await feed.joined({ token: await tokenFor("ada") });
  ada.say(JSON.stringify({ type: "token", token: await tokenFor("bob") }));
  await ada.ended();
  expect(ada.closeCode).toBe(CLOSE.tokenRefused.code);
});
