/**
 * The pulse: what builds up until the next tick, for those who watch. The realm's owner publishes it on core NATS, undurable, from
 * what is folded already. It is no part of the world: nothing follows from it, and a replay has none.
 */

import type { Pulse } from "../../shared/contracts/feed.ts";
import { sortedKeys } from "../../shared/exact/integers.ts";
import { pause } from "../../shared/process/pause.ts";
import type { Owned } from "../../shared/stage/stage.ts";
import { subjects } from "../../shared/stream/subjects.ts";
import type { SimulatorState } from "../advance.ts";
import type { Column, Folding } from "../steps/fold.ts";
import { effectiveStatus, effectiveTickSeconds, nextTickAt } from "./pending.ts";

const INTERVAL_MS = 1_000;
/** An unchanged pulse is published again after this, so that listeners know that the owner lives. */
const AGAIN_MS = 10_000;

/** Milli-points of push below which a band ends. */
const BANDS = [10_000, 100_000] as const;

/** Publishes until the signal. `now`: Unix milliseconds. */
export async function keepPulse(
  owned: Pick<Owned<SimulatorState>, "bus" | "realm" | "state" | "signal">,
  now: () => number = Date.now,
): Promise<void> {
  const { bus, realm, state, signal } = owned;
  const gauge = new Gauge();
  let last = { text: "", ms: 0 };
  while (!signal.aborted) {
    const pulse = gauge.read(state, now());
    const text = pulse === undefined ? "" : JSON.stringify(pulse);
    const due = text !== last.text || performance.now() - last.ms >= AGAIN_MS;
    // What is published while there is no connection is dropped, as it should be.
    if (text !== "" && due) {
      last = { text, ms: performance.now() };
      if (bus.connected) bus.nc.publish(subjects.pulse(realm), text);
    }
    await pause(INTERVAL_MS, signal);
  }
}

/** Reads the pressure off a folding that grows, each event once. */
export class Gauge {
  readonly #sums = new WeakMap<Column, { read: number; points: number }>();
  #pulse: Pulse | undefined;

  /** Nothing while no tick is due. In the last tenth before it the pulse stays what it was, so that it can't be used for a last-second push. */
  read(state: SimulatorState, nowMs: number): Pulse | undefined {
    const { realm, world, folding } = state;
    if (effectiveStatus(world, folding) !== "active") return undefined;
    const next_tick = world.public.tick + 1;
    const nextMs = nextTickAt(world, folding);
    const frozen = nowMs >= nextMs - effectiveTickSeconds(world, folding) * 100;
    if (this.#pulse?.next_tick !== next_tick) this.#pulse = undefined;
    if (frozen) return this.#pulse;
    const next_at = new Date(nextMs).toISOString();
    this.#pulse = { realm, next_tick, next_at, pressure: this.#pressure(state) };
    return this.#pulse;
  }

  #pressure({ world, folding }: SimulatorState): Pulse["pressure"] {
    const factions = sortedKeys(world.public.factions);
    const bands = (territory: string) =>
      factions.map((faction) => [faction, bandOf(this.#push(folding, faction, territory))]);
    const territories = sortedKeys(world.public.territories);
    return Object.fromEntries(territories.map((id) => [id, Object.fromEntries(bands(id))]));
  }

  /** Milli-points that were accepted for a push, before the tick's own limits. */
  #push(folding: Folding, faction: string, territory: string): number {
    const column = folding.factions.get(faction)?.territories.get(territory);
    if (column === undefined) return 0;
    const sum = this.#sums.get(column) ?? { read: 0, points: 0 };
    for (; sum.read < column.points.length; sum.read++) sum.points += column.points[sum.read]!;
    this.#sums.set(column, sum);
    return sum.points;
  }
}

const bandOf = (points: number): 0 | 1 | 2 => (points < BANDS[0] ? 0 : points < BANDS[1] ? 1 : 2);
