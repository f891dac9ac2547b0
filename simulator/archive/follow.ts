/**
 * Follows one stream of one realm into Postgres, whatever happens meanwhile:
 *
 *     read my position → read the stream after it → write rows + my new position, in one transaction
 *
 * After any failure it drops what it holds and begins again at the position. Nothing upstream waits for it.
 */

import { setTimeout as delay } from "node:timers/promises";
import type { Bus } from "../../shared/bus.ts";
import { countFrom } from "../../shared/consumer.ts";
import { Superseded } from "../../shared/fence.ts";
import { jittered } from "../../shared/jitter.ts";
import type { Log } from "../../shared/log.ts";
import { metrics } from "../../shared/metrics.ts";
import { type Input, Reader, StreamGap } from "../../shared/reader.ts";
import type { Database, Transaction } from "./database.ts";
import { ArchiveRefused, archive, type Position, readPosition } from "./position.ts";
import type { Troubles } from "./troubles.ts";

/** What a follower works with. */
export type Archiving = {
  database: Database;
  bus: Bus;
  realm: string;
  log: Log;
  signal: AbortSignal;
  /** Writes rows and moves the position to `through`, in one transaction. */
  commit(through: number, write: (transaction: Transaction) => Promise<void>): Promise<void>;
};

/** Turns messages into rows. */
export type Fold = {
  /**
   * Commits every message, now or with a later one that makes it whole; the last commit may still be under way at the end, and
   * what it throws comes with the next call.
   */
  take(messages: Input[]): Promise<void>;
  /** Waits for it. */
  settled(): Promise<void>;
  close(): Promise<void>;
};

export type Followed = {
  stream: string;
  subjects: string[];
  /** Begins at the position, with what is archived already. */
  open(archiving: Archiving): Promise<Fold>;
};

export type Surroundings = { database: Database; bus: Bus; log: Log; troubles: Troubles };

/** Messages taken at once: what a transaction takes. */
const MAX_MESSAGES = 400;
/** So many messages say that more are waiting; after fewer it rests, so that a trickle doesn't cost a commit each. */
const BUSY_MESSAGES = 20;
const REST_MS = 100;
/** Without a message for so long, it looks whether the position can move past what isn't archived. */
const IDLE_MS = 2_000;
const LAG_MS = 1_000;
const RETRY_MS = { first: 500, longest: 10_000 };

/** Follows until the signal. */
export async function follow(
  realm: string,
  followed: Followed,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<void> {
  const run = new Run(realm, followed, surroundings, signal);
  // More comes while a commit waits, and what waits grows older while Postgres answers nothing at all.
  const telling = setInterval(() => run.tellAgain(), LAG_MS);
  for (let wait = RETRY_MS.first; !signal.aborted; ) {
    const committed = run.commits;
    try {
      await run.once();
    } catch (error) {
      if (signal.aborted) break;
      if (run.commits > committed) wait = RETRY_MS.first;
      run.failed(error);
      await run.measureLag();
      await delay(jittered(wait), undefined, { signal }).catch(() => {});
      wait = Math.min(wait * 2, RETRY_MS.longest);
    }
  }
  clearInterval(telling);
  run.left();
}

class Run {
  readonly #realm: string;
  readonly #followed: Followed;
  readonly #surroundings: Surroundings;
  readonly #log: Log;
  readonly #signal: AbortSignal;
  readonly #labels: { realm: string; stream: string };
  /** As far as this process knows. */
  #position: Position | undefined;
  /** Messages that were read and, when last looked at, not committed. */
  #read: Pick<Input, "seq" | "atMs">[] = [];
  /** Since when the first message after the position waits. */
  #waiting: { through: number; sinceMs: number } | undefined;
  /** As last told. */
  #lag = 0;
  /** While one is open. */
  #reader: Reader | undefined;
  #refused = false;
  #failures = 0;
  commits = 0;

  constructor(realm: string, followed: Followed, surroundings: Surroundings, signal: AbortSignal) {
    this.#realm = realm;
    this.#followed = followed;
    this.#surroundings = surroundings;
    this.#labels = { realm, stream: followed.stream };
    this.#log = surroundings.log.child(this.#labels);
    this.#signal = signal;
  }

  async once(): Promise<void> {
    const { database, bus } = this.#surroundings;
    const { stream, subjects } = this.#followed;
    const signal = this.#signal;
    const position = await readPosition(database, bus, this.#realm, stream);
    this.#position = position;
    this.#read = [];
    const fold = await this.#followed.open({
      database,
      bus,
      realm: this.#realm,
      log: this.#log,
      signal,
      commit: (through, write) => this.#commit(through, write),
    });
    const reader = new Reader(bus, {
      stream,
      subjects,
      created: position.created,
      from: position.through + 1,
    });
    if (!this.#refused) this.#well();
    this.#reader = reader;
    try {
      while (!signal.aborted) {
        const messages = await takeWithin(reader, IDLE_MS, signal);
        if (messages.length === 0) {
          await fold.settled();
          if (!signal.aborted) await this.#pass(reader);
          continue;
        }
        this.#read.push(...messages.map(({ seq, atMs }) => ({ seq, atMs })));
        this.#tellLag(reader);
        await fold.take(messages);
        this.#tellLag(reader);
        if (messages.length < BUSY_MESSAGES) await delay(REST_MS, undefined, { signal }).catch(() => {});
      }
    } finally {
      this.#reader = undefined;
      await reader.close();
      await fold.close();
    }
  }

  tellAgain(): void {
    if (this.#reader !== undefined) this.#tellLag(this.#reader);
    else if (this.#position !== undefined) this.#tell(this.#lag);
  }

  /** What was read may still be on its way into Postgres: until that has it, it is behind as much as what was not read. */
  #tellLag(reader: Reader): void {
    const { through } = this.#position!;
    this.#read = this.#read.filter(({ seq }) => seq > through);
    this.#tell(reader.lag + this.#read.length, this.#read[0]?.atMs);
  }

  /** `oldestMs`: the time of the first message that waits, as the stream has it; absent where it was not read. */
  #tell(lag: number, oldestMs?: number): void {
    const { through } = this.#position!;
    this.#lag = lag;
    if (lag === 0) this.#waiting = undefined;
    else if (oldestMs !== undefined) this.#waiting = { through, sinceMs: oldestMs };
    // Of one that was not read all that is known is when it was first counted.
    else if (this.#waiting?.through !== through) this.#waiting = { through, sinceMs: Date.now() };
    const seconds = this.#waiting === undefined ? 0 : (Date.now() - this.#waiting.sinceMs) / 1_000;
    metrics.archivePosition.set(this.#labels, lag);
    metrics.archiveLagSeconds.set(this.#labels, Math.max(0, seconds));
    this.#surroundings.troubles.waits(this.#followed.stream, { lag, through });
  }

  async #commit(through: number, write: (transaction: Transaction) => Promise<void>): Promise<void> {
    this.#position = await archive(this.#surroundings.database, this.#position!, through, write);
    this.commits++;
    this.#well();
  }

  /** Moves the position over messages of other subjects, once all that was read is archived: it tells how far the stream can be purged. */
  async #pass(reader: Reader): Promise<void> {
    this.#tellLag(reader);
    if (!reader.isCaughtUp || this.#read.length > 0) return;
    if (reader.passed > this.#position!.through) await this.#commit(reader.passed, async () => {});
    this.#well();
  }

  #well(): void {
    this.#refused = false;
    this.#failures = 0;
    this.#surroundings.troubles.over(this.#followed.stream);
    metrics.refused.set(
      { stage: "archive", realm: this.#realm },
      this.#surroundings.troubles.refused(this.#realm),
    );
  }

  failed(error: unknown): void {
    if (error instanceof Superseded) {
      this.#log.info(
        { reason: error.message },
        "another archive writes this realm; beginning again after it",
      );
      return;
    }
    const { troubles } = this.#surroundings;
    this.#refused = error instanceof ArchiveRefused || error instanceof StreamGap;
    const reason = error instanceof Error ? error.message || error.name : String(error);
    troubles.begin(this.#followed.stream, { realm: this.#realm, reason, refused: this.#refused });
    metrics.archiveErrors.inc({ realm: this.#realm });
    metrics.refused.set({ stage: "archive", realm: this.#realm }, troubles.refused(this.#realm));
    if (this.#refused) this.#log.error({ reason }, "not archiving this stream until an operator has looked");
    else this.#log.warn(this.#failures++ === 0 ? { err: error } : { reason }, "interrupted; trying again");
  }

  /** Another archive, or none, tells of this stream from now on. */
  left(): void {
    this.#surroundings.troubles.left(this.#followed.stream);
    metrics.archivePosition.remove(this.#labels);
    metrics.archiveLagSeconds.remove(this.#labels);
    metrics.refused.remove({ stage: "archive", realm: this.#realm });
  }

  /** How much waits, while nothing is read. */
  async measureLag(): Promise<void> {
    if (this.#position === undefined) return;
    const { stream, subjects } = this.#followed;
    const from = this.#position.through + 1;
    try {
      const waiting = await countFrom(this.#surroundings.bus, stream, subjects, from);
      this.#tell(waiting);
    } catch {
      // NATS is away as well: the last known lag stays.
    }
  }
}

/** Up to 400 messages, or none after `ms` without one or once the signal is aborted. */
export async function takeWithin(reader: Reader, ms: number, signal: AbortSignal): Promise<Input[]> {
  const patience = new AbortController();
  const give = () => patience.abort();
  const timer = setTimeout(give, ms);
  signal.addEventListener("abort", give);
  if (signal.aborted) give();
  try {
    return await reader.take(MAX_MESSAGES, patience.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", give);
  }
}
