/** Replay: recomputes a realm's ticks from what was recorded, and holds each against the recorded chain. */

import { ENGINE } from "../../../shared/contracts/ruleset.ts";
import type { TickRecord, WorldSnapshot } from "../../../shared/contracts/world.ts";
import { whyNot } from "../../../shared/past/checkpoints.ts";
import type { Bus } from "../../../shared/stream/bus.ts";
import { genesis } from "../../../shared/world/genesis.ts";
import { advance, firstSeqOf, type SimulatorState, stateOf } from "../../../simulator/advance.ts";
import { differenceOf, firstLeaf } from "./differences.ts";
import type { Source } from "./source.ts";
import { streamsSource } from "./streams.ts";

export type Replayed = {
  /** The tick whose state it began with, and the last one that it recomputed. */
  from: number;
  /**
   * The last tick of an earlier engine. It and those before were held against their own hashes and the chain, from `first` on; the
   * release that made them recomputes them.
   */
  earlier?: { engine: number; first: number; last: number };
  ticks: number;
  events: number;
  seconds: number;
  /** `public_hash` of the last tick. */
  hash: string;
  /** Empty when every recomputed tick has the recorded bytes and the chain holds. Stops at the first difference. */
  problems: string[];
  state: SimulatorState;
};

export type ReplayOptions = {
  /** Compares each tick record, byte for byte in canonical form, and checks that the chain of hashes holds. */
  verify: boolean;
  /** Begins with the last whole state kept at or before this tick, its hashes checked; without one with tick 0. */
  from?: number;
  /** The last tick to recompute. */
  to?: number;
  progress?: (tick: number, of: number) => void;
};

/** Recomputes the realm from its streams, up to its last recorded tick. */
export const replay = async (bus: Bus, realm: string, options: ReplayOptions = { verify: true }) =>
  recompute(await streamsSource(bus, realm), options);

/** Throws where a tick that is asked for isn't recorded, and what the source throws. */
export async function recompute(source: Source, options: ReplayOptions): Promise<Replayed> {
  const { verify, from = 0, to = source.lastTick } = options;
  if (from > to || to > source.lastTick)
    throw new Error(`${source.realm} is recorded up to tick ${source.lastTick}: there is no ${from}…${to}`);
  const startedMs = performance.now();
  const earlier = await earlierThan(source, from);
  const start = await startOf(source, from, earlier);
  const state = stateOf(start);
  const chain = verify ? new Chain(source, earlier?.first ?? start.tick) : undefined;
  const problems: string[] = [];
  const found = (problem: string | undefined) => problem !== undefined && problems.push(problem);
  if (earlier !== undefined) found(await chain?.through(Math.min(earlier.last, to)));
  else if (start.tick === 0) found(await chain?.next(genesisRecordOf(source), state));
  else found(await chain?.begin(start));
  let events = 0;
  const inputs = source.inputs(firstSeqOf(start) - 1)[Symbol.asyncIterator]();
  try {
    while (state.world.public.tick < to && problems.length === 0) {
      const { value: messages, done } = await inputs.next();
      if (done)
        throw new Error(`${source.name} end before the marker of tick ${state.world.public.tick + 1}`);
      for (const message of messages) {
        const advanced = advance(state, message);
        events += advanced.events;
        if (advanced.tick === undefined) continue;
        const { record } = advanced.tick;
        found(await chain?.next(record, state));
        options.progress?.(record.tick, to);
        if (record.tick === to || problems.length > 0) break;
      }
    }
  } finally {
    await inputs.return?.();
    await chain?.close();
  }
  if (verify && to === source.lastTick && problems.length === 0) found(source.missingEnd);
  return {
    from: start.tick,
    ...(earlier === undefined ? {} : { earlier: { ...earlier, last: Math.min(earlier.last, to) } }),
    ticks: state.world.public.tick,
    events,
    seconds: (performance.now() - startedMs) / 1_000,
    hash: state.last.public_hash,
    problems,
    state,
  };
}

const genesisOf = ({ realm, first }: Source): WorldSnapshot =>
  genesis(realm, first.ruleset, first.at).snapshot;
const genesisRecordOf = ({ realm, first }: Source): TickRecord =>
  genesis(realm, first.ruleset, first.at).record;

/** The ticks from `from` on that an earlier engine played; nothing where this one played them. Throws `EarlierEngine`, see there. */
async function earlierThan(source: Source, from: number): Promise<Replayed["earlier"]> {
  for await (const first of source.records(from)) {
    if (first.engine >= ENGINE) return undefined;
    const { handover, lastTick } = source;
    return { engine: first.engine, first: first.tick, last: handover?.record.tick ?? lastTick };
  }
  return undefined;
}

async function startOf(source: Source, from: number, earlier: Replayed["earlier"]): Promise<WorldSnapshot> {
  const { handover } = source;
  if (earlier === undefined) {
    const checkpoint = from > 0 ? await source.checkpoint(from) : undefined;
    const ours = checkpoint !== undefined && checkpoint.tick >= (handover?.snapshot.tick ?? 0);
    return ours ? checkpoint : (handover?.snapshot ?? genesisOf(source));
  }
  if (handover === undefined)
    throw new EarlierEngine(
      `${source.realm} was played by engine ${earlier.engine} up to its last tick, ${earlier.last}: the release of that engine recomputes it; this one goes on from there`,
    );
  const problem = whyNot(handover.snapshot, handover.record);
  if (problem !== undefined)
    throw new Error(
      `what engine ${earlier.engine} left of ${source.realm} after tick ${earlier.last} ${problem}`,
    );
  return handover.snapshot;
}

/** The ticks that are asked for were played by another engine than this release's. */
export class EarlierEngine extends Error {}

/** The recorded chain, read beside the recomputed one. */
class Chain {
  readonly #source: Source;
  readonly #records: AsyncIterator<TickRecord>;
  #previous: TickRecord | undefined;

  constructor(source: Source, from: number) {
    this.#source = source;
    this.#records = source.records(from)[Symbol.asyncIterator]();
  }

  /** Takes the record of the state that the replay begins with: it was vouched for by that record. */
  async begin({ tick }: WorldSnapshot): Promise<string | undefined> {
    const { value } = await this.#records.next();
    this.#previous = value;
    return value?.tick === tick ? differenceOf(value, value, undefined)?.text : missing(tick);
  }

  /** Holds the records up to a tick against their own hashes and each against the one before: they are not recomputed here. */
  async through(tick: number): Promise<string | undefined> {
    for (;;) {
      const { value, done } = await this.#records.next();
      const due = this.#previous === undefined ? undefined : this.#previous.tick + 1;
      if (done || (due !== undefined && value.tick !== due)) return missing(due ?? tick);
      const difference = differenceOf(value, value, this.#previous);
      if (difference !== undefined) return difference.text;
      this.#previous = value;
      if (value.tick >= tick) return undefined;
    }
  }

  /** The next recomputed record; answers how the recorded one differs. */
  async next(recomputed: TickRecord, { world }: SimulatorState): Promise<string | undefined> {
    const { value: recorded, done } = await this.#records.next();
    if (done || recorded.tick !== recomputed.tick) return missing(recomputed.tick);
    const difference = differenceOf(recorded, recomputed, this.#previous);
    this.#previous = recorded;
    if (difference?.field !== "public_hash") return difference?.text;
    const kept = await this.#source.stateAt(recomputed.tick).catch(() => undefined);
    const leaf = kept && firstLeaf(kept, world.public);
    return leaf
      ? `${difference.text}; ${leaf.path} is recorded as ${JSON.stringify(leaf.a)}, recomputed as ${JSON.stringify(leaf.b)}`
      : difference.text;
  }

  async close(): Promise<void> {
    await this.#records.return?.();
  }
}

const missing = (tick: number): string => `tick ${tick}: no record where it should be`;
