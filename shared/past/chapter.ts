/**
 * A stretch of a realm's past in memory: a whole public state, and the deltas that lead on from it. Each page of 32 ticks is
 * compressed, state and deltas together, so any tick is at most 32 patches away. Pure.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { DerivedEvent, PublicState, WorldDelta } from "../contracts/world.ts";
import { canonicalHash } from "../exact/canonical.ts";
import { apply } from "../world/merge-patch.ts";

/** A realm as it was after a tick; `hash` is its `public_hash`, `events` what the tick made happen. */
export type PastState = { state: PublicState; hash: string; events: DerivedEvent[] };
export type Standing = Pick<PastState, "state" | "hash">;

/** The recorded past contradicts itself, or a part of it is missing; the message names the tick and what is wrong. */
export class BrokenPast extends Error {}

const PAGE_TICKS = 32;
/** Patches repeat their keys over and over: the fastest level takes nine tenths away already. */
const LEVEL = 1;

type Page = { before: Standing; deltas: Pick<WorldDelta, "tick" | "hash" | "patch" | "events">[] };

export class Chapter {
  readonly realm: string;
  /** The tick that it starts from; what it tells are the ticks after it. */
  readonly from: number;
  #end: Standing;
  #pages: Uint8Array[] = [];
  #open: Page;

  constructor(start: Standing) {
    this.realm = start.state.realm;
    this.from = start.state.tick;
    this.#end = start;
    this.#open = { before: start, deltas: [] };
  }

  /** The last tick that it tells. */
  get through(): number {
    return this.#end.state.tick;
  }
  /** The state after its last tick. */
  get end(): Standing {
    return this.#end;
  }
  /** What its closed pages take; an open one takes its deltas' size besides. */
  get bytes(): number {
    return this.#pages.reduce((sum, page) => sum + page.length, 0);
  }

  /** Goes on by a tick. Throws `BrokenPast` where the delta isn't the next one or names another state before it. */
  add({ tick, prev, hash, patch, events }: WorldDelta): void {
    const { through } = this;
    if (tick !== through + 1)
      throw new BrokenPast(`${this.realm} holds no delta of tick ${through + 1}: tick ${tick} comes next`);
    if (prev !== this.#end.hash)
      throw new BrokenPast(
        `the delta of tick ${tick} of ${this.realm} continues ${prev}, tick ${through} is ${this.#end.hash}`,
      );
    this.#open.deltas.push({ tick, hash, patch, events });
    this.#end = { state: apply(this.#end.state, patch) as PublicState, hash };
    if (this.#open.deltas.length === PAGE_TICKS) {
      this.#pages.push(deflateRawSync(JSON.stringify(this.#open), { level: LEVEL }));
      this.#open = { before: this.#end, deltas: [] };
    }
  }

  /**
   * The realm after `tick`, `from < tick ≤ through`. Throws `BrokenPast` where its state doesn't have the hash that its delta
   * states.
   */
  at(tick: number): PastState {
    if (tick <= this.from || tick > this.through)
      throw new RangeError(`tick ${tick} isn't among ${this.from + 1}…${this.through}`);
    const { before, deltas } = this.#pageOf(tick);
    let state: unknown = before.state;
    const until = tick - before.state.tick;
    for (const { patch } of deltas.slice(0, until)) state = apply(state, patch);
    const { hash, events } = deltas[until - 1]!;
    const found = canonicalHash(state);
    if (found !== hash)
      throw new BrokenPast(`tick ${tick} of ${this.realm} gives ${found}, its delta states ${hash}`);
    return { state: state as PublicState, hash, events };
  }

  #pageOf(tick: number): Page {
    const page = this.#pages[Math.floor((tick - this.from - 1) / PAGE_TICKS)];
    return page === undefined ? this.#open : (JSON.parse(inflateRawSync(page).toString()) as Page);
  }
}
