/** What the internal API needs to know of ticks: the next one a candidate can count in, and the answer to `tick.run`. */
import { DeliverPolicy } from "@nats-io/jetstream";
import type { Bus } from "../shared/bus.ts";
import { lastOf } from "../shared/bus.ts";
import { bodiesOf, textOf } from "../shared/codec.ts";
import type { DecidedCommand } from "../shared/contracts/command.ts";
import type { TickMarker, TickRecord } from "../shared/contracts/world.ts";
import { eventsStream, rawStream, subjects, worldStream } from "../shared/subjects.ts";

export type TickAnswer =
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
   * The earliest tick that can include what was stored before this call. While NATS doesn't answer, the last one known:
   * what is stored stays stored.
   */
  async earliest(realm: string): Promise<number> {
    const known = this.#last.get(realm);
    if (known !== undefined && performance.now() - known.atMs < FRESH_MS) return (await known.tick) + 1;
    const tick = lastOf(this.#bus, eventsStream(realm), subjects.tickMarker(realm)).then(
      (marker) => (marker === undefined ? 0 : (JSON.parse(marker.text()) as TickMarker).tick),
      () => known?.tick ?? 0,
    );
    this.#last.set(realm, { tick, atMs: performance.now() });
    return (await tick) + 1;
  }

  /** Waits for the committed tick that answers the `tick.run` command which RAW holds at `seq`. */
  async answerTo(
    command: { realm: string; key: string; seq: number },
    timeoutMs: number,
  ): Promise<TickAnswer> {
    const { realm, key, seq } = command;
    const sent = await this.#bus.jsm.streams.getMessage(rawStream(realm), { seq });
    const since = (sent?.time ?? new Date(0)).toISOString();
    const deadline = performance.now() + timeoutMs;
    const marker = await this.#first<{ tick: number } | { refused: string }>(
      eventsStream(realm),
      [subjects.tickMarker(realm), subjects.command(realm)],
      since,
      deadline,
      (subject, data) => {
        if (subject === subjects.tickMarker(realm)) {
          const { tick, key: answered } = JSON.parse(textOf(data)) as TickMarker;
          return answered === key ? { tick } : undefined;
        }
        const decided = bodiesOf<DecidedCommand>(data).find((body) => body.idempotency_key === key);
        return decided?.status === "refused" && decided.reason !== "duplicate"
          ? { refused: decided.reason ?? "refused" }
          : undefined;
      },
    );
    if (marker === undefined) return { kind: "timeout" };
    if ("refused" in marker) return { kind: "refused", reason: marker.refused };
    const record = await this.#first<TickRecord>(
      worldStream(realm),
      [subjects.tick(realm)],
      since,
      deadline,
      (_subject, data) => {
        const candidate = JSON.parse(textOf(data)) as TickRecord;
        return candidate.tick === marker.tick ? candidate : undefined;
      },
    );
    return record === undefined
      ? { kind: "timeout" }
      : { kind: "ticked", tick: record.tick, hash: record.public_hash };
  }

  /** The first message since a time that `pick` takes, or `undefined` at the deadline. */
  async #first<Found>(
    stream: string,
    filter: string[],
    since: string,
    deadline: number,
    pick: (subject: string, data: Uint8Array) => Found | undefined,
  ): Promise<Found | undefined> {
    const consumer = await this.#bus.js.consumers.get(stream, {
      filter_subjects: filter,
      deliver_policy: DeliverPolicy.StartTime,
      opt_start_time: since,
    });
    const messages = await consumer.consume({ expires: 5_000, idle_heartbeat: 1_000 });
    const timer = setTimeout(() => messages.stop(), deadline - performance.now());
    try {
      for await (const message of messages) {
        const found = pick(message.subject, message.data);
        if (found !== undefined) return found;
      }
      return undefined;
    } finally {
      clearTimeout(timer);
      messages.stop();
    }
  }
}
