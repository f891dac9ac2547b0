/**
 * What happened before the page came: one read of an earlier tick, and from there the deltas of the feed, which the broadcaster
 * has in memory. So a visitor costs three reads, however much of the past they look at.
 */
import { decodeFrame } from "../../shared/clients/typescript/feed-client.ts";
import type { Told } from "../../shared/web/happenings.ts";
import { apply } from "../../shared/world/merge-patch.ts";
import type { Moment, Shown } from "./past.ts";
import type { PastTick, Reads } from "./reads.ts";

/** A broadcaster holds the deltas of 256 ticks; a few may pass meanwhile. */
const RECALLED_TICKS = 240;
const WITHIN_MS = 15_000;

/** The ticks before `tick`, oldest first. Throws where the server keeps none or the feed has them no longer. */
export async function recall(reads: Reads, tick: number, signal: AbortSignal): Promise<Moment[]> {
  const from = Math.max(0, tick - RECALLED_TICKS);
  if (from === tick) return [];
  const base = await reads.tick(from, signal);
  const first: Moment = { state: base.state, hash: base.hash, events: [] };
  return from + 1 === tick ? [first] : [first, ...(await follow(reads, base, tick, signal))];
}

/**
 * The ticks between `base` and `until`. Not by `FeedClient`, which vouches for whole states: only a part of the state is known
 * here, so what can be checked is the chain of hashes.
 */
function follow(
  { url, realm }: Reads,
  base: PastTick,
  until: number,
  signal: AbortSignal,
): Promise<Moment[]> {
  const moments: Moment[] = [];
  const address = new URL(`/feed/${realm}`, url.replace(/^http/, "ws"));
  address.searchParams.set("since", `${base.epoch}:${base.state.tick}`);
  const { promise, resolve, reject } = Promise.withResolvers<Moment[]>();
  const patience = AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]);
  const abort = () => reject(new Error("the past did not come in time"));
  patience.addEventListener("abort", abort, { once: true });
  const socket = new WebSocket(address);
  socket.binaryType = "arraybuffer";
  socket.addEventListener("close", () => reject(new Error("the feed closed before the past was told")));
  let { state, hash }: { state: Shown; hash: string } = base;
  socket.addEventListener("message", ({ data }) => {
    const frame = decodeFrame(new Uint8Array(data as ArrayBuffer));
    if (frame.type === "resync") reject(new Error("the feed no longer holds those ticks"));
    if (frame.type !== "delta" || frame.tick >= until) return;
    if (frame.prev !== hash || frame.tick !== state.tick + 1)
      reject(new Error("the past contradicts itself"));
    state = apply(state, frame.patch) as Shown;
    hash = frame.hash;
    moments.push({ state, hash, events: frame.events as Told[] });
    if (frame.tick + 1 === until) resolve(moments);
  });
  return promise.finally(() => {
    patience.removeEventListener("abort", abort);
    socket.close();
  });
}
