/** Feed frames, server to client: msgpack maps over WebSocket. */
import type { DerivedEvent, PublicState } from "./world.ts";

export type SnapshotFrame = {
  type: "snapshot";
  realm: string;
  epoch: string;
  tick: number;
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
/** The client drops its state; a snapshot follows. */
export type ResyncFrame = { type: "resync"; reason: "epoch" | "too_old" | "future" | "slow" | "gap" };
export type FeedFrame = SnapshotFrame | DeltaFrame | ResyncFrame;
