/**
 * Client of the feed, for Node and browsers: connects, applies deltas, checks the hash chain, and comes back after whatever
 * happens. It never shows a state that it can't vouch for: where something doesn't fit, it drops its state and asks for a new one.
 */
import { Unpackr } from "msgpackr";
import type { DeltaFrame, FeedFrame, Place, ResyncReason, SnapshotFrame } from "./contracts/feed.ts";
import type { PublicState } from "./contracts/world.ts";
import { apply } from "./merge-patch.ts";

/** `waiting`: for the next attempt. `closed`: for good, by `close()` or because the server said that coming back is of no use. */
export type FeedStatus = "connecting" | "open" | "waiting" | "closed";

/** A state and where it stands. */
export type World = Place & { hash: string; state: PublicState };

export type FeedClientOptions = {
  /** Of the broadcaster: `http://127.0.0.1:8080`, or with `ws:`. */
  url: string;
  realm: string;
  /** Lower-case hex of the SHA-256 of a state's canonical form. Absent: only the chain of hashes is checked, not the states. */
  hash?: (state: PublicState) => string | Promise<string>;
  /** Continue from here instead of starting with a snapshot. */
  world?: World;
  /** Bounds of the pause before another attempt, ms: each failure doubles it, and a part of it is drawn at random. */
  pauseMs?: { min: number; max: number };
  /** The world changed: by a delta, or as a whole. Called in order, once per tick. */
  changed?: (world: World, frame: SnapshotFrame | DeltaFrame) => void;
  /** The server has this client start anew. */
  resynced?: (reason: ResyncReason) => void;
  /** Something didn't fit, and the client starts anew by itself. */
  fault?: (message: string) => void;
  status?: (status: FeedStatus, close?: { code: number; reason: string }) => void;
};

const DEFAULT_PAUSE_MS = { min: 250, max: 15_000 };
/** What `close` gives where the connection ended without a code. */
const NO_CODE = 1006;
/** A connection that was open for so long doesn't count as a failure. */
const GOOD_MS = 10_000;
/** A connection that isn't open after this is given up, ms. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Codes from here on say that coming back is of no use; all others, and a cut without any, that it is. */
const FIRST_FINAL_CODE = 4_500;
const LAST_FINAL_CODE = 4_999;

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });
/** One frame from its bytes. Throws where they aren't msgpack. */
export const decodeFrame = (bytes: Uint8Array): FeedFrame => unpackr.unpack(bytes) as FeedFrame;

export class FeedClient {
  readonly #options: FeedClientOptions;
  #world: World | undefined;
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #status: FeedStatus = "waiting";
  /** Frames are taken one after the other, also where a hash takes its time. */
  #taking: Promise<void> = Promise.resolve();

  /** Connects at once. */
  constructor(options: FeedClientOptions) {
    this.#options = options;
    this.#world = options.world;
    this.#connect();
  }

  /** The last state that was vouched for; absent until the first snapshot and while the client starts anew. */
  get world(): World | undefined {
    return this.#world;
  }
  get status(): FeedStatus {
    return this.#status;
  }

  /** Ends it for good. */
  close(): void {
    if (this.#status === "closed") return;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    this.#say("closed");
  }

  #connect(): void {
    const url = new URL(`/feed/${this.#options.realm}`, this.#options.url);
    url.protocol = url.protocol.replace("http", "ws");
    if (this.#world !== undefined) url.searchParams.set("since", `${this.#world.epoch}:${this.#world.tick}`);
    this.#say("connecting");
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    let openedMs = Number.POSITIVE_INFINITY;
    // A server that died between the handshake's lines never answers, and nothing else would tell.
    const unanswered = setTimeout(() => {
      this.#lost(socket, NO_CODE, "no answer");
      socket.close();
    }, CONNECT_TIMEOUT_MS);
    socket.addEventListener("open", () => {
      clearTimeout(unanswered);
      openedMs = performance.now();
      if (this.#socket === socket) this.#say("open");
    });
    socket.addEventListener("message", ({ data }) => {
      this.#taking = this.#taking.then(async () => {
        if (this.#socket !== socket) return;
        try {
          await this.#take(decodeFrame(new Uint8Array(data as ArrayBuffer)), socket);
        } catch (error) {
          this.#startAnew(socket, error instanceof Error ? error.message : String(error));
        }
      });
    });
    socket.addEventListener("close", ({ code, reason }) => {
      clearTimeout(unanswered);
      // A realm may be silent between ticks: a connection that held for long was a good one all the same.
      if (performance.now() - openedMs > GOOD_MS) this.#failures = 0;
      this.#lost(socket, code, reason);
    });
    // Node tells of an attempt that failed by `error` alone, browsers by `error` and then `close`, which knows more.
    socket.addEventListener("error", () => {
      clearTimeout(unanswered);
      setTimeout(() => this.#lost(socket, NO_CODE, ""), 0);
    });
  }

  async #take(frame: FeedFrame, socket: WebSocket): Promise<void> {
    switch (frame.type) {
      case "resync":
        this.#world = undefined;
        return this.#tell(() => this.#options.resynced?.(frame.reason));
      case "snapshot":
        return this.#show(frame, frame.state, socket);
      case "delta": {
        const before = this.#world;
        if (before === undefined)
          throw new Error(`a delta of tick ${frame.tick} came without a state before it`);
        if (frame.epoch !== before.epoch || frame.tick !== before.tick + 1 || frame.prev !== before.hash)
          throw new Error(`the delta of tick ${frame.tick} doesn't continue tick ${before.tick}`);
        return this.#show(frame, apply(before.state, frame.patch) as PublicState, socket);
      }
      // Frames of a later version are none of this one's business.
    }
  }

  async #show(frame: SnapshotFrame | DeltaFrame, state: PublicState, socket: WebSocket): Promise<void> {
    const hash = this.#options.hash === undefined ? frame.hash : await this.#options.hash(state);
    if (this.#socket !== socket) return;
    if (hash !== frame.hash) throw new Error(`the state of tick ${frame.tick} doesn't have its hash`);
    this.#failures = 0;
    const world = { epoch: frame.epoch, tick: frame.tick, hash, state };
    this.#world = world;
    this.#tell(() => this.#options.changed?.(world, frame));
  }

  /** In order, but apart: what a listener throws is its own and no fault of the feed. */
  #tell(act: () => void): void {
    queueMicrotask(act);
  }

  #startAnew(socket: WebSocket, message: string): void {
    if (this.#socket !== socket) return;
    this.#world = undefined;
    this.#options.fault?.(message);
    socket.close();
    this.#lost(socket, 1000, message);
  }

  #lost(socket: WebSocket, code: number, reason: string): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    if (code >= FIRST_FINAL_CODE && code <= LAST_FINAL_CODE) {
      this.#say("closed", { code, reason });
      return;
    }
    const { min, max } = this.#options.pauseMs ?? DEFAULT_PAUSE_MS;
    const pauseMs = Math.min(max, min * 2 ** this.#failures++);
    // Thousands of clients that lost the same server must not come back at the same moment.
    this.#timer = setTimeout(() => this.#connect(), pauseMs * (0.5 + Math.random() / 2));
    this.#say("waiting", { code, reason });
  }

  #say(status: FeedStatus, close?: { code: number; reason: string }): void {
    this.#status = status;
    this.#options.status?.(status, close);
  }
}
