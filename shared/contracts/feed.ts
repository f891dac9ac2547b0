/** Feed frames, server to client: msgpack maps over WebSocket. Integers are msgpack integers, also above 2^32. */
import { z } from "zod";
import type { DerivedEvent, PublicState } from "./world.ts";

/** Where a client stands: the last tick it applied, of which life of the realm. */
export type Place = { epoch: string; tick: number };

/** `since=<epoch>:<tick>`: the place that a client continues from. */
export const Since = z
  .string()
  .regex(/^[a-z0-9]{1,16}:(0|[1-9][0-9]{0,14})$/, "needs to be <epoch>:<tick>")
  .transform((text): Place => {
    const [epoch, tick] = text.split(":") as [string, string];
    return { epoch, tick: Number(tick) };
  });

export type SnapshotFrame = {
  type: "snapshot";
  realm: string;
  /** Changes when the realm is restored or recreated: ticks of two epochs don't compare. */
  epoch: string;
  tick: number;
  /** `public_hash`: of the canonical form of `state`. */
  hash: string;
  state: PublicState;
};
export type DeltaFrame = {
  type: "delta";
  realm: string;
  epoch: string;
  tick: number;
  /** `public_hash` before this tick. */
  prev: string;
  /** `public_hash` of the state after `patch`. */
  hash: string;
  /** RFC 7396. */
  patch: object;
  events: DerivedEvent[];
};
/**
 * Why a client can't be brought up to date by deltas: it stood in another `epoch`, at a tick that is `too_old` to be held
 * or of the `future`, it read too slowly (`slow`), or the server itself had a `gap` in what it followed.
 */
export type ResyncReason = "epoch" | "too_old" | "future" | "slow" | "gap";
/** The client drops its state; a snapshot follows. */
export type ResyncFrame = { type: "resync"; reason: ResyncReason };
export type FeedFrame = SnapshotFrame | DeltaFrame | ResyncFrame;
