/** What the feed's client is given, and what it tells. */
import type {
  DeltaFrame,
  NoticeItem,
  Place,
  PulseFrame,
  ResyncReason,
  SnapshotFrame,
} from "./contracts/feed.ts";
import type { PublicState } from "./contracts/world.ts";
import type { TokenSource } from "./token-refresh.ts";

/** `waiting`: for the next attempt. `closed`: for good, by `close()` or because the server said that coming back is of no use. */
export type FeedStatus = "connecting" | "open" | "waiting" | "closed";

/** A state and where it stands. */
export type World = Place & { hash: string; state: PublicState };

/** What happens, by name, with what a listener is given. */
export type FeedEvents = {
  /** The world changed: by a delta, or as a whole. In order, once per tick. */
  changed: [world: World, frame: SnapshotFrame | DeltaFrame];
  /** The pressure that builds up until the next tick. */
  pulse: [pulse: PulseFrame];
  /** What a tick has to tell the player; each item once. */
  notice: [items: NoticeItem[], tick: number];
  /** The server has this client start anew. */
  resynced: [reason: ResyncReason];
  /** Something didn't fit, and the client mends it by itself. */
  fault: [message: string];
  status: [status: FeedStatus, close?: { code: number; reason: string }];
};
export type Listener<Name extends keyof FeedEvents> = (...happened: FeedEvents[Name]) => void;

/** A listener may be given along, or added by `on`. */
export type FeedClientOptions = { [Name in keyof FeedEvents]?: Listener<Name> } & {
  /** Of the broadcaster: `http://127.0.0.1:8080`, or with `ws:`. */
  url: string;
  realm: string;
  /** Where a player's token comes from: asked before each connection, and again before one expires. Absent: the public feed. */
  token?: TokenSource;
  /**
   * Lower-case hex of the SHA-256 of a state's canonical form. Absent: by WebCrypto; where a browser has none, only the chain of
   * hashes is checked, not the states.
   */
  hash?: (state: PublicState) => string | Promise<string>;
  /** Continue from here instead of starting with a snapshot. */
  world?: World;
  /** Bounds of the pause before another attempt, ms: each failure doubles it, and a part of it is drawn at random. */
  pauseMs?: { min: number; max: number };
};
