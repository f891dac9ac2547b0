/**
 * Who runs which realm: workers announce themselves in KV with a TTL, and rendezvous hashing over the live ones decides.
 * Overlaps are harmless, since commits are fenced; this only keeps them short.
 */

import { hostname } from "node:os";
import { sha256 } from "../exact/canonical.ts";
import { pause } from "../process/pause.ts";
import { watchBucket } from "../stream/bucket.ts";
import type { Bus } from "../stream/bus.ts";
import { publishOne } from "../stream/publish.ts";
import { randomName } from "../stream/random-name.ts";
import { recreateBucket } from "../stream/recreate-bucket.ts";
import { kvSubject } from "../stream/topology.ts";
import type { AnnouncedRefusal } from "./announced-workers.ts";
import { realmTroubles } from "./realm-health.ts";

/** Of `workers`, the one with the highest hash of itself and the realm (rendezvous hashing, Thaler and Ravishankar 1996). */
export function ownerOf(realm: string, workers: readonly string[]): string | undefined {
  let best: { worker: string; score: string } | undefined;
  for (const worker of workers) {
    const score = sha256(`${worker}\n${realm}`);
    if (best === undefined || score > best.score) best = { worker, score };
  }
  return best?.worker;
}

/**
 * The live workers, judged by their announcements. A worker without an announcement for the TTL is dead, but only while other
 * workers announce: where no announcement arrives at all, the bucket is away, and the last known set stays valid.
 */
export class Liveness {
  readonly #ttlMs: number;
  /** Worker → time of its last announcement, ms of a monotonic clock. */
  readonly #heard = new Map<string, number>();
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
  }

  heard(worker: string, atMs: number): void {
    const silentMs = atMs - this.#lastMs;
    // While the bucket was away no announcement could arrive: that time counts against no worker.
    if (silentMs > this.#ttlMs / 2)
      for (const [other, heardMs] of this.#heard) this.#heard.set(other, heardMs + silentMs);
    this.#lastMs = atMs;
    this.#heard.set(worker, atMs);
  }

  left(worker: string): void {
    this.#heard.delete(worker);
  }

  live(): string[] {
    for (const [worker, heardMs] of this.#heard)
      if (this.#lastMs - heardMs > this.#ttlMs) this.#heard.delete(worker);
    return [...this.#heard.keys()];
  }
}

/** Refusals that an announcement names at most, and characters of a reason. */
const MOST_REFUSALS = 32;
const REASON_LENGTH = 400;

/** The realms that this process refuses, as its announcement names them. */
const refusals = (): AnnouncedRefusal[] =>
  realmTroubles(Number.POSITIVE_INFINITY)
    .slice(0, MOST_REFUSALS)
    .map(({ kind: _refused, reason, ...where }) => ({ ...where, reason: reason.slice(0, REASON_LENGTH) }));

/** A process's entry in the bucket `workers`, kept alive. */
export class Announcement {
  readonly id: string;
  readonly #bus: Bus;
  readonly #key: string;
  readonly #ttlSeconds: number;
  readonly #details: object;
  #timer: NodeJS.Timeout | undefined;
  #isStored = true;

  constructor(bus: Bus, stage: string, ttlSeconds: number, details: { port: number }) {
    this.id = `${stage}-${randomName()}`;
    this.#bus = bus;
    this.#key = `${stage}.${this.id}`;
    this.#ttlSeconds = ttlSeconds;
    this.#details = { stage, worker: this.id, host: hostname(), pid: process.pid, ...details };
  }

  /** Announces now, and again four times within the TTL. `beat` is called each time. */
  start(beat: () => void = () => {}): void {
    void this.#announce();
    this.#timer = setInterval(
      () => {
        void this.#announce();
        beat();
      },
      (this.#ttlSeconds * 1_000) / 4,
    );
  }

  /** Removes the entry. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    // The removal marker needs no longer life than the entry.
    const message = { subject: this.#subject, data: "", removes: true, ttlSeconds: this.#ttlSeconds };
    await publishOne(this.#bus, message, 1_000).catch(() => {});
  }

  get #subject(): string {
    return kvSubject("workers", this.#key);
  }

  /** A late announcement is worthless, so a failure is left to the next beat. */
  async #announce(): Promise<void> {
    const message = {
      subject: this.#subject,
      data: JSON.stringify({ ...this.#details, refused: refusals() }),
      ttlSeconds: this.#ttlSeconds,
    };
    try {
      await publishOne(this.#bus, message, 1_000);
      if (!this.#isStored)
        this.#bus.log.info({ worker: this.id }, "the worker's announcement is stored again");
      this.#isStored = true;
    } catch (error) {
      if (this.#isStored)
        this.#bus.log.warn(
          { worker: this.id, reason: String(error) },
          "the worker's announcement was not stored; it is sent again at the next beat",
        );
      this.#isStored = false;
    }
  }
}

export class Workers {
  readonly #bus: Bus;
  readonly #stage: string;
  readonly #announcement: Announcement;
  readonly #liveness: Liveness;
  readonly #stopping = new AbortController();
  #watching: Promise<void> | undefined;

  constructor(bus: Bus, stage: string, ttlSeconds: number, details: { port: number }) {
    this.#bus = bus;
    this.#stage = stage;
    this.#announcement = new Announcement(bus, stage, ttlSeconds, details);
    this.#liveness = new Liveness(ttlSeconds * 1_000);
  }

  get id(): string {
    return this.#announcement.id;
  }

  /**
   * Announces this worker, and calls `changed` whenever the set of live workers may have changed. Resolves when this worker's own
   * announcement arrives, and with it all earlier ones, or with the signal.
   */
  async start(changed: () => void, signal: AbortSignal): Promise<void> {
    const watch = {
      bucket: "workers",
      keys: `${this.#stage}.*`,
      changed: (key: string, value: string | undefined) => {
        const worker = key.slice(this.#stage.length + 1);
        if (value === undefined) this.#liveness.left(worker);
        else this.#liveness.heard(worker, performance.now());
        changed();
      },
      missing: () => recreateBucket(this.#bus, "workers"),
    } as const;
    this.#watching = watchBucket(this.#bus, watch, this.#stopping.signal);
    this.#announcement.start(changed);
    while (!signal.aborted && !this.live().includes(this.id)) await pause(50, signal);
  }

  /** Live workers of this stage. */
  live(): string[] {
    return this.#liveness.live();
  }

  owns(realm: string): boolean {
    return ownerOf(realm, this.live()) === this.id;
  }

  /** Removes the announcement, so that others take over at once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#announcement.stop();
    await this.#watching;
  }
}
