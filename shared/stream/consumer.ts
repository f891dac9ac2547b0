/**
 * One consumer of a stream, made for one reader: named, in memory, on one server. It lasts until the first sign that it may
 * not bring every message: then it ends, and its reader opens another.
 *
 * The client's own ordered consumer isn't used: when the server that holds its consumer dies, it may wait for ever in silence;
 * it leaves consumers behind; and it can't tell a lost message from a filtered one.
 */

import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  JetStreamApiError,
} from "@nats-io/jetstream";
import { type Msg, nanos, type Subscription } from "@nats-io/transport-node";
import { wholeMs } from "../exact/time.ts";
import { pause } from "../process/pause.ts";
import { CONSUMER_PREFIX, READ_API } from "./access.ts";
import { type Bus, jetStreamApi } from "./bus.ts";
import { REFUSED } from "./publish.ts";
import { randomName } from "./random-name.ts";

/**
 * One message of a stream. It is copied out of the client's message on arrival: queued objects should be small, since the
 * garbage collector copies them.
 */
export type Input = {
  subject: string;
  seq: number;
  data: Uint8Array;
  /** The stream's timestamp, Unix milliseconds. */
  atMs: number;
};

/** Where a consumer starts. */
export type Start = { seq: number } | { since: string };

/** Why a consumer ended. */
export type EndReason = "silence" | "lost_message" | "connection" | "told";

export type ConsumerOptions = {
  stream: string;
  subjects: string[];
  start: Start;
  /** Messages asked for and not yet received, at most. */
  prefetch: number;
  /** Called with every message, in stream order, none missing; `pending` messages of these subjects come after it. */
  received(input: Input, pending: number): void;
  /**
   * Called whenever the server confirms that nothing was lost so far. `passed`: where the server said so, the stream's sequence up
   * to which every message of these subjects was received, those of others having been passed over.
   */
  well(passed?: number): void;
  /** Called once, when the consumer has ended. Not after `close`. */
  ended(reason: EndReason, detail: string): void;
};

/** Interval of the server's heartbeats while no message comes, ms. */
const HEARTBEAT_MS = 2_500;
/** Without a message or heartbeat for this long the consumer counts as lost, and its server as dead, ms. */
const SILENCE_MS = 6_000;
/** A pull request ends after this, so that a dead process's request doesn't hold the consumer for long. */
const PULL_EXPIRES_MS = 30_000;
/** The server removes a consumer that is not pulled from for this long: what a killed process left behind. */
const INACTIVE_MS = 30_000;
const CREATE_TIMEOUT_MS = 2_000;
/** Attempts to delete a consumer. The server does it by itself after `INACTIVE_MS`, where none of them reaches it. */
const DELETE_ATTEMPTS = 5;
const DELETE_TIMEOUT_MS = 2_000;

export class Consumer {
  readonly #bus: Bus;
  readonly #name: string;
  readonly #inbox: string;
  readonly #options: ConsumerOptions;
  #subscription: Subscription | undefined;
  /** Messages received; equals the consumer's own delivery count unless a message was lost. */
  #received = 0;
  /** Messages asked for and not yet received. */
  #asked = 0;
  #paused = false;
  #heardMs = 0;
  #watchdog: NodeJS.Timeout | undefined;
  #over = false;
  /** Messages of these subjects that waited when it was made. */
  readonly pending: number;

  private constructor(bus: Bus, name: string, options: ConsumerOptions, pending: number) {
    this.#bus = bus;
    this.#name = name;
    this.#inbox = bus.inbox();
    this.#options = options;
    this.pending = pending;
  }

  /** Makes the consumer; `start` lets messages come. Throws `JetStreamApiError` when JetStream says no. */
  static async open(bus: Bus, options: ConsumerOptions): Promise<Consumer> {
    const { stream } = options;
    // A new name each time: a name that is taken by another process then blocks no reader.
    const name = consumerName(bus);
    try {
      const info = await jetStreamApi<ConsumerInfo>(
        bus,
        `CONSUMER.CREATE.${stream}.${name}`,
        { stream_name: stream, config: configOf(name, options), action: "create" },
        CREATE_TIMEOUT_MS,
      );
      return new Consumer(bus, name, options, info.num_pending);
    } catch (error) {
      // Without an answer the consumer may exist, or may still be created.
      if (!(error instanceof JetStreamApiError)) removeConsumer(bus, stream, name);
      throw error;
    }
  }

  /** Starts the delivery of messages. */
  start(): void {
    this.#bus.lost.add(this.#lost);
    this.#subscription = this.#bus.nc.subscribe(this.#inbox, {
      callback: (error, message) => {
        if (this.#over) return;
        if (error !== null) this.#end("told", error.message);
        else if (message.subject === this.#inbox) this.#status(message);
        else this.#message(message);
      },
    });
    this.#pull();
  }

  /** Pulls no more messages; those already pulled still arrive. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (!this.#over && this.#asked <= this.#options.prefetch / 2) this.#pull();
  }

  /** Ends the delivery. The consumer is deleted in the background. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#watchdog);
    this.#bus.lost.delete(this.#lost);
    this.#subscription?.unsubscribe();
    removeConsumer(this.#bus, this.#options.stream, this.#name);
  }

  readonly #lost = () => this.#end("connection", "the connection to NATS was lost");

  #end(reason: EndReason, detail: string): void {
    if (this.#over) return;
    this.close();
    this.#options.ended(reason, detail);
  }

  #message({ subject, data, reply }: Msg): void {
    const delivery = deliveryOf(reply ?? "");
    const missing = (delivery?.count ?? Number.NaN) - this.#received - 1;
    if (delivery === undefined) this.#end("told", `a message on ${subject} came without saying which it is`);
    else if (missing !== 0)
      this.#end("lost_message", `${missing} delivered messages before ${delivery.seq} are missing`);
    else {
      this.#received++;
      this.#asked--;
      this.#heardMs = performance.now();
      this.#options.well();
      this.#options.received({ subject, seq: delivery.seq, data, atMs: delivery.atMs }, delivery.pending);
      if (!this.#over && !this.#paused && this.#asked <= this.#options.prefetch / 2) this.#pull();
    }
  }

  #status({ headers }: Msg): void {
    this.#heardMs = performance.now();
    const code = headers?.code;
    if (code === 100) {
      // It comes after all that was delivered, and counts what the filter lets pass: the stream's sequence in it doesn't.
      const delivered = Number(headers?.get("Nats-Last-Consumer") || this.#received);
      if (delivered > this.#received)
        this.#end("lost_message", `${delivered - this.#received} delivered messages never arrived`);
      else this.#options.well(Number(headers?.get("Nats-Last-Stream") || 0));
    } else if (code === 408) {
      this.#asked -= Number(headers?.get("Nats-Pending-Messages") || 0);
      this.#options.well();
      if (this.#asked <= 0 && !this.#paused) this.#pull();
    } else this.#end("told", `${code} ${headers?.description ?? ""}`.trim());
  }

  #pull(): void {
    const batch = this.#options.prefetch - Math.max(0, this.#asked);
    this.#asked = this.#options.prefetch;
    this.#heardMs = performance.now();
    const { apiPrefix } = this.#bus.jsm.getOptions();
    this.#bus.nc.publish(
      `${apiPrefix}.CONSUMER.MSG.NEXT.${this.#options.stream}.${this.#name}`,
      JSON.stringify({ batch, expires: nanos(PULL_EXPIRES_MS), idle_heartbeat: nanos(HEARTBEAT_MS) }),
      { reply: this.#inbox },
    );
    this.#watchdog ??= setTimeout(this.#watch, SILENCE_MS);
  }

  /** Runs while a pull is open: only then the server owes a heartbeat. */
  readonly #watch = (): void => {
    this.#watchdog = undefined;
    if (this.#over || this.#asked <= 0) return;
    const silentMs = performance.now() - this.#heardMs;
    if (silentMs < SILENCE_MS) this.#watchdog = setTimeout(this.#watch, SILENCE_MS - silentMs + 1);
    // A process that was busy first reads what has arrived meanwhile.
    else setImmediate(this.#judgeSilence);
  };

  readonly #judgeSilence = (): void => {
    if (this.#over) return;
    const silentMs = performance.now() - this.#heardMs;
    if (silentMs >= SILENCE_MS)
      this.#end("silence", `neither message nor heartbeat for ${SILENCE_MS / 1_000} s`);
    else this.#watch();
  };
}

/** What the reply subject of a delivered message says. */
type Delivery = {
  seq: number;
  /** Delivery number within the consumer. */
  count: number;
  atMs: number;
  /** Messages that the consumer has yet to deliver. */
  pending: number;
};

/**
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<seq>.<count>.<nanoseconds>.<pending>`; servers with a domain put it and an
 * account's hash before the stream, and a token at the end. `undefined` for what isn't one.
 */
function deliveryOf(reply: string): Delivery | undefined {
  const tokens = reply.split(".");
  if (tokens[0] !== "$JS" || tokens[1] !== "ACK") return undefined;
  const first = tokens.length === 9 ? 5 : 7;
  const [seq, count, atNanos, pending] = [0, 1, 2, 3].map((i) => tokens[first + i]);
  if (seq === undefined || count === undefined || atNanos === undefined || pending === undefined)
    return undefined;
  const atMs = wholeMs(Number(atNanos), () => BigInt(atNanos));
  return { seq: Number(seq), count: Number(count), atMs, pending: Number(pending) };
}

/** Anybody who knows a consumer's name may read from it and delete it. The two kinds of accounts have a prefix each. */
const consumerName = (bus: Bus): string =>
  `${CONSUMER_PREFIX[bus.jsm.getOptions().apiPrefix === READ_API ? "READ" : "WORLD"]}${randomName()}`;

function configOf(name: string, { subjects, start }: ConsumerOptions): Partial<ConsumerConfig> {
  return {
    name,
    ack_policy: AckPolicy.None,
    filter_subjects: subjects,
    ...("seq" in start
      ? { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: start.seq }
      : { deliver_policy: DeliverPolicy.StartTime, opt_start_time: start.since }),
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: nanos(INACTIVE_MS),
  };
}

/** Deletes a consumer in the background, at most for as long as the server would keep it anyway. */
function removeConsumer(bus: Bus, stream: string, name: string): void {
  bus.inBackground(async (closing) => {
    for (let attempt = 1; attempt <= DELETE_ATTEMPTS; attempt++) {
      try {
        if (bus.connected)
          return void (await jetStreamApi(
            bus,
            `CONSUMER.DELETE.${stream}.${name}`,
            undefined,
            DELETE_TIMEOUT_MS,
          ));
      } catch (error) {
        if (error instanceof JetStreamApiError && GONE.has(error.code)) return;
      }
      if (closing.aborted) return;
      await pause(attempt * 1_000, closing);
    }
  });
}

const GONE = new Set<number>([REFUSED.streamNotFound, REFUSED.consumerNotFound]);

/** How many messages of these subjects a stream holds from a sequence on: a consumer's own count, made for the question. */
export async function countFrom(bus: Bus, stream: string, subjects: string[], seq: number): Promise<number> {
  const nothing = () => {};
  const options = {
    stream,
    subjects,
    start: { seq },
    prefetch: 0,
    received: nothing,
    well: nothing,
    ended: nothing,
  };
  const consumer = await Consumer.open(bus, options);
  consumer.close();
  return consumer.pending;
}
