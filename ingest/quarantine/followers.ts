/** The quarantines of realms that were requested once, followed from then on. */

import type { Log } from "../../shared/process/log.ts";
import { NotCaughtUp, QuarantineFollower } from "../../shared/quarantine/follow-quarantine.ts";
import type { Quarantine } from "../../shared/quarantine/quarantine.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { Unavailable } from "../gateway/gateway.ts";

/** A request waits so long for the quarantine to be read, ms: some 100 000 events, when it is asked for the first time. */
const CATCH_UP_MS = 15_000;

type Followed = { follower: QuarantineFollower; stop: AbortController; done: Promise<void> };

export class QuarantineFollowers {
  readonly #bus: Bus;
  readonly #log: Log;
  readonly #followers = new Map<string, Followed>();

  constructor(bus: Bus, log: Log) {
    this.#bus = bus;
    this.#log = log;
  }

  of(realm: string): QuarantineFollower {
    let followed = this.#followers.get(realm);
    if (followed === undefined) {
      const follower = new QuarantineFollower(this.#bus, realm, this.#log.child({ realm }));
      const stop = new AbortController();
      followed = { follower, stop, done: follower.follow(stop.signal) };
      this.#followers.set(realm, followed);
    }
    return followed.follower;
  }

  /** The realm's quarantine as EVENTS has it now. Throws `Unavailable`. */
  async upToDate(realm: string): Promise<Quarantine> {
    try {
      return await this.of(realm).upToDate(CATCH_UP_MS);
    } catch (error) {
      if (error instanceof NotCaughtUp) throw new Unavailable(error.message, { cause: error });
      throw error;
    }
  }

  /** Stops following the realm's quarantine until the next request. */
  forget(realm: string): void {
    this.#followers.get(realm)?.stop.abort();
    this.#followers.delete(realm);
  }

  async close(): Promise<void> {
    for (const { stop } of this.#followers.values()) stop.abort();
    await Promise.all([...this.#followers.values()].map(({ done }) => done));
  }
}
