/** The quarantine of each realm that somebody asked for, followed from then on. */
import type { Bus } from "../shared/bus.ts";
import { NotCaughtUp, QuarantineFollower } from "../shared/follow-quarantine.ts";
import type { Log } from "../shared/log.ts";
import type { Quarantine } from "../shared/quarantine.ts";
import { Unavailable } from "./gateway.ts";

/** A request waits so long for the quarantine to be read, ms: some 100 000 events, when it is asked for the first time. */
const CATCH_UP_MS = 15_000;

export class Quarantines {
  readonly #bus: Bus;
  readonly #log: Log;
  readonly #stop = new AbortController();
  readonly #followers = new Map<string, { follower: QuarantineFollower; done: Promise<void> }>();

  constructor(bus: Bus, log: Log) {
    this.#bus = bus;
    this.#log = log;
  }

  of(realm: string): QuarantineFollower {
    let followed = this.#followers.get(realm);
    if (followed === undefined) {
      const follower = new QuarantineFollower(this.#bus, realm, this.#log);
      followed = { follower, done: follower.follow(this.#stop.signal) };
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

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#followers.values()].map(({ done }) => done));
  }
}
