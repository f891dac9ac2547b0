/**
 * How often somebody may ask: an address, or a token by its name. A leaky bucket for each in one integer (GCRA, ITU-T I.371): the
 * time at which the last request will have been forgotten. Memory is bounded: of too many names the oldest are dropped.
 */

/** Addresses remembered at most; beyond it the ones that came first are forgotten first. */
const MAX_ADDRESSES = 100_000;
const WINDOW_MS = 60_000;

export type Allowance = {
  allowed: boolean;
  /** Requests that may follow at once. */
  remaining: number;
  /** Seconds until all are allowed again; for a refused request, until the next request is allowed. */
  resetSeconds: number;
};

export class RateLimit {
  /** What is counted, as the headers call it: `reads`. */
  readonly name: string;
  /** Requests per minute and address; all of them may come at once. */
  readonly perMinute: number;
  readonly #leakMs: number;
  readonly #until = new Map<string, number>();

  constructor(name: string, perMinute: number) {
    this.name = name;
    this.perMinute = perMinute;
    this.#leakMs = WINDOW_MS / perMinute;
  }

  /** Counts a request of an address at a time, milliseconds. A refused request isn't counted. */
  take(address: string, nowMs: number): Allowance {
    const until = Math.max(this.#until.get(address) ?? 0, nowMs);
    const next = until + this.#leakMs;
    if (next - nowMs > WINDOW_MS + 1e-6)
      return { allowed: false, remaining: 0, resetSeconds: Math.ceil((next - nowMs - WINDOW_MS) / 1_000) };
    this.#remember(address, next);
    const remaining = Math.floor((WINDOW_MS - (next - nowMs)) / this.#leakMs + 1e-6);
    return { allowed: true, remaining, resetSeconds: Math.ceil((next - nowMs) / 1_000) };
  }

  /** Counts so many more, allowed or not; an address is in debt for a minute at most. */
  charge(address: string, count: number, nowMs: number): void {
    const until = Math.max(this.#until.get(address) ?? 0, nowMs) + count * this.#leakMs;
    this.#remember(address, Math.min(until, nowMs + 2 * WINDOW_MS));
  }

  #remember(address: string, until: number): void {
    // Last in the order of the map, which is the order of forgetting.
    this.#until.delete(address);
    this.#until.set(address, until);
    if (this.#until.size > MAX_ADDRESSES) this.#until.delete(this.#until.keys().next().value!);
  }

  /** The headers that tell a client where it stands (draft-ietf-httpapi-ratelimit-headers). */
  headers({ allowed, remaining, resetSeconds }: Allowance): Record<string, string> {
    return {
      "RateLimit-Policy": `"${this.name}";q=${this.perMinute};w=${WINDOW_MS / 1_000}`,
      RateLimit: `"${this.name}";r=${remaining};t=${resetSeconds}`,
      ...(allowed ? {} : { "Retry-After": String(Math.max(1, resetSeconds)) }),
    };
  }
}
