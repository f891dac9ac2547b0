/**
 * Any past public state of a realm by its tick, from what WORLD keeps: all deltas, and checkpoints on the way.
 *
 * It reads nothing before it is asked, so opening costs a request, however long the past. The first question about a chapter of
 * 256 ticks reads that chapter: a checkpoint, and 256 deltas whose place is found by their ticks. Its pages stay in memory,
 * compressed, up to `maxBytes` in all, the chapter asked for longest ago leaving first. A checkpoint that is missing or wrong costs
 * reading the chapter before it too, down to tick 0 at worst. Measured figures: `npm run bench -- timemachine`.
 */
import { setImmediate as otherWork } from "node:timers/promises";
import type { WorldDelta } from "../contracts/world.ts";
import { firstCommand } from "../provision/provision.ts";
import { deltaIn } from "../stream/bodies.ts";
import type { Bus } from "../stream/bus.ts";
import { lastOf, type Stored, streamEnds } from "../stream/last-message.ts";
import { Reader } from "../stream/reader.ts";
import { subjects, worldStream } from "../stream/subjects.ts";
import { genesis } from "../world/genesis.ts";
import { BrokenPast, Chapter, type PastState, type Standing } from "./chapter.ts";
import { CHECKPOINT_TICKS, checkpointAt } from "./checkpoints.ts";
import { messageOfTick } from "./tick-sequence.ts";

export { BrokenPast, type PastState } from "./chapter.ts";

/** More questions wait for the stream than should: ask again later, or answer 503. */
class PastBusy extends Error {}

const MAX_BYTES = 64 * 1024 * 1024;
/** Requests that wait for a chapter from the stream. Chapters are read one at a time. */
const MAX_WAITING = 64;
/** Deltas taken on before other work of the process has its turn. */
const DELTAS_AT_ONCE = 32;
/** A chapter that isn't read after this is given up: NATS is away. */
const READ_TIMEOUT_MS = 10_000;

export type TimeMachineOptions = {
  /** Bound of the compressed chapters in memory, bytes. The open page of the last chapter, at most 31 deltas, comes on top. */
  maxBytes?: number;
};

/** Opens the past of a realm as its stream of now has it: a realm that is restored or made anew needs another machine. */
export async function openTimeMachine(
  bus: Bus,
  realm: string,
  { maxBytes = MAX_BYTES }: TimeMachineOptions = {},
): Promise<TimeMachine> {
  const { created } = await streamEnds(bus, worldStream(realm));
  return new TimeMachine(bus, realm, created, maxBytes);
}

/** The chapter that tells a tick above 0. */
const chapterOf = (tick: number): number => Math.floor((tick - 1) / CHECKPOINT_TICKS);

export class TimeMachine {
  readonly #bus: Bus;
  readonly #realm: string;
  readonly #created: string;
  readonly #maxBytes: number;
  /** By number; the one asked for last is last. */
  readonly #chapters = new Map<number, Chapter>();
  #reading: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(bus: Bus, realm: string, created: string, maxBytes: number) {
    this.#bus = bus;
    this.#realm = realm;
    this.#created = created;
    this.#maxBytes = maxBytes;
  }

  /** Compressed chapters in memory, bytes. */
  get bytes(): number {
    return [...this.#chapters.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * The realm after `tick`, its state held against the hash that the tick states; `undefined` for a tick that is still to come.
   * Throws `BrokenPast` that names the tick where the stream can't vouch for it, `PastBusy`, `StreamGap` where the stream is
   * another one than at opening, and NATS errors.
   */
  async stateAt(tick: number): Promise<PastState | undefined> {
    if (!Number.isSafeInteger(tick) || tick < 0) return undefined;
    if (tick === 0) return { ...(await this.#start()), events: [] };
    const held = this.#held(tick);
    if (held !== undefined) return held.at(tick);
    if (this.#waiting >= MAX_WAITING)
      throw new PastBusy(`${this.#waiting} questions about the past of ${this.#realm} wait already`);
    this.#waiting++;
    const turn = this.#reading.then(async () => this.#held(tick) ?? (await this.#read(tick)));
    this.#reading = turn.catch(() => {});
    try {
      return (await turn)?.at(tick);
    } finally {
      this.#waiting--;
    }
  }

  #held(tick: number): Chapter | undefined {
    const number = chapterOf(tick);
    const chapter = this.#chapters.get(number);
    if (chapter === undefined || chapter.through < tick) return undefined;
    this.#chapters.delete(number);
    this.#chapters.set(number, chapter);
    return chapter;
  }

  /** Reads the chapter of a tick, and those before it down to one that a checkpoint, tick 0 or a held chapter begins. */
  async #read(tick: number): Promise<Chapter | undefined> {
    const stream = worldStream(this.#realm);
    const last = await lastOf(this.#bus, stream, subjects.delta(this.#realm));
    if (last === undefined || (JSON.parse(last.text()) as WorldDelta).tick < tick) return undefined;
    const missing: number[] = [];
    let start: Standing | undefined;
    for (let number = chapterOf(tick); start === undefined; number--) {
      missing.unshift(number);
      start = await this.#startOf(number);
    }
    let chapter: Chapter | undefined;
    for (const number of missing) {
      const read = await this.#chapterFrom(chapter?.end ?? start, last.seq);
      chapter = read.chapter;
      this.#keep(number, chapter);
      if (chapter.through < Math.min(tick, (number + 1) * CHECKPOINT_TICKS))
        throw read.broken ?? new BrokenPast(`${stream} holds no delta of tick ${chapter.through + 1}`);
    }
    return chapter;
  }

  /** The state that a chapter starts from, where it can be had without the chapter before. */
  async #startOf(number: number): Promise<Standing | undefined> {
    if (number === 0) return this.#start();
    const before = this.#chapters.get(number - 1);
    const tick = number * CHECKPOINT_TICKS;
    if (before?.through === tick) return before.end;
    const first = await this.#deltaFrom(tick + 1);
    if (first === undefined) return undefined;
    const { prev } = JSON.parse(first.text()) as WorldDelta;
    const checkpoint = await checkpointAt(this.#bus, this.#realm, tick, prev);
    return checkpoint && { state: checkpoint.state.public, hash: checkpoint.public_hash };
  }

  /** The delta of a tick, or of the next one after it. */
  #deltaFrom(tick: number): Promise<Stored | undefined> {
    return messageOfTick(this.#bus, worldStream(this.#realm), subjects.delta(this.#realm), tick);
  }

  async #start(): Promise<Standing> {
    const { ruleset, at } = await firstCommand(this.#bus, this.#realm);
    const { snapshot } = genesis(this.#realm, ruleset, at);
    return { state: snapshot.state.public, hash: snapshot.public_hash };
  }

  /** The deltas after a state up to the next checkpoint, or to the last there is, or to one that doesn't fit. */
  async #chapterFrom(start: Standing, lastSeq: number): Promise<{ chapter: Chapter; broken?: BrokenPast }> {
    const chapter = new Chapter(start);
    const end = chapter.from + CHECKPOINT_TICKS;
    const first = await this.#deltaFrom(chapter.from + 1);
    if (first === undefined) return { chapter };
    const reader = new Reader(this.#bus, {
      stream: worldStream(this.#realm),
      subjects: [subjects.delta(this.#realm)],
      created: this.#created,
      from: first.seq,
      prefetch: CHECKPOINT_TICKS,
    });
    const timeUp = AbortSignal.timeout(READ_TIMEOUT_MS);
    try {
      for (let seq = 0; chapter.through < end && seq < lastSeq; await otherWork()) {
        const messages = await reader.take(DELTAS_AT_ONCE, timeUp);
        timeUp.throwIfAborted();
        for (const message of messages) {
          seq = message.seq;
          if (chapter.through < end) chapter.add(deltaIn(message, this.#realm));
        }
      }
    } catch (error) {
      // What comes before the break is as good as ever.
      if (error instanceof BrokenPast) return { chapter, broken: error };
      throw error;
    } finally {
      await reader.close();
    }
    return { chapter };
  }

  #keep(number: number, chapter: Chapter): void {
    this.#chapters.delete(number);
    this.#chapters.set(number, chapter);
    for (const [oldest] of this.#chapters) {
      if (this.bytes <= this.#maxBytes || oldest === number) break;
      this.#chapters.delete(oldest);
    }
  }
}
