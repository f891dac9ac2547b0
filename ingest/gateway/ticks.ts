/** Ticks for the internal API: the earliest tick that a candidate can count in, and the result of `tick.run`. */

import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { TickMarker, TickRecord } from "../../shared/contracts/world.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { bodiesOf, textOf } from "../../shared/stream/codec.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import { eventsStream, subjects, worldStream } from "../../shared/stream/subjects.ts";
import { answersFrom, awaitMessage } from "./await-message.ts";

type TickAnswer =
  | { kind: "ticked"; tick: number; hash: string }
  | { kind: "refused"; reason: string }
  | { kind: "timeout" };

/** Markers are written seconds apart at least, so what was read is good for a while. */
const FRESH_MS = 250;

export class Ticks {
  readonly #bus: Bus;
  readonly #last = new Map<string, { tick: Promise<number>; atMs: number }>();

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /**
   * The earliest tick that can include what was stored just now, or at `storedAtMs`, Unix milliseconds. While NATS doesn't
   * answer, the last one known: what is stored stays stored.
   */
  async earliest(realm: string, storedAtMs?: number): Promise<number> {
    const passed = storedAtMs === undefined ? undefined : await this.#firstAfter(realm, storedAtMs);
    if (passed !== undefined) return passed;
    const known = this.#last.get(realm);
    if (known !== undefined && performance.now() - known.atMs < FRESH_MS) return (await known.tick) + 1;
    const tick = lastOf(this.#bus, eventsStream(realm), subjects.tickMarker(realm)).then(
      (marker) => (marker === undefined ? 0 : (JSON.parse(marker.text()) as TickMarker).tick),
      () => known?.tick ?? 0,
    );
    this.#last.set(realm, { tick, atMs: performance.now() });
    return (await tick) + 1;
  }

  /** The first tick whose marker is not older than a time, if there is one yet. */
  async #firstAfter(realm: string, atMs: number): Promise<number | undefined> {
    // The client's types want a sequence; the server takes 0 for none, and a time.
    const since = new Date(atMs).toISOString();
    const request = { seq: 0, next_by_subj: subjects.tickMarker(realm), start_time: since };
    const marker = await this.#bus.jsm.streams.getMessage(eventsStream(realm), request).catch(() => null);
    return marker === null ? undefined : (JSON.parse(textOf(marker.data)) as TickMarker).tick;
  }

  forget(realm: string): void {
    this.#last.delete(realm);
  }

  /** The last tick, if this `tick.run` command asked for it: the answer to a repeat, whatever became of the realm since. */
  async alreadyRun(realm: string, key: string): Promise<TickAnswer | undefined> {
    const stored = await lastOf(this.#bus, worldStream(realm), subjects.tick(realm));
    if (stored === undefined) return undefined;
    const { tick, public_hash, through_seq } = JSON.parse(stored.text()) as TickRecord;
    // Tick 0 has no marker.
    if (tick === 0) return undefined;
    const marker = await this.#bus.jsm.streams.getMessage(eventsStream(realm), { seq: through_seq });
    const asked = marker !== null && (JSON.parse(textOf(marker.data)) as TickMarker).key === key;
    return asked ? { kind: "ticked", tick, hash: public_hash } : undefined;
  }

  /** Waits for the committed tick that answers the `tick.run` command which RAW holds at `seq`. */
  async answerTo(
    command: { realm: string; key: string; seq: number },
    timeoutMs: number,
  ): Promise<TickAnswer> {
    const { realm, key, seq } = command;
    const deadline = performance.now() + timeoutMs;
    const since = await answersFrom(this.#bus, realm, seq);
    const answers = [subjects.tickMarker(realm), subjects.command(realm)];
    const marker = await awaitMessage<{ tick: number } | { refused: string }>(
      this.#bus,
      { stream: eventsStream(realm), subjects: answers, since, deadline },
      (subject, data) => {
        if (subject === subjects.tickMarker(realm)) {
          const { tick, key: answered } = JSON.parse(textOf(data)) as TickMarker;
          return answered === key ? { tick } : undefined;
        }
        const decided = bodiesOf<DecidedCommand>(data).find((body) => body.source_seq === seq);
        return decided?.status === "refused" ? { refused: decided.reason ?? "refused" } : undefined;
      },
    );
    if (marker === undefined) return { kind: "timeout" };
    if ("refused" in marker) return { kind: "refused", reason: marker.refused };
    const record = await awaitMessage<TickRecord>(
      this.#bus,
      { stream: worldStream(realm), subjects: [subjects.tick(realm)], since, deadline },
      (_subject, data) => {
        const candidate = JSON.parse(textOf(data)) as TickRecord;
        return candidate.tick === marker.tick ? candidate : undefined;
      },
    );
    return record === undefined
      ? { kind: "timeout" }
      : { kind: "ticked", tick: record.tick, hash: record.public_hash };
  }
}
