/**
 * Fenced commits: outputs and a rolled-up head message go into a stream as one atomic batch that expects the head's
 * previous sequence. Of two writers one wins; no output without its head, no head twice.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Bus } from "./bus.ts";
import { lastOf, type Stored } from "./last-message.ts";
import { type BatchMessage, isLostRace, publishBatch, REFUSED, Refusal, TooLarge } from "./publish.ts";
import { randomName } from "./random-name.ts";

/** Somebody else has written this head: drop what you hold and restore. */
export class Superseded extends Error {}

/** The stream that the head stands in is gone: restoring makes a lost bucket again, and refuses a lost log. */
export class StreamRemoved extends Superseded {}

/** A head message; its `commit_id` identifies the commit, whatever else it holds. */
/** `undefined` where the message isn't a head. */
function commitIdIn(message: Stored): string | undefined {
  try {
    const head: unknown = JSON.parse(message.text());
    return typeof head === "object" &&
      head !== null &&
      "commit_id" in head &&
      typeof head.commit_id === "string"
      ? head.commit_id
      : undefined;
  } catch {
    return undefined;
  }
}

const RETRY_MS = { first: 50, longest: 2_000 };

/** A busy or full server may refuse a few times; after more refusals the error is raised. */
const REFUSALS_MAX = 5;

export class Fence {
  readonly #bus: Bus;
  readonly #stream: string;
  readonly #subject: string;
  #seq: number;
  #commitId: string | undefined;

  private constructor(bus: Bus, stream: string, subject: string, head: Stored | undefined) {
    this.#bus = bus;
    this.#stream = stream;
    this.#subject = subject;
    this.#seq = head?.seq ?? 0;
    this.#commitId = head && commitIdIn(head);
  }

  /** Reads the head from the stream's leader. */
  static async open(
    bus: Bus,
    stream: string,
    subject: string,
  ): Promise<{ fence: Fence; head: Stored | undefined }> {
    const head = await lastOf(bus, stream, subject);
    return { fence: new Fence(bus, stream, subject, head), head };
  }

  /** Sequence of the last head. */
  get seq(): number {
    return this.#seq;
  }

  /**
   * Commits `messages` (at most 999) and then `head`, and answers the head's sequence. After a timeout or an error it asks
   * the leader what became of the commit, and sends the same bytes again until it knows.
   * Throws `Superseded` when another writer's head is there or the stream is gone, `Refusal` when the server keeps saying no,
   * `TooLarge`, and the signal's reason when aborted with the outcome unknown.
   */
  async commit(messages: readonly BatchMessage[], head: object, signal: AbortSignal): Promise<number> {
    const commitId = randomName();
    const batch: BatchMessage[] = [
      ...messages,
      {
        subject: this.#subject,
        data: JSON.stringify({ ...head, commit_id: commitId }),
        rollup: true,
        expectedLastSubjectSeq: this.#seq,
      },
    ];
    let refusals = 0;
    for (let wait = RETRY_MS.first; ; wait = Math.min(wait * 2, RETRY_MS.longest)) {
      try {
        const ack = await publishBatch(this.#bus, batch);
        return this.#committed(ack.seq, commitId);
      } catch (error) {
        if (error instanceof TooLarge) throw error;
        const seq = await this.#settle(commitId, error, signal);
        if (seq !== undefined) return this.#committed(seq, commitId);
        if (error instanceof Refusal && ++refusals > REFUSALS_MAX) throw error;
        await delay(wait, undefined, { signal });
      }
    }
  }

  #committed(seq: number, commitId: string): number {
    this.#seq = seq;
    this.#commitId = commitId;
    return seq;
  }

  /** The sequence if the commit has happened, `undefined` if it has not; asks until the leader answers. */
  async #settle(commitId: string, cause: unknown, signal: AbortSignal): Promise<number | undefined> {
    for (;;) {
      const head = await lastOf(this.#bus, this.#stream, this.#subject).catch((error: { code?: number }) => {
        if (error.code === REFUSED.streamNotFound)
          throw new StreamRemoved(`${this.#stream} is gone`, { cause: error });
        return null;
      });
      if (head === null) {
        await delay(RETRY_MS.first, undefined, { signal });
        continue;
      }
      const found = head && commitIdIn(head);
      if (head !== undefined && found === commitId) return head.seq;
      if (found === this.#commitId && (head?.seq ?? 0) === this.#seq && !isLostRace(cause)) return undefined;
      if (found === this.#commitId && (head?.seq ?? 0) === this.#seq) {
        // The server saw another head for a moment; the next look tells whose it is.
        await delay(RETRY_MS.first, undefined, { signal });
        cause = undefined;
        continue;
      }
      throw new Superseded(`${this.#subject} now holds commit ${found} at ${head?.seq ?? 0}`, { cause });
    }
  }
}
