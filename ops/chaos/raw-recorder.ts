/** Records a realm's RAW as it grows: ingest has it purged ten minutes behind its position, and the oracle needs all of it. */

import { setTimeout as delay } from "node:timers/promises";
import { pause } from "../../shared/process/pause.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { streamEnds } from "../../shared/stream/last-message.ts";
import { type Input, Reader } from "../../shared/stream/reader.ts";
import { rawStream, subjects } from "../../shared/stream/subjects.ts";

const RETRY_MS = 200;

export class RawRecorder {
  readonly #bus: Bus;
  readonly #realm: string;
  readonly #inputs: Input[] = [];
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  /** Records from the stream's beginning on, through every outage, until `recorded`. */
  constructor(bus: Bus, realm: string) {
    this.#bus = bus;
    this.#realm = realm;
    this.#done = this.#record();
  }

  get #next(): number {
    return (this.#inputs.at(-1)?.seq ?? 0) + 1;
  }

  /** Everything that RAW ever held, in its order, up to its end now. Ends the recording. */
  async recorded(): Promise<readonly Input[]> {
    const { lastSeq } = await streamEnds(this.#bus, rawStream(this.#realm));
    while (this.#next <= lastSeq) await delay(RETRY_MS);
    this.#stop.abort();
    await this.#done;
    return this.#inputs.filter(({ seq }) => seq <= lastSeq);
  }

  async #record(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#follow(signal);
      } catch {
        await pause(RETRY_MS, signal);
      }
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const realm = this.#realm;
    const stream = rawStream(realm);
    const { created } = await streamEnds(this.#bus, stream);
    const names = [subjects.rawCandidate(realm), subjects.rawCommand(realm), subjects.playerCommand(realm)];
    const reader = new Reader(this.#bus, { stream, subjects: names, created, from: this.#next });
    try {
      while (!signal.aborted) this.#inputs.push(...(await reader.take(10_000, signal)));
    } finally {
      await reader.close();
    }
  }
}
