/**
 * Outside local mode, every NATS server must write to disk before it acknowledges (`sync_interval: always`): asked of the servers'
 * monitors. A server that is away is asked again when it is back; a server that answers otherwise ends the process.
 */

import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { Env } from "../process/env.ts";
import type { Log } from "../process/log.ts";
import { pause } from "../process/pause.ts";

/** A server acknowledges before it writes, and only an operator can change that. */
export class NotDurable extends Error {}

const Varz = z.object({
  jetstream: z.object({ config: z.object({ sync_always: z.boolean().optional() }).optional() }).optional(),
});

const ANSWER_MS = 2_000;
/** Pauses between two rounds of questions, ms: while a server is away, and while all have answered. */
const AGAIN_MS = { away: 2_000, all: 60_000 };

export class Durability {
  readonly #monitors: readonly string[];
  readonly #log: Pick<Log, "warn" | "info">;
  #away: readonly string[] = [];

  constructor(env: Env, log: Pick<Log, "warn" | "info">) {
    this.#monitors = env.MODE === "local" ? [] : env.AMOI_NATS_MONITOR_URL!.split(",");
    this.#log = log;
  }

  /**
   * Waits until a server has answered, and none otherwise than it must. Throws `NotDurable` that names a server which
   * acknowledges before it writes, and the signal's reason.
   */
  async asserted(signal: AbortSignal): Promise<void> {
    if (this.#monitors.length === 0) return;
    for (await this.#ask(); this.#away.length === this.#monitors.length; await this.#ask())
      await delay(AGAIN_MS.away, undefined, { signal });
  }

  /** Asks again and again until the signal: a server may come back as another. Throws `NotDurable`. */
  async keepAsserted(signal: AbortSignal): Promise<void> {
    while (this.#monitors.length > 0) {
      const pauseMs = this.#away.length > 0 ? AGAIN_MS.away : AGAIN_MS.all;
      await pause(pauseMs, signal);
      if (signal.aborted) return;
      await this.#ask();
    }
  }

  async #ask(): Promise<void> {
    const answers = await Promise.all(this.#monitors.map((url) => isDurable(url)));
    const loose = this.#monitors.find((_, i) => answers[i] === false);
    if (loose !== undefined)
      throw new NotDurable(
        `the NATS server at ${loose} doesn't run with jetstream { sync_interval: always }`,
      );
    const away = this.#monitors.filter((_, i) => answers[i] === undefined);
    const gone = away.filter((url) => !this.#away.includes(url));
    const back = this.#away.filter((url) => !away.includes(url));
    this.#away = away;
    if (gone.length > 0)
      this.#log.warn(
        { servers: gone },
        "the monitors of these NATS servers don't answer; asking them again whether they write before they acknowledge",
      );
    if (back.length > 0)
      this.#log.info({ servers: back }, "these NATS servers write before they acknowledge, as they must");
  }
}

/** `undefined` where it doesn't answer in time. */
async function isDurable(url: string): Promise<boolean | undefined> {
  try {
    const answer = await fetch(new URL("/varz", url), { signal: AbortSignal.timeout(ANSWER_MS) });
    if (!answer.ok) return undefined;
    return Varz.parse(await answer.json()).jetstream?.config?.sync_always === true;
  } catch {
    return undefined;
  }
}
