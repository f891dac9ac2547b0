/** The ticks that the page has seen or asked for: states without a gap between them, oldest first, and what happened in each. */
import type { PublicState } from "../../shared/contracts/world.ts";
import type { Told } from "../../shared/web/happenings.ts";

/** The part of a state that a page draws; of ticks before the page came, `relics`, `actions` and `campaigns` are not known. */
export type Shown = Pick<
  PublicState,
  "tick" | "at" | "season" | "status" | "factions" | "territories" | "meters" | "effects"
> &
  Partial<Pick<PublicState, "relics" | "actions" | "campaigns">>;
export type Moment = { state: Shown; hash: string; events: readonly Told[] };

/** A day of ticks of 15 minutes, and then some; states share what didn't change. */
const MOMENTS_KEPT = 512;

export class Past {
  #moments: Moment[] = [];

  get first(): number | undefined {
    return this.#moments[0]?.state.tick;
  }
  get last(): number | undefined {
    return this.#moments.at(-1)?.state.tick;
  }
  get size(): number {
    return this.#moments.length;
  }
  get moments(): readonly Moment[] {
    return this.#moments;
  }

  at(tick: number): Moment | undefined {
    return this.first === undefined ? undefined : this.#moments[tick - this.first];
  }

  /** The next tick; a tick that doesn't follow the last one begins the history anew, since a line over a gap would be wrong. */
  append(moment: Moment): void {
    if (this.last !== undefined && moment.state.tick !== this.last + 1) this.#moments = [];
    this.#moments.push(moment);
    if (this.#moments.length > MOMENTS_KEPT) this.#moments.shift();
  }

  /** Ticks before the first one; those that don't lead up to it without a gap are not taken. */
  prepend(earlier: readonly Moment[]): void {
    const before = earlier.filter(({ state }) => this.first !== undefined && state.tick < this.first);
    const whole = before.every(({ state }, i) => state.tick === this.first! - before.length + i);
    if (whole) this.#moments = [...before, ...this.#moments].slice(-MOMENTS_KEPT);
  }

  /** Share of a faction by tick, basis points; `null` where it didn't exist. */
  shares(faction: string): (number | null)[] {
    return this.#moments.map(({ state }) =>
      Object.hasOwn(state.factions, faction) ? state.factions[faction]!.share_bp : null,
    );
  }

  /** The newest first. */
  events(limit: number, until = Number.POSITIVE_INFINITY): Told[] {
    const told: Told[] = [];
    for (let i = this.#moments.length - 1; i >= 0 && told.length < limit; i--) {
      const { state, events } = this.#moments[i]!;
      if (state.tick <= until) told.push(...events.toReversed());
    }
    return told.slice(0, limit);
  }
}
