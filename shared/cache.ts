/**
 * State in KV as a cache of a fold: entries are flushed after commits, coalesced, in atomic batches; the watermark, written
 * last, says up to where every entry is there. Every batch carries the watermark and is fenced on it, so a worker that was
 * replaced can't overwrite an entry with one that includes less.
 */
import { type BatchMessage, type Bus, MAX_OUTPUTS, streamEnds } from "./bus.ts";
import { textOf } from "./codec.ts";
import { crashPoint } from "./crash.ts";
import { Fence } from "./fence.ts";
import { metrics } from "./metrics.ts";
import { Reader } from "./reader.ts";
import { type Bucket, kvSubject } from "./topology.ts";

export type CacheEntry = { key: string; value: string; ttlSeconds?: number };

/** `through`: sequence in the output stream up to which every entry is flushed. */
export type Watermark = { through: number; commit_id: string };

export type CacheSpec<State> = {
  bucket: Bucket;
  /** Puts an entry that was read back into the state. Keys come without the realm. */
  load(state: State, key: string, value: string): void;
  /** The entries that changed since the last call, as they are now. Keys without the realm. */
  takeChanged(state: State): CacheEntry[];
};

const WATERMARK_KEY = "r.flushed";
/**
 * The flush takes at most about a twentieth of the time: it rests twenty times as long as it took, and never less than this.
 * A longer rest makes a restart fold more decisions again, at some 100 000 a second.
 */
const REST_FACTOR = 20;
const REST_MIN_MS = 5_000;

export class Cache<State> {
  readonly #spec: CacheSpec<State>;
  readonly #realm: string;
  readonly #fence: Fence;
  readonly #labels: { stage: string; realm: string };
  /** Output sequence that KV accounts for. */
  through: number;
  #flushing: Promise<void> | undefined;
  #nextAtMs = 0;

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
   * Takes the cache over: rewrites the watermark, which ends every other writer, and loads all entries before it.
   * Throws `Superseded` when another worker does the same at this moment.
   */
  static async restore<State>(
    bus: Bus,
    spec: CacheSpec<State>,
    labels: { stage: string; realm: string },
    state: State,
    signal: AbortSignal,
  ): Promise<Cache<State>> {
    const stream = `KV_${spec.bucket}`;
    const watermarkSubject = kvSubject(spec.bucket, `${labels.realm}.${WATERMARK_KEY}`);
    const { fence, head } = await Fence.open(bus, stream, watermarkSubject);
    const through = head === undefined ? 0 : (JSON.parse(head.text()) as Watermark).through;
    const mine = await fence.commit([], { through }, signal);
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
            spec.load(state, message.subject.slice(prefix.length), textOf(message.data));
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

  /**
   * Writes entries that were captured when the output stream stood at `through`, in the background.
   * `failed` gets what ends it: `Superseded`, or the signal's reason.
   */
  flush(entries: CacheEntry[], through: number, signal: AbortSignal, failed: (error: unknown) => void): void {
    if (entries.length === 0 && through === this.through) return;
    const startedMs = performance.now();
    this.#flushing = this.#write(entries, through, signal)
      .catch(failed)
      .finally(() => {
        this.#flushing = undefined;
        const tookMs = performance.now() - startedMs;
        this.#nextAtMs = performance.now() + Math.max(REST_MIN_MS, tookMs * REST_FACTOR);
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
      await this.#fence.commit(messages, { through: last ? through : this.through }, signal);
      metrics.flushedEntries.inc(this.#labels, part.length);
    }
    this.through = through;
    crashPoint("after_flush");
  }
}
