/**
 * The way from HTTP to RAW: what is acknowledged is on disk. Concurrent requests travel as one atomic batch, which costs
 * the disk as much as one message; ids that JetStream already knows send the group again as single publishes, whose
 * acknowledgement names the first message, so the gateway keeps no table of its own.
 */
import { setTimeout as delay } from "node:timers/promises";
import {
  type BatchAck,
  type BatchMessage,
  type Bus,
  MAX_OUTPUTS,
  publishBatch,
  publishOne,
  REFUSED,
  Refusal,
} from "../shared/bus.ts";
import { canonical } from "../shared/canonical.ts";
import { textOf } from "../shared/codec.ts";
import { rawStream } from "../shared/subjects.ts";

/**
 * `conflict`: the key is known with another body. `seq` is the first message's, in RAW; `firstAtMs` the time of the first
 * of a repeat, Unix milliseconds, where RAW still has it.
 */
export type Submitted =
  | { kind: "stored"; seq: number; duplicate: boolean; firstAtMs?: number }
  | { kind: "conflict"; seq: number };

/** RAW is full or NATS is away: nothing is acknowledged, the caller may try again. */
export class Unavailable extends Error {}

/** More wait for the disk than it can be worth to keep in memory. */
export class Crowded extends Error {}

/** `data`: a JSON object as text. */
export type Submission = { realm: string; subject: string; msgId: string; data: string };

type Waiting = Submission & {
  resolve: (submitted: Submitted) => void;
  reject: (error: unknown) => void;
};

const IN_FLIGHT_WAIT_MS = 50;
const IN_FLIGHT_TRIES = 40;
/** Of one realm: some seconds of what a disk takes. */
const MAX_WAITING = 20_000;

export class Gateway {
  readonly #bus: Bus;
  readonly #maxWaiting: number;
  readonly #groups = new Map<string, Waiting[]>();
  readonly #publishing = new Set<string>();

  constructor(bus: Bus, maxWaiting = MAX_WAITING) {
    this.#bus = bus;
    this.#maxWaiting = maxWaiting;
  }

  /** Stores a body in its realm's RAW stream, once per message id. Throws `Unavailable` and `Crowded`. */
  submit(submission: Submission): Promise<Submitted> {
    return new Promise((resolve, reject) => {
      const group = this.#groups.get(submission.realm) ?? [];
      if (group.length >= this.#maxWaiting)
        return reject(new Crowded(`${group.length} requests wait for the disk already`));
      group.push({ ...submission, resolve, reject });
      this.#groups.set(submission.realm, group);
      void this.#publish(submission.realm);
    });
  }

  /** One group per realm at a time: while it is being written, the next one gathers. */
  async #publish(realm: string): Promise<void> {
    if (this.#publishing.has(realm)) return;
    this.#publishing.add(realm);
    try {
      for (;;) {
        await Promise.resolve(); // Requests that arrived in the same turn of the event loop join.
        const gathered = this.#groups.get(realm) ?? [];
        if (gathered.length === 0) break;
        this.#groups.set(realm, gathered.slice(MAX_OUTPUTS));
        await this.#write(gathered.slice(0, MAX_OUTPUTS));
      }
    } finally {
      this.#publishing.delete(realm);
    }
  }

  /** Equal ids of a group are one message: the first goes out, the others compare with it. */
  async #write(group: Waiting[]): Promise<void> {
    const firsts = new Map<string, Waiting>();
    const repeats: Waiting[] = [];
    for (const waiting of group) {
      if (firsts.has(waiting.msgId)) repeats.push(waiting);
      else firsts.set(waiting.msgId, waiting);
    }
    const unique = [...firsts.values()];
    try {
      this.#assertConnected();
      const ack = await publishBatch(this.#bus, unique.map(messageOf));
      const first = ack.seq - unique.length + 1;
      for (const [i, waiting] of unique.entries())
        waiting.resolve({ kind: "stored", seq: first + i, duplicate: false });
    } catch (error) {
      if (isRefusal(error, REFUSED.duplicateInBatch) || isRefusal(error, REFUSED.duplicateInFlight))
        await Promise.all(
          unique.map((waiting) => this.#single(waiting).then(waiting.resolve, waiting.reject)),
        );
      else for (const waiting of unique) waiting.reject(unavailable(error));
    }
    await Promise.all(repeats.map((waiting) => this.#single(waiting).then(waiting.resolve, waiting.reject)));
  }

  /** What is published without a connection is dropped, and its timeout a long wait for nothing. */
  #assertConnected(): void {
    if (!this.#bus.connected) throw new Unavailable("NATS is away");
  }

  async #single(waiting: Waiting): Promise<Submitted> {
    for (let tries = 1; ; tries++) {
      try {
        this.#assertConnected();
        return await this.#answer(waiting, await publishOne(this.#bus, messageOf(waiting)));
      } catch (error) {
        if (!isRefusal(error, REFUSED.duplicateInFlight) || tries === IN_FLIGHT_TRIES)
          throw unavailable(error);
        await delay(IN_FLIGHT_WAIT_MS);
      }
    }
  }

  async #answer(waiting: Waiting, ack: BatchAck): Promise<Submitted> {
    const { seq } = ack;
    if (!ack.duplicate) return { kind: "stored", seq, duplicate: false };
    const first = await this.#bus.jsm.streams.getMessage(rawStream(waiting.realm), { seq });
    // What RAW doesn't have any more can't be compared with.
    if (first === null) return { kind: "stored", seq, duplicate: true };
    if (!sameBody(textOf(first.data), waiting.data)) return { kind: "conflict", seq };
    return { kind: "stored", seq, duplicate: true, firstAtMs: first.time.getTime() };
  }
}

const messageOf = (waiting: Waiting): BatchMessage => ({
  subject: waiting.subject,
  data: waiting.data,
  msgId: waiting.msgId,
});

const isRefusal = (error: unknown, code: number): boolean => error instanceof Refusal && error.code === code;

const unavailable = (error: unknown): Unavailable =>
  error instanceof Unavailable
    ? error
    : new Unavailable(error instanceof Refusal ? error.message : "NATS does not answer", { cause: error });

/** Whether RAW's message says the same, whatever the order of its fields; what isn't JSON says something else. */
function sameBody(stored: string, given: string): boolean {
  try {
    return stored === given || canonical(JSON.parse(stored)) === canonical(JSON.parse(given));
  } catch {
    return false;
  }
}
