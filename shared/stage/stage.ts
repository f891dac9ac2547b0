/**
 * What the shell (`stage-runner.ts`) needs of a stage: a pure core, the names of its streams, and how its state is restored.
 */

import type { Position } from "../contracts/position.ts";
import type { Log } from "../process/log.ts";
import type { Bus } from "../stream/bus.ts";
import type { Input } from "../stream/reader.ts";
import type { CacheSpec } from "./cache.ts";
import type { OutputBatch } from "./output-batch.ts";

type StageName = "ingest" | "normalizer" | "simulator";

/** A realm's state and rules as the core gets them. */
export type Restoring = {
  bus: Bus;
  realm: string;
  position: Position;
  /** Sequence of the position message in the output stream: everything before it is committed. */
  positionSeq: number;
  log: Log;
  signal: AbortSignal;
};

export type Owned<State> = {
  bus: Bus;
  realm: string;
  state: State;
  log: Log;
  signal: AbortSignal;
  /** Aborted once the realm is ending: it accepts nothing more, and what it accepted is finished. */
  ending?: AbortSignal;
};

export type Stage<State> = {
  name: StageName;
  /** `prefetch` as the reader takes it: more where messages are small. */
  input(realm: string): { stream: string; subjects: string[]; prefetch?: number };
  outputStream(realm: string): string;
  /** Most messages that one input may write; absent: what a bundle of VALID or EVENTS may. A batch is closed while so many fit. */
  maxInputOutputs?: number;
  /** State at the position, from the output stream. For a stage with a cache the shell restores it instead. */
  restore?(restoring: Restoring): Promise<State>;
  /**
   * Folds one input: decides, writes into the draft, evolves the state. Pure but for the state it is given.
   * Answers whether the position may move past this input.
   */
  step(state: State, input: Input, draft: OutputBatch): boolean;
  cache?: {
    spec: CacheSpec<State>;
    initial(realm: string): State;
    /** Folds one committed output message that the cache may not include; entries that do include it stay. */
    refold(state: State, message: Input): void;
    subjects(realm: string): string[];
  };
  /**
   * What the realm's owner runs beside the fold until the signal, such as the simulator's clock. Rejects only with errors that a
   * restore mends.
   */
  duties?(owned: Owned<State>): Promise<void>;
};
