/** Which realms this process archives: those that rendezvous hashing gives it. Two at once are harmless, by the position. */
import { setTimeout as delay } from "node:timers/promises";
import { metrics } from "../../shared/metrics.ts";
import { Workers } from "../../shared/ownership.ts";
import { decisions, rejections } from "./events.ts";
import { follow, type Surroundings } from "./follow.ts";
import { ArchiveRefused } from "./position.ts";
import { registerRealm } from "./register.ts";
import { world } from "./world.ts";

const RETRY_MS = 1_000;

/** Archives one realm until the signal. */
export async function archiveRealm(
  realm: string,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<void> {
  const { database, bus, log, troubles } = surroundings;
  while (!signal.aborted) {
    try {
      await registerRealm(database, bus, realm);
      troubles.over(realm);
      break;
    } catch (error) {
      const reason = error instanceof Error ? error.message || error.name : String(error);
      troubles.begin(realm, { realm, reason, refused: error instanceof ArchiveRefused });
      metrics.archiveErrors.inc({ realm });
      log.warn({ realm, reason }, "the realm can't be entered into the archive yet; trying again");
      await delay(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }
  const streams = [rejections(realm), decisions(realm), world(realm)];
  await Promise.all(streams.map((followed) => follow(realm, followed, surroundings, signal)));
  troubles.over(realm);
}

export class Realms {
  readonly #surroundings: Surroundings;
  readonly #signal: AbortSignal;
  readonly #workers: Workers;
  readonly #known = new Set<string>();
  readonly #running = new Map<string, { stop: AbortController; done: Promise<void> }>();
  readonly #started: Promise<void>;

  constructor(surroundings: Surroundings, ttlSeconds: number, port: number, signal: AbortSignal) {
    this.#surroundings = surroundings;
    this.#signal = signal;
    this.#workers = new Workers(surroundings.bus, "archive", ttlSeconds, { port });
    this.#started = this.#announce();
  }

  add(realm: string): void {
    this.#known.add(realm);
    this.#settle();
  }

  /** Waits until the realms have stopped, after the signal, and leaves them to others. */
  async ended(): Promise<void> {
    await this.#started;
    await Promise.all([...this.#running.values()].map(({ done }) => done));
    await this.#workers.stop();
  }

  async #announce(): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        return await this.#workers.start(() => this.#settle());
      } catch (error) {
        this.#surroundings.log.warn({ reason: String(error) }, "waiting for the buckets to be provisioned");
        await delay(RETRY_MS, undefined, { signal: this.#signal }).catch(() => {});
      }
    }
  }

  /** Starts the realms that are mine and stops those that are not. */
  #settle(): void {
    if (this.#signal.aborted) return;
    for (const realm of this.#known) {
      const run = this.#running.get(realm);
      if (!this.#workers.owns(realm)) run?.stop.abort(new Error("the realm moved to another archive"));
      else if (run === undefined) {
        const stop = new AbortController();
        const done = archiveRealm(
          realm,
          this.#surroundings,
          AbortSignal.any([this.#signal, stop.signal]),
        ).finally(() => this.#running.delete(realm));
        this.#running.set(realm, { stop, done });
      }
    }
  }
}
