/**
 * How often somebody may ask. A leaky bucket for each in one integer (GCRA, ITU-T I.371): the time at which their last request will
 * have been forgotten. Memory is bounded: of too many, the oldest are forgotten first.
 */

/** Names remembered at most. */
const MAX_NAMES = 100_000;
const WINDOW_MS = 60_000;

export class RateLimit {
  readonly #leakMs: number;
  readonly #until = new Map<string, number>();

  /** `perMinute`: of each; all of them may come at once. */
  constructor(perMinute: number) {
    this.#leakMs = WINDOW_MS / perMinute;
  }

  /** Counts a request at a time, milliseconds. One that isn't allowed isn't counted. */
  take(name: string, nowMs: number): boolean {
    const until = this.#until.get(name);
    const next = Math.max(until ?? 0, nowMs) + this.#leakMs;
    if (next - nowMs > WINDOW_MS + 1e-6) return false;
    // Last in the order of the map, which is the order of forgetting.
    if (until !== undefined) this.#until.delete(name);
    this.#until.set(name, next);
    if (this.#until.size > MAX_NAMES) this.#until.delete(this.#until.keys().next().value!);
    return true;
  }
}
