/** The realms that this process has read from KV `realms`, and their state. */
import type { RealmState } from "../provision/realm-entries.ts";

export class KnownRealms {
  readonly #states = new Map<string, RealmState>();
  readonly #ended = new Set<(realm: string) => void>();

  constructor(realms: Iterable<string> = []) {
    for (const realm of realms) this.heard(realm, "open");
  }

  /** Number of known realms, ended ones included. */
  get size(): number {
    return this.#states.size;
  }

  /** `undefined`: the realm doesn't exist, or its entry has not arrived yet. */
  stateOf(realm: string): RealmState | undefined {
    return this.#states.get(realm);
  }

  heard(realm: string, state: RealmState): void {
    const before = this.#states.get(realm);
    this.#states.set(realm, state);
    if (state === "ended" && before !== "ended") for (const tell of this.#ended) tell(realm);
  }

  /** `tell` is called once with every realm that ends from now on, so that callers drop what they keep of it. */
  onEnded(tell: (realm: string) => void): void {
    this.#ended.add(tell);
  }
}
