/**
 * Ordered reading of a stream from a sequence, with a bounded queue. It replaces its consumer after any fault, and fails
 * rather than skip: a consumer that starts below a stream's first sequence would jump ahead in silence.
 */

import { metrics } from "../process/metrics.ts";
import { pause } from "../process/pause.ts";
import type { Bus } from "./bus.ts";
import { Consumer, type EndReason, type Input, type Start } from "./consumer.ts";
import { streamEnds } from "./last-message.ts";
import { REFUSED } from "./publish.ts";
import type { Work } from "./waiting.ts";
import { waitingAtMost } from "./waiting.ts";

export type { Input } from "./consumer.ts";

/** The stream no longer holds the next message to read, or is another stream of the same name. */
export class StreamGap extends Error {}

/** Above this many waiting messages, or bytes, no more are asked for until half of them are taken. */
const HIGH_WATER_MESSAGES = 65_536;
const HIGH_WATER_BYTES = 64 * 1024 * 1024;

/** Pauses before another consumer is opened, ms: none at first, then longer for each consumer that delivered nothing. */
const PAUSE_MS = { first: 100, longest: 2_000 };

/** How often the stream is asked for its backlog while there is no consumer, ms. */
const LOOK_MS = 2_000;

/** For a moment a new leader may know less of its stream than the reader has already read. */
const LOST_END_LOOKS = 10;

export class Reader {
  readonly #bus: Bus;
  readonly #stream: string;
  readonly #subjects: string[];
  readonly #created: string;
  readonly #gapless: boolean;
  readonly #prefetch: number;
  readonly #mostBytes: number;
  readonly #closing = new AbortController();
  readonly #from: Start;
  /** The first sequence that was not read; unknown before the first message since a time. */
  #next: number | undefined;
  /** The same, as the server reported. */
  #passed = 0;
  #queue: Input[] = [];
  /** Messages behind the last one received. */
  #pending = 0;
  #bytes = 0;
  #consumer: Consumer | undefined;
  #opening: Promise<void> | undefined;
  /** Consumers opened since one last delivered a message. */
  #attempts = 0;
  #lostEnd = 0;
  /** The backlog behind the queue, as the stream reported while there was no consumer; unknown before. */
  #unread: Work | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #looking = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  /**
   * `created`: the stream's creation as `streamEnds` tells it; `from`: the first sequence to read, or the time (RFC 3339) since
   * when to read.
   * `gapless: false` is for buckets, where later values replace earlier ones. `prefetch`: messages asked for at once; what is
   * under way must stay below the 64 MB at which a server cuts a slow consumer off, and a bundle may have 34 KB. `mostBytes`: of
   * the queue, beyond which no more are asked for; 64 MB where it is absent.
   */
  constructor(
    bus: Bus,
    options: {
      stream: string;
      subjects: string[];
      created: string;
      from: number | { since: string };
      gapless?: boolean;
      prefetch?: number;
      mostBytes?: number;
    },
  ) {
    this.#bus = bus;
    this.#stream = options.stream;
    this.#subjects = options.subjects;
    this.#created = options.created;
    this.#gapless = options.gapless ?? true;
    this.#prefetch = options.prefetch ?? 256;
    this.#mostBytes = options.mostBytes ?? HIGH_WATER_BYTES;
    // An empty stream says that its first message is 0.
    this.#from = typeof options.from === "number" ? { seq: Math.max(1, options.from) } : options.from;
    this.#next = "seq" in this.#from ? this.#from.seq : undefined;
  }

  /** Messages received and not yet taken. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Messages of these subjects that are not yet taken, as far as the server has told. */
  get lag(): number {
    return this.#queue.length + this.#pending;
  }

  /** The backlog, as the consumer reports it, or the stream while there is no consumer. Busy while neither does. */
  get work(): Work {
    const first = this.#queue[0];
    const told = this.#consumer === undefined ? this.#unread : { messages: this.#pending };
    return {
      messages: this.#queue.length + (told?.messages ?? this.#pending),
      oldestAtMs: first?.atMs ?? told?.oldestAtMs,
      seq: first?.seq ?? told?.seq ?? this.#next,
      busy: told === undefined,
    };
  }

  /** Whether the server reported an empty backlog, and everything was taken. */
  get isCaughtUp(): boolean {
    return this.#consumer !== undefined && this.lag === 0;
  }

  /** The stream's sequence up to which every message of these subjects was received; behind the last of them within seconds. */
  get passed(): number {
    return Math.max(this.#passed, (this.#next ?? 1) - 1);
  }

  /**
   * At least one message and at most `max`, in stream order; none once `signal` is aborted.
   * Throws `StreamGap` when messages are missing for good, and `JetStreamApiError` when the stream is gone: read anew then.
   */
  async take(max: number, signal: AbortSignal): Promise<Input[]> {
    while (this.#queue.length === 0) {
      if (signal.aborted) return [];
      if (this.#failure !== undefined) throw this.#failure;
      this.#flow();
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#wake = undefined;
          signal.removeEventListener("abort", wake);
          resolve();
        };
        this.#wake = wake;
        signal.addEventListener("abort", wake);
      });
    }
    const taken = this.#queue.length <= max ? this.#queue : this.#queue.slice(0, max);
    this.#queue = this.#queue.length <= max ? [] : this.#queue.slice(max);
    for (const message of taken) this.#bytes -= message.data.length;
    if (this.#queue.length < HIGH_WATER_MESSAGES / 2 && this.#bytes < this.#mostBytes / 2) this.#flow();
    return taken;
  }

  /** Ends the reading. Its consumer is deleted in the background. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#consumer?.close();
    this.#consumer = undefined;
    const opening = this.#opening;
    if (opening !== undefined) this.#bus.inBackground(() => opening);
  }

  get #isFull(): boolean {
    return this.#queue.length >= HIGH_WATER_MESSAGES || this.#bytes >= this.#mostBytes;
  }

  /** Pulls messages from the present consumer, or from a new one. */
  #flow(): void {
    this.#consumer?.resume();
    if (this.#consumer !== undefined || this.#opening !== undefined) return;
    if (this.#failure !== undefined || this.#closing.signal.aborted) return;
    this.#opening = this.#open()
      .catch((error: unknown) => this.#fail(error instanceof Error ? error : new Error(String(error))))
      .finally(() => {
        this.#opening = undefined;
      });
  }

  /** Tries until there is a consumer, or it is known that none can bring what comes next. */
  async #open(): Promise<void> {
    const { signal } = this.#closing;
    while (this.#consumer === undefined) {
      if (this.#attempts > 0) {
        const pauseMs = Math.min(PAUSE_MS.first * 2 ** (this.#attempts - 1), PAUSE_MS.longest);
        await pause(pauseMs, signal);
      }
      while (!this.#bus.connected && !signal.aborted) await pause(PAUSE_MS.first, signal);
      if (signal.aborted) return;
      this.#attempts++;
      try {
        await this.#consume();
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof StreamGap || isStreamGone(error)) throw error;
        this.#bus.log.warn(
          { stream: this.#stream, seq: this.#next, reason: String(error) },
          "the reader could not open a consumer on the stream; it tries again",
        );
        void this.#look();
      }
    }
  }

  /** Asks the stream for its backlog while there is no consumer; opening a consumer doesn't wait for it. */
  async #look(): Promise<void> {
    const from = this.#next;
    const rested = performance.now() - this.#lookedMs >= LOOK_MS;
    if (!this.#gapless || from === undefined || this.#looking || !rested) return;
    this.#looking = true;
    try {
      this.#unread = await waitingAtMost(this.#bus, this.#stream, this.#subjects, from);
    } catch {
      this.#unread = undefined;
    }
    this.#lookedMs = performance.now();
    this.#looking = false;
  }

  async #consume(): Promise<void> {
    const consumer = await Consumer.open(this.#bus, {
      stream: this.#stream,
      subjects: this.#subjects,
      start: this.#next === undefined ? this.#from : { seq: this.#next },
      prefetch: this.#prefetch,
      received: (input, pending) => this.#receive(input, pending),
      well: (passed = 0) => {
        this.#attempts = 0;
        this.#passed = Math.max(this.#passed, passed);
      },
      ended: (reason, detail) => this.#ended(reason, detail),
    });
    try {
      // Messages may have been removed before the consumer was made: it would start behind the gap.
      await this.#assertContinuous();
    } catch (error) {
      consumer.close();
      throw error;
    }
    if (this.#closing.signal.aborted) return consumer.close();
    this.#pending = consumer.pending;
    this.#unread = undefined;
    this.#consumer = consumer;
    consumer.start();
  }

  #receive(input: Input, pending: number): void {
    this.#pending = pending;
    this.#next = input.seq + 1;
    this.#queue.push(input);
    this.#bytes += input.data.length;
    if (this.#isFull) this.#consumer?.pause();
    this.#wake?.();
  }

  /** What the last consumer didn't deliver comes from the next one. */
  #ended(reason: EndReason, detail: string): void {
    this.#consumer = undefined;
    this.#unread = undefined;
    metrics.readersReopened.inc({ reason });
    this.#bus.log.warn(
      { stream: this.#stream, seq: this.#next, reason: detail },
      "the reader gave up its consumer of the stream; it opens another",
    );
    if (!this.#isFull) this.#flow();
  }

  async #assertContinuous(): Promise<void> {
    const ends = await streamEnds(this.#bus, this.#stream);
    if (ends.created !== this.#created)
      throw new StreamGap(
        `${this.#stream} was created at ${ends.created}, not ${this.#created}: another log`,
      );
    if (this.#next === undefined) return;
    if (this.#gapless && ends.firstSeq > this.#next)
      throw new StreamGap(`${this.#stream} starts at ${ends.firstSeq}, but ${this.#next} has not been read`);
    if (this.#next <= ends.lastSeq + 1) this.#lostEnd = 0;
    else {
      const problem = `${this.#stream} ends at ${ends.lastSeq}, but ${this.#next - 1} was read: it lost its end`;
      throw ++this.#lostEnd >= LOST_END_LOOKS ? new StreamGap(problem) : new Error(problem);
    }
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#wake?.();
  }
}

const isStreamGone = (error: unknown): boolean =>
  (error as { code?: unknown }).code === REFUSED.streamNotFound;
