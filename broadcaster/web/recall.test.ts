/** Recalling what happened before the page came, over the real feed and the real shapes of the reads. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pickPort } from "../../ops/local/ports.ts";
import { readEnv } from "../../shared/env.ts";
import { HandMadeWorld } from "../hand-made-world.ts";
import { PublicServer } from "../public.ts";
import { factions, summary, territories } from "../read.ts";
import { RealmView } from "../realm-view.ts";
import { Reads } from "./reads.ts";
import { recall } from "./recall.ts";

const TICKS = 300;
const signal = AbortSignal.timeout(20_000);
const parts = { summary, factions, territories };
/** By tick. */
const views: RealmView[] = [];
let feed: PublicServer;
let archive: Server;
/** Reads of any tick, and the feed of the present, as one server. */
let reads: Reads;
let present: Reads;

beforeAll(async () => {
  const world = new HandMadeWorld("amoi-1");
  const view = new RealmView(world.snapshot, "e1");
  views.push(new RealmView(world.snapshot, "e1"));
  for (let tick = 1; tick <= TICKS; tick++) {
    const change = { factions: { empire: { share_bp: tick } } };
    const made = world.tick(change, [{ tick, n: 1, kind: "trigger", key: `k${tick}` }]);
    view.advance(made.delta);
    views.push(new RealmView(made.snapshot, "e1"));
  }
  feed = new PublicServer(readEnv({}).FEED_TOKEN_SECRET);
  feed.feed.open("amoi-1").restored(view);
  const feedUrl = `http://127.0.0.1:${await feed.listen("127.0.0.1", await pickPort())}`;
  archive = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, "http://x");
    const read = parts[pathname.split("/").at(-1) as keyof typeof parts];
    response.end(JSON.stringify(read(views[Number(searchParams.get("tick"))]!)));
  }).listen(0, "127.0.0.1");
  await once(archive, "listening");
  const address = archive.address();
  const archiveUrl = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  present = new Reads(feedUrl, "amoi-1");
  const past = new Reads(archiveUrl, "amoi-1");
  reads = Object.assign(new Reads(feedUrl, "amoi-1"), { tick: past.tick.bind(past) });
});
afterAll(() => {
  feed.close();
  archive.close();
});

test("the last 240 ticks come by one read of the first and the feed's own deltas, without a gap", async () => {
  const moments = await recall(reads, TICKS, signal);
  expect(moments.map(({ state }) => state.tick)).toEqual(Array.from({ length: 240 }, (_, i) => 60 + i));
  for (const { state, hash, events } of moments) {
    const view = views[state.tick]!;
    expect(hash).toBe(view.hash);
    expect(state.factions).toEqual(view.state.factions);
    expect(state.territories).toEqual(view.state.territories);
    expect(state.at).toBe(view.state.at);
    if (state.tick > 60) expect(events).toMatchObject([{ key: `k${state.tick}` }]);
  }
});

test("the first ticks of a realm need no feed; before tick 0 there is nothing", async () => {
  expect(await recall(reads, 0, signal)).toEqual([]);
  expect((await recall(reads, 1, signal)).map(({ state }) => state.tick)).toEqual([0]);
});

test("ticks that the feed no longer holds are told as such, and a server without a past as well", async () => {
  await expect(recall(reads, 200, signal)).rejects.toThrow("no longer holds");
  await expect(recall(present, TICKS, signal)).rejects.toThrow();
});
