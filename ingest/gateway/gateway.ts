/**
 * The way from HTTP to RAW: what is acknowledged is on disk. Concurrent requests travel as one atomic batch, which costs
 * the disk about ten plain publishes, whatever its size; few go as plain publishes. Ids that JetStream already knows send
 * the group again as plain publishes, whose acknowledgement names the first message, so the gateway keeps no table of its own.
 * So do batches that others leave open until the server takes none.
 */
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { canonical } from "../../shared/exact/canonical.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { textOf } from "../../shared/stream/codec.ts";
import {
  type BatchAck,
  type BatchMessage,
  isSealed,
  MAX_OUTPUTS,
  publishBatch,
  publishOne,
  REFUSED,
  Refusal,
} from "../../shared/stream/publish.ts";
import { rawStream } from "../../shared/stream/subjects.ts";

/**
 * `conflict`: the key is known with another body. `seq` is the first message's, in RAW; `firstAtMs` the time of the first
 * of a repeat, Unix milliseconds, where RAW still has it.
 */
export type Submitted =
  | { kind: "stored"; seq: number; duplicate: boolean; firstAtMs?: number }
  | { kind: "conflict"; seq: number };

/** RAW is full or NATS is away: nothing is acknowledged, the caller may try again. */
export class Unavailable extends Error {}

/** The servers' store is full: nothing is acknowledged, and only room helps. */
export class StoreFull extends Error {}

/** The realm is ending: its RAW takes nothing any more, and never will. */
export class RawClosed extends Error {}

/** More bodies wait for the disk than are kept in memory. */
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

/** From this many on, one atomic batch takes less time than plain publishes. */
const BATCH_FROM = 8;
/** Waiting for callers to ask again ends after this long, ms. */
const MAX_PATIENCE_MS = 10;

/**
 * A batch that is refused so may pass as plain publishes. Who opens batches and leaves them takes all that the server holds open
 * at once: the first message of another is refused, and the publisher learns of it only at its commit, which then belongs to no batch.
 */
const STORED_NOTHING: ReadonlySet<number> = new Set([
  REFUSED.duplicateInBatch,
  REFUSED.duplicateInFlight,
  REFUSED.tooManyBatches,
  REFUSED.incompleteBatch,
]);

/** A realm's bodies that wait to be written. */
type Queue = { waiting: Waiting[]; writing: boolean; full: { length: number; tell: () => void } | undefined };

export class Gateway {
  readonly #bus: Bus;
  readonly #maxWaiting: number;
  readonly #queues = new Map<string, Queue>();

  constructor(bus: Bus, maxWaiting = MAX_WAITING) {
    this.#bus = bus;
    this.#maxWaiting = maxWaiting;
  }

  /** Stores a body in its realm's RAW stream, once per message id. Throws `Unavailable`, `StoreFull`, `RawClosed` and `Crowded`. */
  submit(submission: Submission): Promise<Submitted> {
    return new Promise((resolve, reject) => {
      const queue = this.#queues.get(submission.realm) ?? { waiting: [], writing: false, full: undefined };
      this.#queues.set(submission.realm, queue);
      if (queue.waiting.length >= this.#maxWaiting)
        return reject(new Crowded(`${queue.waiting.length} requests wait for the disk already`));
      queue.waiting.push({ ...submission, resolve, reject });
      if (queue.full !== undefined && queue.waiting.length >= queue.full.length) queue.full.tell();
      if (!queue.writing) void this.#drain(queue);
    });
  }

  /** Drops what is kept of a realm; waiting bodies are still answered. */
  forget(realm: string): void {
    this.#queues.delete(realm);
  }

  /** One group at a time: while it is being written, the next one gathers. */
  async #drain(queue: Queue): Promise<void> {
    queue.writing = true;
    await nextTurn(); // Requests that arrived in the same turn of the event loop join.
    while (queue.waiting.length > 0) {
      const group = queue.waiting.splice(0, MAX_OUTPUTS);
      const startedMs = performance.now();
      await this.#write(group);
      await gathered(queue, group.length, (performance.now() - startedMs) / 2);
    }
    queue.writing = false;
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
    await (unique.length < BATCH_FROM ? this.#plain(unique) : this.#batch(unique));
    await this.#plain(repeats);
  }

  async #batch(unique: Waiting[]): Promise<void> {
    try {
      this.#assertConnected();
      const ack = await publishBatch(this.#bus, unique.map(messageOf));
      const first = ack.seq - unique.length + 1;
      for (const [i, waiting] of unique.entries())
        waiting.resolve({ kind: "stored", seq: first + i, duplicate: false });
    } catch (error) {
      if (error instanceof Refusal && STORED_NOTHING.has(error.code)) await this.#plain(unique);
      else for (const waiting of unique) waiting.reject(refusalOf(error));
    }
  }

  async #plain(group: Waiting[]): Promise<void> {
    await Promise.all(group.map((waiting) => this.#single(waiting).then(waiting.resolve, waiting.reject)));
  }

  /** Without a connection a message would be dropped, and its timeout would be a long wait for nothing. */
  #assertConnected(): void {
    if (!this.#bus.connected) throw new Unavailable("NATS is away");
  }

  async #single(waiting: Waiting): Promise<Submitted> {
    for (let tries = 1; ; tries++) {
      try {
        this.#assertConnected();
        return await this.#answer(waiting, await publishOne(this.#bus, messageOf(waiting)));
      } catch (error) {
        if (!isRefusal(error, REFUSED.duplicateInFlight) || tries === IN_FLIGHT_TRIES) throw refusalOf(error);
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

/**
 * Callers that were answered together tend to ask again at once, and a batch with them costs no more than one without:
 * waits until as many have gathered as there were, at most `patienceMs`.
 */
async function gathered(queue: Queue, answered: number, patienceMs: number): Promise<void> {
  await nextTurn();
  const length = Math.min(queue.waiting.length + answered, MAX_OUTPUTS);
  if (answered < BATCH_FROM || queue.waiting.length >= length) return;
  await new Promise<void>((resolve) => {
    queue.full = { length, tell: resolve };
    setTimeout(resolve, Math.min(patienceMs, MAX_PATIENCE_MS));
  });
  queue.full = undefined;
}

const messageOf = (waiting: Waiting): BatchMessage => ({
  subject: waiting.subject,
  data: waiting.data,
  msgId: waiting.msgId,
});

const isRefusal = (error: unknown, code: number): boolean => error instanceof Refusal && error.code === code;

function refusalOf(error: unknown): Unavailable | StoreFull | RawClosed {
  if (error instanceof Unavailable) return error;
  if (isSealed(error)) return new RawClosed("the realm is ending: it accepts nothing more", { cause: error });
  if (isRefusal(error, REFUSED.storeFull))
    return new StoreFull("the store of the NATS servers is full: nothing of this request was stored", {
      cause: error,
    });
  return new Unavailable(error instanceof Refusal ? error.message : "NATS does not answer", { cause: error });
}

/** Whether RAW's message says the same, whatever the order of its fields; what isn't JSON says something else. */
function sameBody(stored: string, given: string): boolean {
  try {
    return stored === given || canonical(JSON.parse(stored)) === canonical(JSON.parse(given));
  } catch {
    return false;
  }
}
