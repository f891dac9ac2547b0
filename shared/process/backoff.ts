/** Pauses before something is tried again. Who failed together would otherwise come back together, again and again. */

/** A pause between half and all of `ms`, evenly. */
export const jittered = (ms: number): number => ms * (0.5 + Math.random() / 2);

/**
 * Exponential back-off with jitter: each failure in a row doubles the pause from `first` up to `longest`, ms, and what is waited
 * lies between half and all of it, so that clients that failed together don't come back together.
 */
export class Backoff {
  readonly #first: number;
  readonly #longest: number;
  #failures = 0;

  constructor({ first, longest }: { first: number; longest: number }) {
    this.#first = first;
    this.#longest = longest;
  }

  /** The pause after another failure, ms. */
  next(): number {
    return jittered(Math.min(this.#first * 2 ** this.#failures++, this.#longest));
  }

  /** What was tried has worked. */
  reset(): void {
    this.#failures = 0;
  }
}
