/** One realm as it is now and as it was, kept up to date: what every panel of the page draws from. */

import { FeedClient, type FeedStatus, type World } from "../../shared/clients/typescript/feed-client.ts";
import type { Pulse } from "../../shared/contracts/feed.ts";
import type { Told } from "../../shared/web/happenings.ts";
import { Names } from "../../shared/web/names.ts";
import { nextTickMs } from "../../shared/world/due.ts";
import { namesIn } from "./names-in.ts";
import { Past } from "./past.ts";
import { type Outlook, Reads, type RealmMap } from "./reads.ts";
import { recall } from "./recall.ts";

/** Per territory and faction: 0 hardly any, 1 some, 2 strong. */
export type PulsePressure = Pulse["pressure"];

/** Forecasts and rates are asked for at most so often, however short the ticks are, ms; and not by every visitor at the same moment. */
const OUTLOOK_PAUSE_MS = 5_000;
const OUTLOOK_SPREAD_MS = 1_500;

/** What panels draw from, as plain data: a test makes one without a server. */
export type LiveView = Pick<Live, keyof Live>;

export class Live {
  readonly reads: Reads;
  status: FeedStatus = "connecting";
  /** Absent until the first snapshot. While the client starts anew, the last state whose hash was verified. */
  world: World | undefined;
  readonly past = new Past();
  /** Why there is no past to go back to, for a person; absent where there is. */
  noPast: string | undefined = "the past is being asked for";
  map: RealmMap | undefined;
  names = new Names();
  /** When the next tick is due, ms since 1970; absent while the realm doesn't tick by itself. */
  nextTickMs: number | undefined;
  tickSeconds: number | undefined;
  pressure: PulsePressure = {};
  /** Of the newest tick, by territory. */
  outlooks: Record<string, Outlook> = {};
  /** Something didn't fit and was mended, so often. */
  healed = 0;

  readonly #listeners = new Set<() => void>();
  readonly #closed = new AbortController();
  readonly #feed: FeedClient;
  #outlookAtMs = Number.NEGATIVE_INFINITY;
  #looking = false;

  constructor(url: string, realm: string) {
    this.reads = new Reads(url, realm);
    this.#feed = new FeedClient({
      url,
      realm,
      status: (status) => this.#set(() => (this.status = status)),
      changed: (world, frame) => this.#changed(world, frame.type === "delta" ? (frame.events as Told[]) : []),
      fault: () => this.#set(() => this.healed++),
      pulse: ({ pressure, next_tick }) => {
        if (this.world !== undefined && next_tick <= this.world.tick) return;
        this.#set(() => (this.pressure = pressure));
      },
    });
  }

  /** Whether states are hashed here too; browsers let pages from a trusted origin do that only. */
  get hashes(): boolean {
    return this.#feed.verifies;
  }

  /** Answers how to stop listening. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#closed.abort();
    this.#feed.close();
  }

  #set(change: () => void): void {
    change();
    for (const listener of this.#listeners) listener();
  }

  #changed(world: World, events: Told[]): void {
    const before = this.world;
    const { past } = this;
    const continues = before?.epoch === world.epoch && past.last === world.tick - 1;
    this.#set(() => {
      this.world = world;
      // What built up before the tick is in it.
      this.pressure = {};
      const { state, hash } = world;
      past.append({ state, hash, events });
      const { tickSeconds } = this;
      this.nextTickMs =
        state.status === "active" && tickSeconds !== undefined ? nextTickMs(state, tickSeconds) : undefined;
    });
    if (!continues) void this.#recall(world.tick);
    const { ruleset_version, status } = world.state;
    if (ruleset_version !== before?.state.ruleset_version || status !== before?.state.status)
      void this.#readRules();
    void this.#readOutlooks();
  }

  async #recall(tick: number): Promise<void> {
    this.#set(() => (this.noPast = "the past is being asked for"));
    try {
      const earlier = await recall(this.reads, tick, this.#closed.signal);
      this.#set(() => {
        this.past.prepend(earlier);
        this.noPast = undefined;
      });
    } catch (error) {
      this.#set(() => (this.noPast = error instanceof Error ? error.message : String(error)));
    }
  }

  /** Names, neighbours and the tick's length change with the ruleset; the page goes on without them. */
  async #readRules(): Promise<void> {
    const [map, summary] = await Promise.allSettled([this.reads.map(), this.reads.summary()]);
    this.#set(() => {
      if (map.status === "fulfilled") {
        this.map = map.value;
        this.names = new Names(namesIn(map.value));
      }
      if (summary.status === "fulfilled" && summary.value.next_tick_at !== undefined) {
        const { at, next_tick_at, tick } = summary.value;
        const nextMs = Date.parse(next_tick_at);
        this.tickSeconds = (nextMs - Date.parse(at)) / 1_000;
        if (tick === this.world?.tick) this.nextTickMs = nextMs;
      }
    });
  }

  async #readOutlooks(): Promise<void> {
    const nowMs = performance.now();
    if (this.#looking || nowMs < this.#outlookAtMs + OUTLOOK_PAUSE_MS) return;
    this.#looking = true;
    this.#outlookAtMs = nowMs;
    await new Promise((resolve) => setTimeout(resolve, Math.random() * OUTLOOK_SPREAD_MS));
    try {
      const { territories } = await this.reads.territories();
      this.#set(() => (this.outlooks = territories));
    } catch {
      // They are an extra; the next tick asks again.
    } finally {
      this.#looking = false;
    }
  }
}
