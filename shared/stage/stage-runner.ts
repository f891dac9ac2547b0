/**
 * The one shell of every stage:
 *
 *     restore state → read inputs after my position → decide (pure) → commit outputs + my new position, atomically → evolve
 *
 * A core is plain data in, plain data out. The shell reads, batches, commits, owns, measures, flushes and drains. State runs
 * ahead of the log by the batch that is being committed; when a commit is lost, all state is dropped and restored.
 */

import { crashPoint } from "../process/crash.ts";
import type { Log } from "../process/log.ts";
import { forgetRealm, metrics } from "../process/metrics.ts";
import { pause } from "../process/pause.ts";
import { hasEnded, RealmEnded } from "../provision/realm-entries.ts";
import type { Bus } from "../stream/bus.ts";
import { MAX_BUNDLE_BODIES } from "../stream/codec.ts";
import { StreamRemoved, Superseded } from "../stream/fence.ts";
import { lastOf } from "../stream/last-message.ts";
import { MAX_OUTPUTS } from "../stream/publish.ts";
import { type Input, Reader } from "../stream/reader.ts";
import { subjects } from "../stream/subjects.ts";
import { takeWithin } from "../stream/take-within.ts";
import { isGone, type Work, waitingFrom } from "../stream/waiting.ts";
import type { Captured } from "./cache.ts";
import { CacheUnusable } from "./cache-unusable.ts";
import { OutputBatch } from "./output-batch.ts";
import { RealmHealth } from "./realm-health.ts";
import { foldOrRefuse, refusalOf } from "./refusal.ts";
import { untilLookedAt } from "./refused-realm.ts";
import { positionIn, type Restored, restoreRealm } from "./restore.ts";
import type { Stage } from "./stage.ts";

/**
 * Inputs taken at once, and bodies after which a batch is closed: larger batches gain nothing, and smaller ones repeat less after a
 * restart.
 */
const MAX_INPUTS = 2_000;
const MAX_BODIES = 4_000;

/** Most messages that a bundle may write: one for each body, and a second where a review adds a decision. */
const MAX_INPUT_OUTPUTS = 2 * MAX_BUNDLE_BODIES;

/** With this many waiting inputs the stage is behind, and throughput counts more than latency. */
const OVERLAP_INPUTS = 100;

/** How often waiting messages are counted while there is no reader, ms. */
const COUNT_MS = 5_000;

export class StageRunner<State> {
  readonly #stage: Stage<State>;
  readonly #bus: Bus;
  readonly #realm: string;
  readonly #worker: string;
  readonly #log: Log;
  readonly #labels: { stage: string; realm: string };
  #reader: Reader | undefined;
  /** Commits under way. */
  #commits = 0;
  /** The last count of waiting messages while there was no reader. */
  #behind: Work = { messages: 0 };
  /** False for one restore after an entry of the cache turned out to be unreadable. */
  #trusted = true;

  constructor(stage: Stage<State>, bus: Bus, realm: string, worker: string, log: Log) {
    this.#stage = stage;
    this.#bus = bus;
    this.#realm = realm;
    this.#worker = worker;
    this.#log = log.child({ realm });
    this.#labels = { stage: stage.name, realm };
  }

  /** Runs the realm until the signal; errors restore it. */
  async run(signal: AbortSignal, ending?: AbortSignal): Promise<void> {
    metrics.owned.set(this.#labels, 1);
    const health = new RealmHealth(this.#labels, this.#stage.input(this.#realm).stream, () =>
      this.#bus.connected ? this.#work() : undefined,
    );
    const counting = setInterval(() => void this.#count(), COUNT_MS);
    for (let reason = "start"; !signal.aborted; ) {
      try {
        metrics.restores.inc({ ...this.#labels, reason });
        await this.#runOnce(health, signal, ending);
      } catch (error) {
        if (signal.aborted) break;
        reason = await this.#recover(error, health, signal);
      }
    }
    clearInterval(counting);
    health.end();
    await forgetRealm(this.#stage.name, this.#realm);
  }

  #work(): Work {
    const reader = this.#reader;
    if (reader === undefined) return { ...this.#behind, busy: true };
    const { busy, ...work } = reader.work;
    return { ...work, busy: busy || this.#commits > 0 };
  }

  /** Counts what waits after the position as the leader has it, where there is no reader to tell. */
  async #count(): Promise<void> {
    if (this.#reader !== undefined) return;
    try {
      const { stream, subjects: names } = this.#stage.input(this.#realm);
      const subject = subjects.position(this.#stage.name, this.#realm);
      const head = await lastOf(this.#bus, this.#stage.outputStream(this.#realm), subject);
      const through = (head && positionIn(head)?.through) ?? 0;
      this.#behind = await waitingFrom(this.#bus, stream, names, through + 1);
    } catch {
      // NATS is away too, or the stream is gone: the last count stays.
    }
  }

  async #recover(error: unknown, health: RealmHealth, signal: AbortSignal): Promise<string> {
    if (error instanceof StreamRemoved) {
      this.#log.warn({ reason: error.message }, "a stream or bucket of the realm was removed; restoring");
      await pause(250 + Math.random() * 750, signal);
      return "superseded";
    }
    if (error instanceof Superseded) {
      this.#log.info(
        { reason: error.message },
        "another run of the realm has committed; this one is restored",
      );
      await pause(250 + Math.random() * 750, signal);
      return "superseded";
    }
    if (error instanceof CacheUnusable && this.#trusted) {
      this.#trusted = false;
      this.#log.error(
        { reason: error.message },
        "the cache can't be read; the state is folded again from the whole log",
      );
      return "cache";
    }
    if (await hasEnded(this.#bus, this.#realm)) {
      // The realm has ended and its streams were removed; the watch of KV `realms` reports it next.
      this.#log.info("the realm has ended");
      await pause(1_000, signal);
      return "ended";
    }
    const refusal = refusalOf(error);
    if (refusal === undefined) {
      this.#log.warn({ err: error }, "the realm's run failed; it is restored");
      await pause(500, signal);
      return "error";
    }
    health.refuse(refusal);
    this.#log.error(
      { refused: refusal.reason, ...refusal.place, err: refusal },
      "the stage refuses the realm until an operator has looked",
    );
    await this.#count();
    await untilLookedAt(this.#bus, refusal, signal);
    return "refused";
  }

  async #runOnce(health: RealmHealth, outer: AbortSignal, ending?: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const signal = AbortSignal.any([outer, stop.signal]);
    let failure: unknown;
    const fail = (error: unknown) => {
      failure ??= error;
      stop.abort(error);
    };
    const parts = { bus: this.#bus, realm: this.#realm, log: this.#log, signal };
    const restored = await restoreRealm(this.#stage, parts, this.#trusted);
    this.#trusted = true;
    await this.#acceptWhereMended(health);
    const owned = { ...parts, state: restored.state, ...(ending !== undefined && { ending }) };
    const duties = this.#stage.duties?.(owned).catch(fail);
    try {
      await this.#follow(restored, health, outer, signal, fail);
    } catch (error) {
      failure ??= error;
    } finally {
      stop.abort();
      await duties;
      await restored.cache?.settled();
    }
    if (failure !== undefined && !outer.aborted) throw failure;
  }

  /** A successful restore ends a refusal, unless the refused input is still to be read. */
  async #acceptWhereMended(health: RealmHealth): Promise<void> {
    const place = health.refusal?.place;
    const isInput = place?.stream === this.#stage.input(this.#realm).stream;
    if (place === undefined || !isInput || (await isGone(this.#bus, place))) health.accept();
  }

  async #follow(
    restored: Restored<State>,
    health: RealmHealth,
    outer: AbortSignal,
    signal: AbortSignal,
    fail: (error: unknown) => void,
  ): Promise<void> {
    const { fence, position, state, cache, created } = restored;
    const input = this.#stage.input(this.#realm);
    const room = MAX_OUTPUTS - (this.#stage.maxInputOutputs ?? MAX_INPUT_OUTPUTS);
    crashPoint("before_read");
    const reader = new Reader(this.#bus, { ...input, created, from: position.through + 1 });
    this.#reader = reader;
    let committing: Promise<void> = Promise.resolve();
    let draft = new OutputBatch();

    const commit = async (batch: OutputBatch, captured: Captured | undefined) => {
      const end = metrics.commitSeconds.startTimer(this.#labels);
      crashPoint("before_commit");
      const head = { through: batch.through, input_created: created, worker: this.#worker };
      this.#commits++;
      const seq = await fence.commit(batch.finish(), head, signal).finally(() => {
        this.#commits--;
      });
      crashPoint("after_commit");
      end();
      health.moved();
      if (captured !== undefined) cache?.flush(captured, seq, signal, fail);
      await batch.committed(this.#bus, this.#labels);
    };
    /** Closes the batch: it is committed when the previous commit is done, while the next batch is decided. */
    const close = async () => {
      await committing;
      const batch = draft;
      draft = new OutputBatch();
      committing = commit(batch, cache?.rested ? cache.capture(state) : undefined);
      committing.catch(fail);
    };

    /**
     * The next inputs. While none arrive, the cache is flushed until KV is complete, and then the stage is idle. Nothing is decided
     * or committed meanwhile, so the flushed state is that of the last commit.
     */
    const takeOrFlush = async (): Promise<Input[]> => {
      while (cache !== undefined && reader.waiting === 0 && !signal.aborted && !cache.isWhole(fence.seq)) {
        await committing;
        const taken = await takeWithin(reader, MAX_INPUTS, Math.ceil(cache.idleRestMs), signal);
        if (taken.length > 0) return taken;
        if (cache.idleRestMs === 0) cache.flush(cache.capture(state), fence.seq, signal, fail);
      }
      return reader.take(MAX_INPUTS, signal);
    };

    try {
      for (;;) {
        // Deciding overlaps with committing only when much waits: otherwise inputs that arrive meanwhile would miss this commit and
        // wait for two.
        if (reader.waiting < OVERLAP_INPUTS) await committing;
        const taken = await takeOrFlush();
        if (taken.length === 0) break;
        crashPoint("after_read");
        health.moved();
        for (const message of taken) {
          const advance = foldOrRefuse(message, () => this.#stage.step(state, message, draft));
          if (health.refusal !== undefined && message.seq >= (health.refusal.place?.seq ?? 0))
            health.accept();
          draft.inputs++;
          if (!advance) continue;
          draft.through = message.seq;
          if (draft.size > room || draft.bodies >= MAX_BODIES) await close();
        }
        health.look();
        if (draft.through > 0) await close();
        if (outer.aborted) break;
      }
      await committing;
      // An ended realm's cache is removed already.
      if (outer.aborted && !(outer.reason instanceof RealmEnded)) await cache?.drain(state, fence.seq, fail);
    } finally {
      this.#reader = undefined;
      await reader.close();
    }
  }
}
