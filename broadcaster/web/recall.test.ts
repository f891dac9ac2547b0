/** Recalling what happened before the page came, over the real feed and the real reads. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { pickPort } from "../../ops/local/ports.ts";
import { readEnv } from "../../shared/process/env.ts";
import { PublicServer } from "../public.ts";
import { RealmView } from "../realm/realm-view.ts";
import { ScriptedWorld } from "../testing/scripted-world.ts";
import { makeEngine } from "../testing/test-engine.ts";
import { Reads } from "./reads.ts";
import { recall } from "./recall.ts";

const TICKS = 300;
const signal = AbortSignal.timeout(20_000);
/** By tick. */
const views: RealmView[] = [];
let server: PublicServer;
let url: string;
let reads: Reads;

/** A realm of 300 ticks whose past can be read, unless it is kept from it. */
function openRealm(realm: string, kept: RealmView[], withPast: boolean): void {
  const world = new ScriptedWorld(realm);
  const view = new RealmView(world.snapshot, "e1");
  kept.push(new RealmView(world.snapshot, "e1"));
  for (let tick = 1; tick <= TICKS; tick++) {
    const change = { factions: { empire: { share_bp: tick } } };
    const made = world.tick(change, [{ tick, n: 1, kind: "trigger", key: `k${tick}` }]);
    view.advance(made.delta);
    kept.push(new RealmView(made.snapshot, "e1"));
  }
  if (withPast) view.past = { stateAt: async (tick) => kept[tick] };
  server.feed.open(realm).restored(view);
}

beforeAll(async () => {
  server = new PublicServer(makeEngine, readEnv({}).FEED_TOKEN_SECRET);
  openRealm("amoi-1", views, true);
  openRealm("forgetful", [], false);
  url = `http://127.0.0.1:${await server.listen("127.0.0.1", await pickPort())}`;
  reads = new Reads(url, "amoi-1");
});
afterAll(() => server.close());

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

test("ticks that the feed no longer holds are told as such, and so is a past that can't be read", async () => {
  await expect(recall(reads, 200, signal)).rejects.toThrow("the feed no longer holds those ticks");
  await expect(recall(new Reads(url, "forgetful"), TICKS, signal)).rejects.toThrow(
    "past ticks can't be read at the moment: try again",
  );
});
