/**
 * Client of the feed, for Node and browsers: connects, applies deltas, checks the hash chain, and comes back after whatever
 * happens. It never shows a state that it can't vouch for: where something doesn't fit, it drops its state and asks for a new one.
 * It depends on msgpackr and on nothing else.
 */
import { Unpackr } from "msgpackr";
import type {
  DeltaFrame,
  FeedFrame,
  PassedItem,
  Place,
  PulseFrame,
  ResyncReason,
  SnapshotFrame,
} from "../../contracts/feed.ts";
import type { PublicState } from "../../contracts/world.ts";
import { Backoff } from "../../process/backoff.ts";
import { apply } from "../../world/merge-patch.ts";
import { hashState } from "../../world/state-hash.ts";
import { TokenRefresh, type TokenSource } from "./token-refresh.ts";

/** `waiting`: for the next attempt. `closed`: for good, by `close()` or because the server said that coming back is of no use. */
export type FeedStatus = "connecting" | "open" | "waiting" | "closed";

/** A state and where it stands. */
export type World = Place & { hash: string; state: PublicState };

/** Events by name, with their listeners' arguments. */
export type FeedEvents = {
  /** The world changed: by a delta, or as a whole. In order, once per tick. */
  changed: [world: World, frame: SnapshotFrame | DeltaFrame];
  /** The pressure that builds up until the next tick. */
  pulse: [pulse: PulseFrame];
  /** Notices of a tick for the player; each item once. */
  notice: [items: PassedItem[], tick: number];
  /** The server has this client start anew. */
  resynced: [reason: ResyncReason];
  /** Something didn't fit, and the client mends it by itself. */
  fault: [message: string];
  /** `close`: a close code of the feed, or 404 or 410 where the realm isn't there. */
  status: [status: FeedStatus, close?: { code: number; reason: string }];
};
type Listener<Name extends keyof FeedEvents> = (...happened: FeedEvents[Name]) => void;

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
  /** A connection without any frame for this long, and up to twice as long, is given up, ms; 45 000 where it isn't given. */
  silenceMs?: number;
};

const DEFAULT_PAUSE_MS = { min: 250, max: 15_000 };
/** The code of a connection that ended without one. */
const NO_CODE = 1006;
/** A connection that was open for so long doesn't count as a failure. */
const GOOD_MS = 10_000;
/** A connection that isn't open after this is given up, ms. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Codes from here on say that coming back is of no use; all others, and a cut without any, that it is. */
const FIRST_FINAL_CODE = 4_500;
const LAST_FINAL_CODE = 4_999;
/**
 * HTTP statuses that end the client for good, given by `status` as the code: the realm has ended, or doesn't exist. A broadcaster
 * that has just started may not know a new realm yet, so only a repeated 404 counts.
 */
const FINAL_STATUSES: Readonly<Record<number, { refusals: number; reason: string }>> = {
  404: { refusals: 3, reason: "there is no such realm" },
  410: { refusals: 1, reason: "the realm has ended" },
};
/**
 * Every realm's feed has a frame each 30 s at least, `alive` where there is nothing else: after a silence of this length, and
 * up to twice as long, the connection is dead, whatever TCP believes.
 */
const SILENCE_MS = 45_000;

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });
/** One frame from its bytes. Throws where they aren't msgpack. */
export const decodeFrame = (bytes: Uint8Array): FeedFrame => unpackr.unpack(bytes) as FeedFrame;

export class FeedClient {
  readonly #options: FeedClientOptions;
  readonly #hash: FeedClientOptions["hash"];
  readonly #tokens: TokenRefresh | undefined;
  readonly #listeners = new Map<keyof FeedEvents, Set<Listener<keyof FeedEvents>>>();
  #world: World | undefined;
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  readonly #backoff: Backoff;
  #status: FeedStatus = "waiting";
  /** Attempts in a row that were refused with the same final status. */
  #refusals = { status: 0, count: 0 };
  /** Frames are taken one after the other, also where a hash takes its time. */
  #taking: Promise<void> = Promise.resolve();
  /** Items of the last tick that had any: after a reconnect they come again. */
  #told = { tick: -1, ids: new Set<string>() };

  /** Connects at once. Throws `TypeError` where `url` is none that a feed could be at. */
  constructor(options: FeedClientOptions) {
    this.#options = options;
    const { min, max } = options.pauseMs ?? DEFAULT_PAUSE_MS;
    this.#backoff = new Backoff({ first: min, longest: max });
    this.#address(undefined);
    this.#hash = options.hash ?? hashState;
    this.#world = options.world;
    if (options.token !== undefined)
      this.#tokens = new TokenRefresh(options.token, (message) => this.#tell("fault", message));
    void this.#connect();
  }

  /** The last state that was vouched for; absent until the first snapshot and while the client starts anew. */
  get world(): World | undefined {
    return this.#world;
  }
  get status(): FeedStatus {
    return this.#status;
  }
  /** Whether each state is hashed, and not only the chain of hashes checked. */
  get verifies(): boolean {
    return this.#hash !== undefined;
  }

  /** Adds a listener; the answer takes it away again. */
  on<Name extends keyof FeedEvents>(name: Name, listener: Listener<Name>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener as Listener<keyof FeedEvents>);
    return () => listeners.delete(listener as Listener<keyof FeedEvents>);
  }

  /** Ends it for good. */
  close(): void {
    if (this.#status === "closed") return;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#leave();
    socket?.close();
    this.#say("closed");
  }

  async #connect(): Promise<void> {
    this.#say("connecting");
    const token = await this.#tokens?.get();
    if (this.#status !== "connecting") return;
    const socket = new WebSocket(this.#address(token));
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    let openedMs = Number.POSITIVE_INFINITY;
    // A server that died between the handshake's lines never answers, and nothing else would tell.
    const unanswered = setTimeout(() => this.#abandon(socket, "no answer"), CONNECT_TIMEOUT_MS);
    socket.addEventListener("open", () => {
      clearTimeout(unanswered);
      openedMs = performance.now();
      this.#refusals = { status: 0, count: 0 };
      if (this.#socket !== socket) return;
      this.#expectFrame(socket);
      this.#tokens?.keep(token, (fresh) => socket.send(JSON.stringify({ type: "token", token: fresh })));
      this.#say("open");
    });
    socket.addEventListener("message", ({ data }) => {
      if (this.#socket === socket) this.#expectFrame(socket);
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
      if (performance.now() - openedMs > GOOD_MS) this.#backoff.reset();
      if (Number.isFinite(openedMs)) this.#lost(socket, code, reason);
      else void this.#refused(socket);
    });
    // Node tells of an attempt that failed by `error` alone, browsers by `error` and then `close`, which knows more.
    socket.addEventListener("error", () => {
      clearTimeout(unanswered);
      setTimeout(() => {
        if (Number.isFinite(openedMs)) this.#lost(socket, NO_CODE, "");
        else void this.#refused(socket);
      }, 0);
    });
  }

  /** The socket didn't open. A WebSocket doesn't tell why, so a public read of the same realm decides whether a retry is useful. */
  async #refused(socket: WebSocket): Promise<void> {
    if (this.#socket !== socket) return;
    const read = new URL(`/api/world/${encodeURIComponent(this.#options.realm)}/summary`, this.#options.url);
    read.protocol = read.protocol.replace("ws", "http");
    const signal = AbortSignal.timeout(CONNECT_TIMEOUT_MS);
    const status = await fetch(read, { method: "HEAD", signal }).then(
      (answer) => answer.status,
      () => 0,
    );
    const final = FINAL_STATUSES[status];
    const count = this.#refusals.status === status ? this.#refusals.count + 1 : 1;
    this.#refusals = { status, count };
    if (final === undefined || count < final.refusals) return this.#lost(socket, NO_CODE, "");
    if (this.#socket !== socket) return;
    this.#leave();
    this.#say("closed", { code: status, reason: final.reason });
  }

  #address(token: string | undefined): URL {
    const url = new URL(`/feed/${encodeURIComponent(this.#options.realm)}`, this.#options.url);
    url.protocol = url.protocol.replace("http", "ws");
    if (!/^wss?:$/.test(url.protocol)) throw new TypeError(`no feed is at ${this.#options.url}`);
    if (this.#world !== undefined) url.searchParams.set("since", `${this.#world.epoch}:${this.#world.tick}`);
    if (token !== undefined) url.searchParams.set("token", token);
    return url;
  }

  async #take(frame: FeedFrame, socket: WebSocket): Promise<void> {
    switch (frame.type) {
      case "resync":
        this.#world = undefined;
        if (frame.reason === "epoch") this.#told = { tick: -1, ids: new Set() };
        return this.#tell("resynced", frame.reason);
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
      case "pulse":
        return this.#tell("pulse", frame);
      case "alive": {
        const before = this.#world;
        if (before !== undefined && (frame.epoch !== before.epoch || frame.tick !== before.tick))
          this.#abandon(socket, `the realm is at tick ${frame.tick}, and tick ${before.tick} came last`);
        return;
      }
      case "notice": {
        if (frame.tick > this.#told.tick) this.#told = { tick: frame.tick, ids: new Set() };
        const { tick, ids } = this.#told;
        const items = frame.items.filter(({ id }) => frame.tick === tick && !ids.has(id));
        for (const { id } of items) ids.add(id);
        return items.length > 0 ? this.#tell("notice", items, tick) : undefined;
      }
      // Frames of a later version are none of this one's business.
    }
  }

  async #show(frame: SnapshotFrame | DeltaFrame, state: PublicState, socket: WebSocket): Promise<void> {
    const hash = this.#hash === undefined ? frame.hash : await this.#hash(state);
    if (this.#socket !== socket) return;
    if (hash !== frame.hash) throw new Error(`the state of tick ${frame.tick} doesn't have its hash`);
    this.#backoff.reset();
    const world = { epoch: frame.epoch, tick: frame.tick, hash, state };
    this.#world = world;
    this.#tell("changed", world, frame);
  }

  /** In order, but apart: what a listener throws is its own and no fault of the feed. */
  #tell<Name extends keyof FeedEvents>(name: Name, ...happened: FeedEvents[Name]): void {
    queueMicrotask(() => {
      const own = this.#options[name] as Listener<Name> | undefined;
      const added = [...(this.#listeners.get(name) ?? [])] as Listener<Name>[];
      for (const listener of own === undefined ? added : [own, ...added])
        queueMicrotask(() => listener(...happened));
    });
  }

  /** Gives an open connection up after a silence: from its opening on, since one that is cut off silently says nothing at all. */
  #expectFrame(socket: WebSocket): void {
    clearTimeout(this.#silence);
    const silenceMs = this.#options.silenceMs ?? SILENCE_MS;
    // Where the server itself fell silent, all clients notice: not at the same moment.
    this.#silence = setTimeout(() => this.#abandon(socket, "silence"), silenceMs * (1 + Math.random()));
  }

  #startAnew(socket: WebSocket, message: string): void {
    if (this.#socket !== socket) return;
    this.#world = undefined;
    this.#told = { tick: -1, ids: new Set() };
    this.#tell("fault", message);
    this.#abandon(socket, message);
  }

  #abandon(socket: WebSocket, reason: string): void {
    this.#lost(socket, NO_CODE, reason);
    socket.close();
  }

  /** The socket is none of this client's any more. */
  #leave(): void {
    this.#socket = undefined;
    clearTimeout(this.#silence);
    this.#tokens?.stop();
  }

  #lost(socket: WebSocket, code: number, reason: string): void {
    if (this.#socket !== socket) return;
    this.#leave();
    if (code >= FIRST_FINAL_CODE && code <= LAST_FINAL_CODE) {
      this.#say("closed", { code, reason });
      return;
    }
    // Thousands of clients that lost the same server must not come back at the same moment.
    this.#timer = setTimeout(() => void this.#connect(), this.#backoff.next());
    this.#say("waiting", { code, reason });
  }

  #say(status: FeedStatus, close?: { code: number; reason: string }): void {
    this.#status = status;
    if (close === undefined) this.#tell("status", status);
    else this.#tell("status", status, close);
  }
}
