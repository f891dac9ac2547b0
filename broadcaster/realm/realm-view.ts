/** A realm's public state after the last tick, with the encoded deltas that lead to it. */

import type { PassedNotices, Place, Pulse, ResyncReason } from "../../shared/contracts/feed.ts";
import type { Forecast } from "../../shared/contracts/forecast.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { DerivedEvent, PublicState, WorldDelta, WorldSnapshot } from "../../shared/contracts/world.ts";
import { canonicalHash } from "../../shared/exact/canonical.ts";
import { apply } from "../../shared/world/merge-patch.ts";
import { type EncodedFrame, encodeFrame } from "./encode.ts";
import { withText } from "./notice-text.ts";
import { Notices, orderOf } from "./notices.ts";

/** Ticks that a client may have missed and still catch up by deltas. */
export const HELD_DELTAS = 256;
/** Notices of those ticks are held up to this; beyond, the oldest are left to the ledger's recap. */
const HELD_NOTICE_BYTES = 64 * 1024 * 1024;
/** Events of the public log in memory: several seasons. Older ones are in WORLD and in the archive. */
const LOGGED_EVENTS = 100_000;

/** What the stream holds contradicts itself: a delta doesn't continue the state, or a state doesn't have its hash. */
export class Divergence extends Error {
  /** The tick that can't be trusted. */
  readonly tick: number;
  constructor(tick: number, message: string) {
    super(message);
    this.tick = tick;
  }
}

/** The realm's past, as `shared/past/time-machine.ts` opens it. */
export type Past = { stateAt(tick: number): Promise<{ state: PublicState; hash: string } | undefined> };

type HeldDelta = { tick: number; prev: string; hash: string; frame: EncodedFrame };

/** The next frames for a client, and the place that they bring it to. */
export type Step = { place: Place; frames: EncodedFrame[] };

export class RealmView {
  readonly realm: string;
  readonly epoch: string;
  readonly notices = new Notices(HELD_DELTAS, HELD_NOTICE_BYTES);
  /** The realm's ruleset. */
  rules: Ruleset;
  /** The state one tick before, where it is known. */
  previous: PublicState | undefined;
  /** The last pulse that came. */
  pulse: Pulse | undefined;
  /** The last forecast that came; it may be of another past than this one. */
  forecast: Forecast | undefined;
  /** Any tick before, from the stream; absent in a view that nothing follows. */
  past: Past | undefined;
  /** The public log, oldest first, from the first tick that this view was told of. */
  readonly log: DerivedEvent[] = [];
  /** The last event that the log no longer has; undefined while it has all. */
  forgotten: DerivedEvent | undefined;
  #state: PublicState;
  #hash: string;
  #held: HeldDelta[] = [];
  #snapshot: EncodedFrame | undefined;

  /** Throws `Divergence` where the snapshot's state doesn't have the hash that it states. */
  constructor(snapshot: WorldSnapshot, epoch: string) {
    if (canonicalHash(snapshot.state.public) !== snapshot.public_hash)
      throw new Divergence(snapshot.tick, `the snapshot of tick ${snapshot.tick} doesn't have its hash`);
    this.realm = snapshot.realm;
    this.epoch = epoch;
    this.rules = snapshot.state.private.ruleset;
    this.#state = snapshot.state.public;
    this.#hash = snapshot.public_hash;
  }

  get state(): PublicState {
    return this.#state;
  }
  /** `public_hash` of the state. */
  get hash(): string {
    return this.#hash;
  }
  get tick(): number {
    return this.#state.tick;
  }
  get place(): Place {
    return { epoch: this.epoch, tick: this.tick };
  }

  /** Holds a delta that the state already includes, oldest first, for clients that missed it. */
  recall(delta: WorldDelta): void {
    this.#hold(delta);
    // A past that doesn't lead to this state is of no use to anybody.
    if (delta.tick === this.tick && delta.hash !== this.#hash) this.#held = [];
  }

  /** Holds a part of a tick's notices, with their sentences, and returns its players; none where it is held already. */
  tell(part: PassedNotices): string[] {
    const notices = part.notices.map(({ user, items }) => ({
      user,
      items: items.map((item) => withText(item, this.rules)),
    }));
    return this.notices.add({ ...part, notices });
  }

  /** Goes on with the public log. */
  remember(events: readonly DerivedEvent[]): void {
    this.log.push(...events);
    // Rarely and much at once: a shift for every event would move all of them.
    if (this.log.length <= LOGGED_EVENTS * 1.1) return;
    this.forgotten = this.log.splice(0, this.log.length - LOGGED_EVENTS).at(-1);
  }

  /** Whether the realm had this public hash after this tick, as far as its deltas are held. */
  knows(tick: number, hash: string): boolean {
    if (tick === this.tick) return hash === this.#hash;
    return this.#held.some((delta) => delta.tick === tick && delta.hash === hash);
  }

  /** Moves on by one tick and answers its frame. Throws `Divergence`, and stays where it is, when the delta isn't the next one. */
  advance(delta: WorldDelta): EncodedFrame {
    const { tick } = delta;
    if (tick !== this.tick + 1) throw new Divergence(tick, `tick ${tick} follows tick ${this.tick}`);
    if (delta.prev !== this.#hash)
      throw new Divergence(tick, `tick ${tick} continues ${delta.prev}, but the state is ${this.#hash}`);
    const next = apply(this.#state, delta.patch) as PublicState;
    const hash = canonicalHash(next);
    if (hash !== delta.hash)
      throw new Divergence(
        tick,
        `after tick ${tick} the state is ${hash}, but the delta states ${delta.hash}`,
      );
    this.previous = this.#state;
    this.#state = next;
    this.#hash = hash;
    this.#snapshot = undefined;
    this.remember(delta.events);
    return this.#hold(delta).frame;
  }

  /** What a client at `place` gets next, one without a place a snapshot; nothing when it is up to date. */
  next(place: Place | undefined): Step | undefined {
    if (place === undefined) return this.#fresh();
    if (place.epoch !== this.epoch) return this.resync("epoch");
    if (place.tick > this.tick) return this.resync("future");
    if (place.tick === this.tick) return undefined;
    const oldest = this.#held[0];
    const delta = oldest && this.#held[place.tick + 1 - oldest.tick];
    if (delta === undefined) return this.resync("too_old");
    return { place: { epoch: this.epoch, tick: delta.tick }, frames: [delta.frame] };
  }

  /** The client is told to drop its state, and gets the newest one. */
  resync(reason: ResyncReason): Step {
    const { place, frames } = this.#fresh();
    return { place, frames: [encodeFrame({ type: "resync", reason }), ...frames] };
  }

  /** Whether the deltas held continue what another view of the realm showed last. */
  continues(earlier: RealmView): boolean {
    if (earlier.epoch !== this.epoch) return false;
    if (earlier.tick === this.tick) return earlier.hash === this.#hash;
    return this.#held.some((delta) => delta.tick === earlier.tick + 1 && delta.prev === earlier.hash);
  }

  /**
   * Whether a client at `place` is better off with a snapshot: it would have more bytes to read in deltas. Only one that is
   * known to read too slowly is conflated so; others get every delta that is held.
   */
  outweighs(place: Place): boolean {
    let missed = 0;
    for (const { tick, frame } of this.#held) if (tick > place.tick) missed += frame.bytes.length;
    return missed > this.#newest().bytes.length;
  }

  /** Where a client stands that got everything up to a delta, which is given as its bytes; nothing where it isn't held. */
  before(delta: Uint8Array): Place | undefined {
    const held = this.#held.findLast(
      ({ frame }) => frame.bytes.length === delta.length && Buffer.compare(frame.bytes, delta) === 0,
    );
    return held && { epoch: this.epoch, tick: held.tick - 1 };
  }

  /**
   * From where on a client that stands at `place` is given notices: those of its last tick too, which may not all have
   * reached it. A client that starts anew has missed no notice.
   */
  noticesFrom(place: Place | undefined): { epoch: string; order: number } {
    const known = place !== undefined && place.epoch === this.epoch && place.tick <= this.tick;
    return { epoch: this.epoch, order: known ? orderOf(place.tick, 0) - 1 : this.notices.end };
  }

  #fresh(): Step {
    return { place: this.place, frames: [this.#newest()] };
  }

  #newest(): EncodedFrame {
    this.#snapshot ??= encodeFrame({
      type: "snapshot",
      realm: this.realm,
      epoch: this.epoch,
      tick: this.tick,
      hash: this.#hash,
      state: this.#state,
    });
    return this.#snapshot;
  }

  #hold(delta: WorldDelta): HeldDelta {
    const { realm, tick, prev, hash, patch, events } = delta;
    const last = this.#held.at(-1);
    if (last !== undefined && (last.tick + 1 !== tick || last.hash !== prev)) this.#held = [];
    const frame = encodeFrame({ type: "delta", realm, epoch: this.epoch, tick, prev, hash, patch, events });
    const held = { tick, prev, hash, frame };
    this.#held.push(held);
    if (this.#held.length > HELD_DELTAS) this.#held.shift();
    return held;
  }
}
