/**
 * State in KV as a cache of a fold: entries are flushed after commits, coalesced, in atomic batches; the watermark, written
 * last, names the sequence up to which every entry is in KV. Every batch carries the watermark and is fenced on it, so a worker
 * that was replaced can't overwrite an entry with an older entry.
 */
import { z } from "zod";
import { crashPoint } from "../process/crash.ts";
import { metrics } from "../process/metrics.ts";
import type { Bus } from "../stream/bus.ts";
import { textOf } from "../stream/codec.ts";
import { Fence } from "../stream/fence.ts";
import { type Stored, streamEnds } from "../stream/last-message.ts";
import { type BatchMessage, MAX_OUTPUTS } from "../stream/publish.ts";
import { Reader } from "../stream/reader.ts";
import { recreateBucket } from "../stream/recreate-bucket.ts";
import { type Bucket, kvSubject } from "../stream/topology.ts";
import { CacheUnusable } from "./cache-unusable.ts";

export type CacheEntry = { key: string; value: string; ttlSeconds?: number };

export type CacheSpec<State> = {
  bucket: Bucket;
  /** Puts an entry that was read back into the state. Keys come without the realm. */
  load(state: State, key: string, value: string): void;
  /** Keys, without the realm, of the entries that changed since the last call. */
  takeChanged(state: State): string[];
  /** The entry's present text; `undefined` where the entry was dropped because it holds nothing any more. */
  entry(state: State, key: string): CacheEntry | undefined;
};

/** Entries that were captured at a batch's end. */
export type Captured = { entries: CacheEntry[]; endsRound: boolean };

const WATERMARK_KEY = "r.flushed";
/**
 * Entries are flushed in rounds: a round writes every entry that changed before it began, in parts, each captured when its part is
 * written. Parts are small, since the stage decides nothing while it captures one, and they take at most about a twentieth of the
 * time: after each the flush rests twenty times as long as it took. Longer rounds make a restart fold more decisions again, at some
 * 100 000 a second.
 */
const PART_ENTRIES = 500;
const REST_FACTOR = 20;
/** A stage stops within seconds, even where its cache is behind. */
const DRAIN_MS = 1_500;
const REST_MIN_MS = { part: 50, round: 5_000, idle: 20 };

/** Where the waiting work is this old, entries may have expired while the stage was down: it folds everything again. */
export const CACHE_TRUSTED_MS = 86_400_000;

/**
 * `through`: sequence in the output stream up to which every entry is flushed. It is stored as `flushed`. Releases before entries had
 * versions stored it as `through`: they can't read this one, so they fold the log instead of entries that they would misread.
 */
export const Watermark = z.union([
  z.object({ flushed: z.int().min(0) }).transform(({ flushed }) => ({ through: flushed })),
  z.object({ through: z.int().min(0) }),
]);
export type Watermark = z.infer<typeof Watermark>;

const watermark = ({ through }: Watermark): object => ({ flushed: through });

/** Throws `CacheUnusable`: the realm goes on without an unreadable entry, since the log holds everything that the entry held. */
function throughIn(head: Stored): number {
  try {
    return Watermark.parse(JSON.parse(head.text())).through;
  } catch (error) {
    throw new CacheUnusable("its watermark can't be read", { cause: error });
  }
}

/** Throws `CacheUnusable`. */
function load<State>(spec: CacheSpec<State>, state: State, key: string, text: string): void {
  try {
    spec.load(state, key, text);
  } catch (error) {
    throw new CacheUnusable(`its entry ${key} can't be read: ${error}`, { cause: error });
  }
}

export class Cache<State> {
  readonly #spec: CacheSpec<State>;
  readonly #realm: string;
  readonly #fence: Fence;
  readonly #labels: { stage: string; realm: string };
  /** Output sequence up to which KV is complete. */
  through: number;
  #flushing: Promise<void> | undefined;
  #nextAtMs = 0;
  /** When the last part was written, and how long that took. */
  #endedMs = 0;
  #tookMs = 0;
  /** The round under way: keys still to be written, and the output sequence that it brings the watermark to. */
  #round: { keys: string[]; next: number; through: number | undefined } | undefined;

  private constructor(
    spec: CacheSpec<State>,
    labels: { stage: string; realm: string },
    fence: Fence,
    through: number,
  ) {
    this.#spec = spec;
    this.#realm = labels.realm;
    this.#labels = labels;
    this.#fence = fence;
    this.through = through;
  }

  /**
   * Takes the cache over: rewrites the watermark, which ends every other writer, and loads all entries before it, unless the
   * cache is no longer trusted. Throws `Superseded` when another worker does the same at this moment.
   */
  static async restore<State>(
    bus: Bus,
    spec: CacheSpec<State>,
    labels: { stage: string; realm: string },
    state: State,
    signal: AbortSignal,
    trusted = true,
  ): Promise<Cache<State>> {
    const stream = `KV_${spec.bucket}`;
    await recreateBucket(bus, spec.bucket);
    const watermarkSubject = kvSubject(spec.bucket, `${labels.realm}.${WATERMARK_KEY}`);
    const { fence, head } = await Fence.open(bus, stream, watermarkSubject);
    const through = head === undefined || !trusted ? 0 : throughIn(head);
    const mine = await fence.commit([], watermark({ through }), signal);
    if (through === 0) return new Cache(spec, labels, fence, 0);
    const ends = await streamEnds(bus, stream);
    const prefix = kvSubject(spec.bucket, `${labels.realm}.`);
    const reader = new Reader(bus, {
      stream,
      subjects: [`${prefix}>`],
      created: ends.created,
      from: ends.firstSeq,
      gapless: false,
      prefetch: 4_000,
    });
    try {
      for (let read = 0; read < mine; ) {
        const messages = await reader.take(10_000, signal);
        signal.throwIfAborted();
        for (const message of messages) {
          read = message.seq;
          if (message.subject !== watermarkSubject)
            load(spec, state, message.subject.slice(prefix.length), textOf(message.data));
        }
      }
    } finally {
      await reader.close();
    }
    return new Cache(spec, labels, fence, through);
  }

  /** Whether a flush may begin now. */
  get rested(): boolean {
    return this.#flushing === undefined && performance.now() >= this.#nextAtMs;
  }

  /** Whether KV holds the whole state that is committed up to this output sequence. */
  isWhole(through: number): boolean {
    return this.through === through && this.#round === undefined && this.#flushing === undefined;
  }

  /** When an idle stage may flush the next part, ms: between parts it rests as long as the last one took. */
  get idleRestMs(): number {
    if (this.#flushing !== undefined) return REST_MIN_MS.part;
    return Math.max(0, this.#endedMs + Math.max(REST_MIN_MS.idle, this.#tookMs) - performance.now());
  }

  /** The next part of the entries that changed, captured now, in a round that begins here. */
  capture(state: State): Captured {
    this.#round ??= { keys: this.#spec.takeChanged(state), next: 0, through: undefined };
    const round = this.#round;
    const keys = round.keys.slice(round.next, round.next + PART_ENTRIES);
    round.next += keys.length;
    const entries = keys.flatMap((key) => this.#spec.entry(state, key) ?? []);
    return { entries, endsRound: round.next === round.keys.length };
  }

  /** Writes changed entries until none is left or the time is up; what is left costs the next restart some folding. */
  async drain(state: State, through: number, failed: (error: unknown) => void): Promise<void> {
    const timeUp = AbortSignal.timeout(DRAIN_MS);
    let failure: unknown;
    for (let done = false; !done && failure === undefined && !timeUp.aborted; ) {
      await this.settled();
      const captured = this.capture(state);
      done = captured.entries.length === 0 && captured.endsRound;
      this.flush(captured, through, timeUp, (error) => {
        failure = error;
      });
    }
    await this.settled();
    if (failure !== undefined) failed(failure);
  }

  /**
   * Writes what was captured when the output stream stood at `through`, in the background.
   * `failed` gets what ends it: `Superseded`, or the signal's reason.
   */
  flush(captured: Captured, through: number, signal: AbortSignal, failed: (error: unknown) => void): void {
    const round = this.#round!;
    // A round accounts for what had changed at its beginning; what it captures later includes that.
    round.through ??= through;
    const reached = captured.endsRound ? round.through : this.through;
    if (captured.endsRound) this.#round = undefined;
    if (captured.entries.length === 0 && reached === this.through) return;
    const startedMs = performance.now();
    this.#flushing = this.#write(captured.entries, reached, signal)
      .catch(failed)
      .finally(() => {
        this.#flushing = undefined;
        this.#endedMs = performance.now();
        this.#tookMs = this.#endedMs - startedMs;
        const restMs = captured.endsRound ? REST_MIN_MS.round : REST_MIN_MS.part;
        this.#nextAtMs = this.#endedMs + Math.max(restMs, this.#tookMs * REST_FACTOR);
      });
  }

  /** Waits for the flush under way. */
  async settled(): Promise<void> {
    await this.#flushing;
  }

  async #write(entries: CacheEntry[], through: number, signal: AbortSignal): Promise<void> {
    crashPoint("before_flush");
    for (let start = 0; start === 0 || start < entries.length; start += MAX_OUTPUTS) {
      const part = entries.slice(start, start + MAX_OUTPUTS);
      const last = start + MAX_OUTPUTS >= entries.length;
      const messages: BatchMessage[] = part.map((entry) => ({
        subject: kvSubject(this.#spec.bucket, `${this.#realm}.${entry.key}`),
        data: entry.value,
        ...(entry.ttlSeconds === undefined ? {} : { ttlSeconds: entry.ttlSeconds }),
      }));
      await this.#fence.commit(messages, watermark({ through: last ? through : this.through }), signal);
      metrics.flushedEntries.inc(this.#labels, part.length);
    }
    this.through = through;
    crashPoint("after_flush");
  }
}
