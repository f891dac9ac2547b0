/**
 * What happened before the page came: one read of an earlier tick, and from there the deltas of the feed, which the broadcaster
 * has in memory. So a visitor costs three reads, however much of the past they look at.
 */
import type { PublicState } from "../../shared/contracts/world.ts";
import { FeedClient } from "../../shared/feed-client.ts";
import type { Told } from "../../shared/web/happenings.ts";
import type { Moment, Shown } from "./past.ts";
import { type PastTick, readTick } from "./reads.ts";

/** A broadcaster holds the deltas of 256 ticks; a few may pass meanwhile. */
const RECALLED_TICKS = 240;
const WITHIN_MS = 15_000;

/** The ticks before `tick`, oldest first. Throws where the server keeps none or the feed has them no longer. */
export async function recall(
  server: { url: string; realm: string },
  tick: number,
  signal: AbortSignal,
): Promise<Moment[]> {
  const from = Math.max(0, tick - RECALLED_TICKS);
  if (from === tick) return [];
  const base = await readTick(server.realm, from, signal);
  return [{ state: base.state, hash: base.hash, events: [] }, ...(await follow(server, base, tick, signal))];
}

function follow(
  { url, realm }: { url: string; realm: string },
  { epoch, hash, state }: PastTick,
  until: number,
  signal: AbortSignal,
): Promise<Moment[]> {
  const moments: Moment[] = [];
  if (state.tick + 1 >= until) return Promise.resolve(moments);
  const { promise, resolve, reject } = Promise.withResolvers<Moment[]>();
  const patience = AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]);
  const abort = () => reject(new Error("the past did not come in time"));
  patience.addEventListener("abort", abort, { once: true });
  const client = new FeedClient({
    url,
    realm,
    // Only a part of the state is known here, so its hash can't be checked; the chain of hashes is.
    world: { epoch, tick: state.tick, hash, state: state as Shown as PublicState },
    resynced: () => reject(new Error("the feed no longer holds those ticks")),
    fault: (message) => reject(new Error(message)),
    changed: (world, frame) => {
      if (world.tick >= until || frame.type !== "delta") return resolve(moments);
      moments.push({ state: world.state, hash: world.hash, events: frame.events as Told[] });
      if (world.tick + 1 === until) resolve(moments);
    },
  });
  return promise.finally(() => {
    patience.removeEventListener("abort", abort);
    client.close();
  });
}
