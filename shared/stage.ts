/**
 * The one shell of every stage:
 *
 *     restore state → read inputs after my position → decide (pure) → commit outputs + my new position, atomically → evolve
 *
 * A core is plain data in, plain data out. The shell reads, batches, commits, owns, measures, flushes and drains. State runs
 * ahead of the log by the batch that is being committed; when a commit is lost, all state is dropped and restored.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type Bus, lastOf, MAX_OUTPUTS, nextOf, REFUSED, streamEnds, TooLarge } from "./bus.ts";
import { CACHE_TRUSTED_MS, Cache, type CacheSpec, type Captured } from "./cache.ts";
import { CacheUnusable } from "./cache-unusable.ts";
import { MAX_FRAME_BODIES } from "./codec.ts";
import { Position } from "./contracts/position.ts";
import { crashPoint } from "./crash.ts";
import { Draft } from "./draft.ts";
import { Fence, Superseded } from "./fence.ts";
import type { Log } from "./log.ts";
import { metrics } from "./metrics.ts";
import { type Input, Reader, StreamGap } from "./reader.ts";
import { subjects } from "./subjects.ts";

export type StageName = "ingest" | "normalizer" | "simulator";

/** A realm as its core meets it. */
export type Restoring = {
  bus: Bus;
  realm: string;
  position: Position;
  /** Sequence of the position message in the output stream: everything before it is committed. */
  positionSeq: number;
  log: Log;
  signal: AbortSignal;
};

export type Owned<State> = { bus: Bus; realm: string; state: State; log: Log; signal: AbortSignal };

export type Stage<State> = {
  name: StageName;
  /** `prefetch` as the reader takes it: more where messages are small. */
  input(realm: string): { stream: string; subjects: string[]; prefetch?: number };
  outputStream(realm: string): string;
  /** State at the position, from the output stream; a stage with a cache has the shell restore it instead. */
  restore?(restoring: Restoring): Promise<State>;
  /**
   * Folds one input: decides, writes into the draft, evolves the state. Pure but for the state it is given.
   * Answers whether the position may move past this input.
   */
  step(state: State, input: Input, draft: Draft): boolean;
  cache?: {
    spec: CacheSpec<State>;
    initial(realm: string): State;
    /** Folds one committed output message that the cache may not include; entries that do include it stay. */
    refold(state: State, message: Input): void;
    subjects(realm: string): string[];
  };
  /** What a realm's owner does besides, until the signal: the simulator's clock. Rejects only for what a restore mends. */
  duties?(owned: Owned<State>): Promise<void>;
};

/** The streams contradict the position: running would skip or repeat silently. */
export class RealmRefused extends Error {}

/** Inputs taken at once, and bodies after which a batch is closed: more gains nothing, and a restart repeats less. */
const MAX_INPUTS = 2_000;
const MAX_BODIES = 4_000;

/** What one input may write: each body of a frame a message, and a second one where a review brings a decision along. */
const MAX_INPUT_OUTPUTS = 2 * MAX_FRAME_BODIES;

/** So many waiting inputs mean that the stage is behind, and throughput counts for more than latency. */
const OVERLAP_INPUTS = 100;

export class RealmRun<State> {
  readonly #stage: Stage<State>;
  readonly #bus: Bus;
  readonly #realm: string;
  readonly #worker: string;
  readonly #log: Log;
  readonly #labels: { stage: string; realm: string };

  constructor(stage: Stage<State>, bus: Bus, realm: string, worker: string, log: Log) {
    this.#stage = stage;
    this.#bus = bus;
    this.#realm = realm;
    this.#worker = worker;
    this.#log = log.child({ realm });
    this.#labels = { stage: stage.name, realm };
  }

  /** Runs the realm until the signal, whatever happens meanwhile. */
  async run(signal: AbortSignal): Promise<void> {
    metrics.owned.set(this.#labels, 1);
    for (let reason = "start"; !signal.aborted; ) {
      try {
        metrics.restores.inc({ ...this.#labels, reason });
        await this.#runOnce(signal);
      } catch (error) {
        if (signal.aborted) break;
        reason = await this.#recover(error, signal);
      }
    }
    metrics.owned.set(this.#labels, 0);
    metrics.refused.set(this.#labels, 0);
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<string> {
    const pause = (ms: number) => delay(ms, undefined, { signal }).catch(() => {});
    if (error instanceof Superseded) {
      this.#log.info({ reason: error.message }, "another worker committed for this realm; restoring");
      await pause(250 + Math.random() * 750);
      return "superseded";
    }
    if (error instanceof RealmRefused || error instanceof StreamGap || error instanceof TooLarge) {
      metrics.refused.set(this.#labels, 1);
      this.#log.error({ reason: error.message }, "refusing to run this realm until an operator has looked");
      await pause(5_000);
      return "refused";
    }
    this.#log.warn({ err: error }, "interrupted; restoring");
    await pause(500);
    return "error";
  }

  async #runOnce(outer: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const signal = AbortSignal.any([outer, stop.signal]);
    let failure: unknown;
    const fail = (error: unknown) => {
      failure ??= error;
      stop.abort(error);
    };
    const restored = await this.#restore(signal);
    metrics.refused.set(this.#labels, 0);
    const owned = { bus: this.#bus, realm: this.#realm, state: restored.state, log: this.#log, signal };
    const duties = this.#stage.duties?.(owned).catch(fail);
    try {
      await this.#follow(restored, outer, signal, fail);
    } catch (error) {
      failure ??= error;
    } finally {
      stop.abort();
      await duties;
      await restored.cache?.settled();
    }
    if (failure !== undefined && !outer.aborted) throw failure;
  }

  async #restore(signal: AbortSignal) {
    const stage = this.#stage;
    const output = stage.outputStream(this.#realm);
    const input = stage.input(this.#realm);
    for (const stream of [input.stream, output]) await this.#assertThere(stream);
    const { fence, head } = await Fence.open(this.#bus, output, subjects.position(stage.name, this.#realm));
    if (head === undefined)
      throw new RealmRefused(
        `${output} holds no position of ${stage.name}: provision the realm, or restore the stream`,
      );
    const position = Position.parse(JSON.parse(head.text()));
    const ends = await streamEnds(this.#bus, input.stream);
    if (ends.created !== position.input_created)
      throw new RealmRefused(
        `${input.stream} was created at ${ends.created}, but the position counts in the one of ${position.input_created}`,
      );
    if (position.through > ends.lastSeq)
      throw new RealmRefused(
        `${input.stream} ends at ${ends.lastSeq}, before the position ${position.through}`,
      );
    if (ends.firstSeq > position.through + 1)
      throw new RealmRefused(
        `${input.stream} starts at ${ends.firstSeq}, after the position ${position.through}`,
      );
    const restoring = {
      bus: this.#bus,
      realm: this.#realm,
      position,
      positionSeq: head.seq,
      log: this.#log,
      signal,
    };
    const cached = stage.cache && (await this.#restoreCached(stage.cache, position, head.seq, signal));
    const state = cached?.state ?? (await stage.restore!(restoring));
    return { fence, position, state, cache: cached?.cache, created: ends.created };
  }

  async #assertThere(stream: string): Promise<void> {
    await streamEnds(this.#bus, stream).catch((error: { code?: number }) => {
      if (error.code !== REFUSED.streamNotFound) throw error;
      throw new RealmRefused(`there is no stream ${stream}: restore it from a backup`);
    });
  }

  /** From the cache where that is of use, else from all decisions. */
  async #restoreCached(
    parts: NonNullable<Stage<State>["cache"]>,
    { through }: Position,
    positionSeq: number,
    signal: AbortSignal,
  ) {
    const { stream: input, subjects: inputs } = this.#stage.input(this.#realm);
    const waiting = await Promise.all(inputs.map((name) => nextOf(this.#bus, input, name, through + 1)));
    const oldestMs = Math.min(...waiting.map((message) => message?.atMs ?? Number.POSITIVE_INFINITY));
    const trusted = oldestMs > Date.now() - CACHE_TRUSTED_MS;
    try {
      return await this.#refold(parts, positionSeq, signal, trusted);
    } catch (error) {
      if (!(error instanceof CacheUnusable && trusted)) throw error;
      this.#log.warn({ reason: error.message }, "the cache is of no use: folding every decision again");
      return await this.#refold(parts, positionSeq, signal, false);
    }
  }

  /** Entries from KV where they are trusted, then the decisions after the watermark. */
  async #refold(
    parts: NonNullable<Stage<State>["cache"]>,
    positionSeq: number,
    signal: AbortSignal,
    trusted: boolean,
  ) {
    const state = parts.initial(this.#realm);
    const cache = await Cache.restore(this.#bus, parts.spec, this.#labels, state, signal, trusted);
    const stream = this.#stage.outputStream(this.#realm);
    const ends = await streamEnds(this.#bus, stream);
    if (cache.through > ends.lastSeq)
      throw new RealmRefused(
        `the cache includes ${stream} up to ${cache.through}, but it ends at ${ends.lastSeq}`,
      );
    const position = subjects.position(this.#stage.name, this.#realm);
    const reader = new Reader(this.#bus, {
      stream,
      subjects: [...parts.subjects(this.#realm), position],
      created: ends.created,
      from: Math.max(cache.through + 1, ends.firstSeq),
    });
    try {
      for (let read = cache.through; read < positionSeq; ) {
        for (const message of await reader.take(10_000, signal)) {
          read = message.seq;
          if (message.subject !== position && message.seq < positionSeq) parts.refold(state, message);
        }
        signal.throwIfAborted();
      }
    } finally {
      await reader.close();
    }
    return { state, cache };
  }

  async #follow(
    restored: {
      fence: Fence;
      position: Position;
      state: State;
      cache: Cache<State> | undefined;
      created: string;
    },
    outer: AbortSignal,
    signal: AbortSignal,
    fail: (error: unknown) => void,
  ): Promise<void> {
    const { fence, position, state, cache, created } = restored;
    const input = this.#stage.input(this.#realm);
    crashPoint("before_read");
    const reader = new Reader(this.#bus, { ...input, created, from: position.through + 1 });
    let committing: Promise<void> = Promise.resolve();
    let draft = new Draft();

    const commit = async (batch: Draft, captured: Captured | undefined) => {
      const end = metrics.commitSeconds.startTimer(this.#labels);
      crashPoint("before_commit");
      const head = { through: batch.through, input_created: created, worker: this.#worker };
      const seq = await fence.commit(batch.finish(), head, signal);
      crashPoint("after_commit");
      end();
      if (captured !== undefined) cache?.flush(captured, seq, signal, fail);
      await batch.committed(this.#bus, this.#labels);
    };
    /** Closes the draft: it commits as soon as the commit before it is through, while the next one is decided. */
    const close = async () => {
      await committing;
      const batch = draft;
      draft = new Draft();
      committing = commit(batch, cache?.rested ? cache.capture(state) : undefined);
      committing.catch(fail);
    };

    try {
      for (;;) {
        // Deciding overlaps with committing only when much waits: else what arrives meanwhile would miss this commit, and wait
        // for two.
        if (reader.waiting < OVERLAP_INPUTS) await committing;
        const taken = await reader.take(MAX_INPUTS, signal);
        if (taken.length === 0) break;
        crashPoint("after_read");
        for (const message of taken) {
          const advance = this.#stage.step(state, message, draft);
          draft.inputs++;
          if (!advance) continue;
          draft.through = message.seq;
          if (draft.size > MAX_OUTPUTS - MAX_INPUT_OUTPUTS || draft.bodies >= MAX_BODIES) await close();
        }
        metrics.lag.set(this.#labels, reader.lag);
        if (draft.through > 0) await close();
        if (outer.aborted) break;
      }
      await committing;
      if (outer.aborted) await cache?.drain(state, fence.seq, fail);
    } finally {
      await reader.close();
    }
  }
}

/** The last message of each subject, oldest first, from the leader. */
export async function lastOfEach(bus: Bus, stream: string, names: string[]) {
  const found = await Promise.all(names.map((name) => lastOf(bus, stream, name)));
  return found.filter((message) => message !== undefined).sort((a, b) => a.seq - b.seq);
}
