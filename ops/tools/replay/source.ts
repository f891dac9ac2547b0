/** Where a replay reads a realm from. Streams and Postgres hold the same: the inputs of every tick, and what became of them. */
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import type { Handover, PublicState, TickRecord, WorldSnapshot } from "../../../shared/contracts/world.ts";
import type { Input } from "../../../shared/stream/reader.ts";

export type Source = {
  /** For people: `the streams`. */
  name: string;
  realm: string;
  /** The realm's first ruleset and its time, of which tick 0 is made. */
  first: { ruleset: Ruleset; at: string };
  /** What an earlier engine left to this one: its ticks are recomputed by the release that made them. */
  handover?: Handover;
  /** The last tick that has a record. */
  lastTick: number;
  /** What moves the world, in the order of EVENTS, after a sequence of it. */
  inputs(after: number): AsyncIterable<Input[]>;
  /** Tick records from a tick on, in order. */
  records(from: number): AsyncIterable<TickRecord>;
  /** The latest whole state kept at or before a tick that its record vouches for, private part included. */
  checkpoint(tick: number): Promise<WorldSnapshot | undefined>;
  /** The public state after a tick as it is kept beside the records. */
  stateAt(tick: number): Promise<PublicState | undefined>;
  /** What shows that ticks after the last record are missing. */
  missingEnd?: string;
};

/** The realm's streams aren't there, or not from their beginning on. */
export class StreamsGone extends Error {}
