/**
 * Follows one stream of one realm into Postgres, whatever happens meanwhile:
 *
 *     read my position → read the stream after it → write rows + my new position, in one transaction
 *
 * After any failure it drops what it holds and begins again at the position. Nothing upstream waits for it.
 */

import { Backoff } from "../../shared/process/backoff.ts";
import type { Log } from "../../shared/process/log.ts";
import { metrics } from "../../shared/process/metrics.ts";
import { pause } from "../../shared/process/pause.ts";
import { hasEnded } from "../../shared/provision/realm-entries.ts";
import { RealmHealth } from "../../shared/stage/realm-health.ts";
import { RealmRefused, refusalOf } from "../../shared/stage/refusal.ts";
import { untilLookedAt } from "../../shared/stage/refused-realm.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { Superseded } from "../../shared/stream/fence.ts";
import { type Input, Reader, StreamGap } from "../../shared/stream/reader.ts";
import { takeWithin } from "../../shared/stream/take-within.ts";
import { isGone, type Work, waitingFrom } from "../../shared/stream/waiting.ts";
import type { BlockedStreams } from "./blocked-streams.ts";
import type { Database, Transaction } from "./database/database.ts";
import { archive, type Position, readPosition } from "./database/position.ts";

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
   * Commits every message, at once or together with the later message that completes it; the last commit may still be under way at the end, and
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

export type Surroundings = { database: Database; bus: Bus; log: Log; troubles: BlockedStreams };

/** Messages taken at once: what a transaction takes. */
export const MAX_MESSAGES = 400;
/** So many messages say that more are waiting; after fewer it rests, so that a trickle doesn't cost a commit each. */
const BUSY_MESSAGES = 20;
const REST_MS = 100;
/** Without a message for so long, it looks whether the position can move past what isn't archived. */
const IDLE_MS = 2_000;
/** How often the lag is counted while there is no reader, ms. */
const COUNT_MS = 5_000;
const RETRY_MS = { first: 500, longest: 10_000 };

/** Follows until the signal. */
export async function follow(
  realm: string,
  followed: Followed,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<void> {
  const run = new Run(realm, followed, surroundings, signal);
  const counting = setInterval(() => void run.measureLag(), COUNT_MS);
  // More comes while a commit waits, and what waits grows older while Postgres answers nothing at all.
  const backoff = new Backoff(RETRY_MS);
  while (!signal.aborted) {
    const committed = run.commits;
    try {
      await run.once();
    } catch (error) {
      if (signal.aborted) break;
      if (run.commits > committed) backoff.reset();
      if (await hasEnded(surroundings.bus, realm)) {
        // What is missing was archived and removed; the watch of the realms is about to say so.
        await pause(RETRY_MS.longest, signal);
        continue;
      }
      const refusal = run.failed(error);
      await run.measureLag();
      if (refusal !== undefined) await untilLookedAt(surroundings.bus, refusal, signal);
      else await pause(backoff.next(), signal);
    }
  }
  clearInterval(counting);
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
  #reader: Reader | undefined;
  /** The lag, as last counted while there was no reader; counted as busy where it could not be counted. */
  #behind: Work = { messages: 0, busy: true };
  readonly #health: RealmHealth;
  #failures = 0;
  commits = 0;

  constructor(realm: string, followed: Followed, surroundings: Surroundings, signal: AbortSignal) {
    this.#realm = realm;
    this.#followed = followed;
    this.#surroundings = surroundings;
    this.#labels = { realm, stream: followed.stream };
    this.#log = surroundings.log.child(this.#labels);
    this.#signal = signal;
    const show = (messages: number, seconds: number) => {
      metrics.archivePosition.set(this.#labels, messages);
      metrics.archiveLagSeconds.set(this.#labels, seconds);
      const through = this.#position?.through;
      if (through !== undefined) surroundings.troubles.waits(followed.stream, { lag: messages, through });
    };
    this.#health = new RealmHealth(
      { stage: "archive", realm },
      followed.stream,
      () => (surroundings.bus.connected ? this.#work() : undefined),
      show,
    );
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
    this.#reader = reader;
    const place = this.#health.refusal?.place;
    if (this.#health.refusal === undefined || (place !== undefined && (await isGone(bus, place))))
      this.#well();
    try {
      while (!signal.aborted) {
        const messages = await takeWithin(reader, MAX_MESSAGES, IDLE_MS, signal);
        if (messages.length === 0) {
          await fold.settled();
          if (!signal.aborted) await this.#pass(reader);
          continue;
        }
        this.#read.push(...messages.map(({ seq, atMs }) => ({ seq, atMs })));
        this.#health.look();
        await fold.take(messages);
        this.#health.look();
        if (messages.length < BUSY_MESSAGES) await pause(REST_MS, signal);
      }
    } finally {
      this.#reader = undefined;
      await reader.close();
      await fold.close();
    }
  }

  /** What was read may still be on its way into Postgres: until that has it, it is behind as much as what was not read. */
  #work(): Work {
    const reader = this.#reader;
    if (reader === undefined) return this.#behind;
    const { through } = this.#position!;
    this.#read = this.#read.filter(({ seq }) => seq > through);
    const unread = reader.work;
    const { atMs: oldestAtMs, seq } = this.#read[0] ?? { atMs: unread.oldestAtMs, seq: unread.seq };
    return { ...unread, messages: unread.messages + this.#read.length, oldestAtMs, seq };
  }

  async #commit(through: number, write: (transaction: Transaction) => Promise<void>): Promise<void> {
    this.#position = await archive(this.#surroundings.database, this.#position!, through, write);
    this.commits++;
    this.#health.moved();
    this.#well();
  }

  /** Moves the position over messages of other subjects, once all that was read is archived: it tells how far the stream can be purged. */
  async #pass(reader: Reader): Promise<void> {
    this.#health.look();
    if (!reader.isCaughtUp || this.#read.length > 0) return;
    if (reader.passed > this.#position!.through) await this.#commit(reader.passed, async () => {});
    this.#well();
  }

  #well(): void {
    this.#failures = 0;
    this.#health.accept();
    this.#surroundings.troubles.over(this.#followed.stream);
  }

  /** Answers the refusal, where it is one. */
  failed(error: unknown): RealmRefused | undefined {
    if (error instanceof Superseded) {
      this.#log.info(
        { reason: error.message },
        "another archive writes this realm; this one starts again from the committed position",
      );
      return undefined;
    }
    const { troubles } = this.#surroundings;
    const refusal = PERMANENT.some((kind) => error instanceof kind) ? refusalOf(error) : undefined;
    const reason = error instanceof Error ? error.message || error.name : String(error);
    const refused = refusal !== undefined;
    troubles.begin(this.#followed.stream, { realm: this.#realm, reason, refused });
    metrics.archiveErrors.inc({ realm: this.#realm });
    if (refusal === undefined)
      this.#log.warn(
        this.#failures++ === 0 ? { err: error } : { reason },
        "archiving the stream failed; it is tried again",
      );
    else {
      this.#health.refuse(refusal);
      this.#log.error(
        { refused: refusal.reason, seq: refusal.place?.seq, reason },
        "the archive refuses the stream until an operator has looked",
      );
    }
    return refusal;
  }

  /** Another archive, or none, tells of this stream from now on. */
  left(): void {
    this.#surroundings.troubles.left(this.#followed.stream);
    this.#health.end();
    metrics.archivePosition.remove(this.#labels);
    metrics.archiveLagSeconds.remove(this.#labels);
  }

  /** How much waits, while nothing is read. */
  async measureLag(): Promise<void> {
    if (this.#position === undefined || this.#reader !== undefined || this.#signal.aborted) return;
    const { stream, subjects } = this.#followed;
    const from = this.#position.through + 1;
    try {
      this.#behind = await waitingFrom(this.#surroundings.bus, stream, subjects, from);
    } catch {
      // NATS is away as well: the last known lag stays, and grows older.
      this.#behind = { ...this.#behind, busy: true };
    }
    // Else its gauges would come back after it has left.
    if (!this.#signal.aborted) this.#health.look();
  }
}

/** What the next try would meet again. Of the rest, Postgres' own errors, most pass. */
const PERMANENT = [RealmRefused, StreamGap, SyntaxError, TypeError, RangeError];
