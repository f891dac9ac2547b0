/** A realm's EVENTS in memory: bundles, commands and markers in order, for the core to read as the stage does. */
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { Accepted } from "../../shared/contracts/decision.ts";
import type { Handover, TickMarker, WorldSnapshot } from "../../shared/contracts/world.ts";
import type { Input } from "../../shared/stream/reader.ts";
import { subjects } from "../../shared/stream/subjects.ts";
import { advance, firstSeqOf, stateOf } from "../advance.ts";
import type { TickResult } from "../tick-result.ts";
import { REALM } from "./builders.ts";

export class LogBuilder {
  readonly messages: Input[] = [];
  #marked: number;

  /** `tick`: the one before the log's first. */
  constructor(tick = 0) {
    this.#marked = tick;
  }

  accepted(decisions: readonly Accepted[]): this {
    return decisions.length === 0 ? this : this.#add(subjects.accepted(REALM), decisions, 0);
  }

  command(...commands: readonly DecidedCommand[]): this {
    return commands.length === 0 ? this : this.#add(subjects.command(REALM), commands, 0);
  }

  handover(handover: Handover): this {
    return this.#add(subjects.handover(REALM), handover, 0);
  }

  /** `atMs`: the marker's own time. Absent `tick`: the one after the last. */
  marker(kind: TickMarker["kind"], atMs: number, tick = this.#marked + 1): this {
    this.#marked = tick;
    return this.#add(subjects.tickMarker(REALM), { realm: REALM, tick, kind }, atMs);
  }

  #add(subject: string, body: object, atMs: number): this {
    const data = new TextEncoder().encode(withContentIds(JSON.stringify(body)));
    this.messages.push({ subject, seq: this.messages.length + 1, data, atMs });
    return this;
  }

  /** What comes of it after a snapshot, as a stage that has just restored plays it. */
  play(from: WorldSnapshot): TickResult[] {
    const state = stateOf(from);
    const first = firstSeqOf(from);
    return this.messages.flatMap((message) =>
      message.seq < first ? [] : (advance(state, message).tick ?? []),
    );
  }
}

/** What is made up names commands `command-<seq>`; a log has ids of 26 characters, and a body with any other is foreign. */
const withContentIds = (text: string): string =>
  text.replace(/command-(\d+)/g, (_, digits: string) =>
    `command${digits.replace(/\d/g, (digit) => "abcdefghij"[Number(digit)]!)}`.padEnd(26, "z"),
  );
