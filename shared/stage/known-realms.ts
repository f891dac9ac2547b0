/** Which realms a process has heard of, and what became of them. */
import type { RealmState } from "../provision/realm-entries.ts";

export class KnownRealms {
  readonly #states = new Map<string, RealmState>();
  readonly #ended = new Set<(realm: string) => void>();

  constructor(realms: Iterable<string> = []) {
    for (const realm of realms) this.heard(realm, "open");
  }

  /** How many it has heard of, ended ones among them. */
  get size(): number {
    return this.#states.size;
  }

  /** `undefined`: there is no such realm, or it is not heard of yet. */
  stateOf(realm: string): RealmState | undefined {
    return this.#states.get(realm);
  }

  heard(realm: string, state: RealmState): void {
    const before = this.#states.get(realm);
    this.#states.set(realm, state);
    if (state === "ended" && before !== "ended") for (const tell of this.#ended) tell(realm);
  }

  /** `tell` is called with every realm that ends from now on, once: what is kept of it can go. */
  onEnded(tell: (realm: string) => void): void {
    this.#ended.add(tell);
  }
}
