/**
 * Ordered reading of a stream from a sequence, with a bounded queue. It heals itself after a reconnect, and fails rather
 * than skip: a consumer that starts below a stream's first sequence would jump ahead without a word.
 */
import { type ConsumerMessages, DeliverPolicy, type JsMsg } from "@nats-io/jetstream";
import { type Bus, streamEnds } from "./bus.ts";
import { wholeMs } from "./time.ts";

/**
 * One message of a stream. It is taken off the client's message on arrival: what waits in a queue should be small, since the
 * garbage collector copies it.
 */
export type Input = {
  subject: string;
  seq: number;
  data: Uint8Array;
  /** The stream's timestamp, Unix milliseconds. */
  atMs: number;
};

/** The stream no longer holds what must be read next, or is another one of that name. */
export class StreamGap extends Error {}

/** Above this many waiting messages, or bytes, the consumer is closed until half of them are taken. */
const HIGH_WATER_MESSAGES = 65_536;
const HIGH_WATER_BYTES = 64 * 1024 * 1024;

export class Reader {
  readonly #bus: Bus;
  readonly #stream: string;
  readonly #subjects: string[];
  readonly #created: string;
  readonly #gapless: boolean;
  readonly #prefetch: number;
  #next: number;
  #queue: Input[] = [];
  /** Messages behind the last one received. */
  #pending = 0;
  #bytes = 0;
  #messages: ConsumerMessages | undefined;
  #opening: Promise<void> | undefined;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #closed = false;

  /**
   * `created`: the stream's creation as `streamEnds` tells it; `from`: the first sequence to read.
   * `gapless: false` is for buckets, where later values replace earlier ones. `prefetch`: messages asked for at once; what is
   * under way must stay below the 64 MB at which a server cuts a slow consumer off, and a frame may have 34 KB.
   */
  constructor(
    bus: Bus,
    options: {
      stream: string;
      subjects: string[];
      created: string;
      from: number;
      gapless?: boolean;
      prefetch?: number;
    },
  ) {
    this.#bus = bus;
    this.#stream = options.stream;
    this.#subjects = options.subjects;
    this.#created = options.created;
    this.#gapless = options.gapless ?? true;
    this.#prefetch = options.prefetch ?? 256;
    this.#next = options.from;
  }

  /** Messages received and not yet taken. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Messages of these subjects that are not yet taken. */
  get lag(): number {
    return this.#queue.length + this.#pending;
  }

  /**
   * At least one message and at most `max`, in stream order; none once `signal` is aborted.
   * Throws `StreamGap` when messages are missing for good, and whatever else kept it from reading: read anew then.
   */
  async take(max: number, signal: AbortSignal): Promise<Input[]> {
    while (this.#queue.length === 0) {
      if (signal.aborted) return [];
      if (this.#failure !== undefined) throw this.#failure;
      this.#open();
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
    if (this.#queue.length < HIGH_WATER_MESSAGES / 2 && this.#bytes < HIGH_WATER_BYTES / 2) this.#open();
    return taken;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening?.catch(() => {});
    await this.#stop();
  }

  #open(): void {
    if (this.#messages !== undefined || this.#opening !== undefined || this.#closed) return;
    this.#opening = this.#consume()
      .catch((error: unknown) => this.#fail(error instanceof Error ? error : new Error(String(error))))
      .finally(() => {
        this.#opening = undefined;
      });
  }

  async #consume(): Promise<void> {
    const consumer = await this.#bus.js.consumers.get(this.#stream, {
      filter_subjects: this.#subjects,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#next,
    });
    await this.#assertContinuous();
    const messages = await consumer.consume({
      max_messages: this.#prefetch,
      expires: 5_000,
      idle_heartbeat: 1_000,
      callback: (message) => this.#receive(message),
    });
    this.#messages = messages;
    void this.#watch(messages);
  }

  #receive(message: JsMsg): void {
    if (message.seq < this.#next) return;
    this.#next = message.seq + 1;
    const { info, subject, seq, data } = message;
    const atMs = wholeMs(info.timestampNanos, () => message.timestampNanos);
    this.#queue.push({ subject, seq, data, atMs });
    this.#pending = info.pending;
    this.#bytes += message.data.length;
    if (this.#queue.length >= HIGH_WATER_MESSAGES || this.#bytes >= HIGH_WATER_BYTES) void this.#stop();
    this.#wake?.();
  }

  /** The client makes a lost ordered consumer anew by itself; each time, nothing may have gone missing meanwhile. */
  async #watch(messages: ConsumerMessages): Promise<void> {
    for await (const status of messages.status()) {
      // What was delivered into a connection that broke is lost, and the server's consumer counts it as delivered: its idle
      // heartbeat, which comes after all it sent, names a message that never arrived.
      if (
        status.type === "heartbeat" &&
        status.lastStreamSequence >= this.#next &&
        this.#messages === messages
      ) {
        await this.#stop();
        this.#open();
      }
      if (status.type !== "ordered_consumer_recreated") continue;
      await this.#assertContinuous().catch((error: unknown) => {
        if (error instanceof StreamGap) this.#fail(error);
      });
    }
    const error = await messages.closed();
    if (this.#messages === messages) this.#messages = undefined;
    if (error instanceof Error) this.#fail(error);
  }

  async #assertContinuous(): Promise<void> {
    const ends = await streamEnds(this.#bus, this.#stream);
    if (ends.created !== this.#created)
      throw new StreamGap(
        `${this.#stream} was created at ${ends.created}, not ${this.#created}: another log`,
      );
    if (this.#gapless && ends.firstSeq > this.#next)
      throw new StreamGap(`${this.#stream} starts at ${ends.firstSeq}, but ${this.#next} has not been read`);
    if (this.#next > ends.lastSeq + 1)
      throw new StreamGap(
        `${this.#stream} ends at ${ends.lastSeq}, but ${this.#next - 1} was read: it lost its end`,
      );
  }

  async #stop(): Promise<void> {
    const messages = this.#messages;
    this.#messages = undefined;
    messages?.stop();
    await messages?.closed();
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#wake?.();
  }
}
