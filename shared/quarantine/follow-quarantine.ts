/** Keeps a realm's quarantine in memory: reads EVENTS from its start, and goes on whatever happens meanwhile. */

import { jittered } from "../process/backoff.ts";
import type { Log } from "../process/log.ts";
import { pause } from "../process/pause.ts";
import type { Bus } from "../stream/bus.ts";
import { lastOf, streamEnds } from "../stream/last-message.ts";
import { Reader, StreamGap } from "../stream/reader.ts";
import { eventsStream } from "../stream/subjects.ts";
import { Quarantine, type ReviewResult } from "./quarantine.ts";

const TAKEN_AT_ONCE = 1_000;
const RETRY_MS = 500;

/** EVENTS was not read up to its end in time. */
export class NotCaughtUp extends Error {}

export class QuarantineFollower {
  readonly #bus: Bus;
  readonly #realm: string;
  readonly #log: Log;
  readonly #waiting = new Set<() => void>();
  #quarantine = new Quarantine();
  #reader: Reader | undefined;
  #ended = false;

  /** `log` says the realm in each line. */
  constructor(bus: Bus, realm: string, log: Log) {
    this.#bus = bus;
    this.#realm = realm;
    this.#log = log;
  }

  /** Follows until the signal. After an interruption it goes on, after a gap or in another stream it begins anew. */
  async follow(signal: AbortSignal): Promise<void> {
    let created: string | undefined;
    while (!signal.aborted) {
      try {
        const ends = await streamEnds(this.#bus, eventsStream(this.#realm));
        if (created !== ends.created) this.#quarantine = new Quarantine();
        created = ends.created;
        await this.#read(created, Math.max(this.#quarantine.through + 1, ends.firstSeq), signal);
      } catch (error) {
        if (error instanceof StreamGap) created = undefined;
        if (!signal.aborted)
          this.#log.warn(
            { reason: String(error) },
            "reading the quarantine was interrupted; it goes on in a moment",
          );
        await pause(jittered(RETRY_MS), signal);
      }
    }
    this.#ended = true;
    this.#look();
  }

  async #read(created: string, from: number, signal: AbortSignal): Promise<void> {
    const reader = new Reader(this.#bus, {
      stream: eventsStream(this.#realm),
      subjects: Quarantine.subjects(this.#realm),
      created,
      from,
    });
    this.#reader = reader;
    try {
      while (!signal.aborted) {
        for (const message of await reader.take(TAKEN_AT_ONCE, signal))
          this.#quarantine.fold(message, this.#realm);
        this.#look();
      }
    } finally {
      this.#reader = undefined;
      await reader.close();
    }
  }

  /** The quarantine, if it is read up to the last known end of EVENTS; makes no request. */
  get current(): Quarantine | undefined {
    return this.#reader?.isCaughtUp ? this.#quarantine : undefined;
  }

  /** The quarantine with everything that EVENTS holds now. Throws `NotCaughtUp`. */
  async upToDate(timeoutMs: number): Promise<Quarantine> {
    const stream = eventsStream(this.#realm);
    const last = await Promise.all(
      Quarantine.subjects(this.#realm).map((subject) => lastOf(this.#bus, stream, subject)),
    );
    const end = Math.max(...last.map((message) => message?.seq ?? 0));
    const reached = await this.#until(
      (quarantine) => (quarantine.through >= end ? quarantine : undefined),
      timeoutMs,
    );
    if (reached === undefined)
      throw new NotCaughtUp(
        `the quarantine is read up to ${this.#quarantine.through} of ${end} of ${stream}: try again`,
      );
    return reached;
  }

  /** How the review with this idempotency key ended, once it has; `undefined` at the time-out. */
  outcomeOf(command_id: string, timeoutMs: number): Promise<ReviewResult | undefined> {
    return this.#until((quarantine) => quarantine.outcomes.get(command_id), timeoutMs);
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }

  #until<Found>(
    find: (quarantine: Quarantine) => Found | undefined,
    timeoutMs: number,
  ): Promise<Found | undefined> {
    return new Promise((resolve) => {
      const end = (found: Found | undefined) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(found);
      };
      const look = () => {
        const found = find(this.#quarantine);
        if (found !== undefined || this.#ended) end(found);
      };
      const timer = setTimeout(() => end(undefined), timeoutMs);
      this.#waiting.add(look);
      look();
    });
  }
}
