/**
 * The one shell of every stage:
 *
 *     restore state → read inputs after my position → decide (pure) → commit outputs + my new position, atomically → evolve
 *
 * A core is plain data in, plain data out. The shell reads, batches, commits, owns, measures, flushes and drains. State runs
 * ahead of the log by the batch that is being committed; when a commit is lost, all state is dropped and restored.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type Bus, MAX_OUTPUTS, TooLarge } from "./bus.ts";
import type { Captured } from "./cache.ts";
import { MAX_FRAME_BODIES } from "./codec.ts";
import { crashPoint } from "./crash.ts";
import { Draft } from "./draft.ts";
import { Superseded } from "./fence.ts";
import type { Log } from "./log.ts";
import { metrics } from "./metrics.ts";
import { Reader, StreamGap } from "./reader.ts";
import { type Restored, restoreRealm } from "./restore.ts";
import { RealmRefused, type Stage } from "./stage.ts";

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
    const parts = { bus: this.#bus, realm: this.#realm, log: this.#log, signal };
    const restored = await restoreRealm(this.#stage, parts);
    metrics.refused.set(this.#labels, 0);
    const duties = this.#stage.duties?.({ ...parts, state: restored.state }).catch(fail);
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

  async #follow(
    restored: Restored<State>,
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
