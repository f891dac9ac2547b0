/**
 * Publishes the steward's commands, each by itself: a command that RAW doesn't take is tried again after a growing pause, and holds up no
 * other. The log tells when that begins and when it is over, and nothing in between.
 */

import type { Command } from "../../shared/contracts/command.ts";
import { jittered } from "../../shared/process/backoff.ts";
import type { Log } from "../../shared/process/log.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { isSealed } from "../../shared/stream/publish.ts";
import { sayOnce } from "./steward-key.ts";

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 30_000;

type Failing = { pauseMs: number; againMs: number };

/** `known`: RAW had it already. `later`: RAW doesn't have it, and it is to be said again. */
export type PublishOutcome = "said" | "known" | "later";

export class StewardPublisher {
  readonly #bus: Bus;
  readonly #log: Log;
  readonly #signal: AbortSignal;
  /** By their keys. */
  readonly #failing = new Map<string, Failing>();

  /** `log` says the realm in each line. */
  constructor(bus: Bus, log: Log, signal: AbortSignal) {
    this.#bus = bus;
    this.#log = log;
    this.#signal = signal;
  }

  /** Throws only where RAW takes nothing any more. */
  async say(command: Command): Promise<PublishOutcome> {
    const { idempotency_key: key, kind } = command;
    const failing = this.#failing.get(key);
    if (this.#signal.aborted || !this.#bus.connected) return "later";
    if (failing !== undefined && performance.now() < failing.againMs) return "later";
    try {
      const { duplicate } = await sayOnce(this.#bus, this.#log, command);
      this.#end(key);
      return duplicate ? "known" : "said";
    } catch (error) {
      if (isSealed(error)) throw error;
      if (this.#signal.aborted) return "later";
      if (this.#failing.size === 0)
        this.#log.warn(
          { kind, reason: String(error) },
          "RAW refused a command of the steward; the steward publishes it again after growing pauses",
        );
      const pauseMs = Math.min(
        failing === undefined ? FIRST_PAUSE_MS : 2 * failing.pauseMs,
        LONGEST_PAUSE_MS,
      );
      this.#failing.set(key, { pauseMs, againMs: performance.now() + jittered(pauseMs) });
      return "later";
    }
  }

  /** Forgets what was not said again for long after its pause: nothing calls for it any more. */
  tidy(): void {
    if (!this.#bus.connected) return;
    const longAgoMs = performance.now() - 2 * LONGEST_PAUSE_MS;
    for (const [key, { againMs }] of this.#failing) if (againMs < longAgoMs) this.#end(key);
  }

  #end(key: string): void {
    if (this.#failing.delete(key) && this.#failing.size === 0)
      this.#log.info({}, "RAW took every command of the steward that was waiting");
  }
}
