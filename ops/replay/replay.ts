/** Replay: recomputes a realm's ticks from what was recorded, and holds each against the recorded chain. */
import type { Bus } from "../../shared/bus.ts";
import type { TickRecord, WorldSnapshot } from "../../shared/contracts/world.ts";
import { genesis } from "../../shared/genesis.ts";
import { advance, type SimulatorState, stateOf } from "../../simulator/advance.ts";
import { differenceOf, firstLeaf } from "./differences.ts";
import type { Source } from "./source.ts";
import { streamsSource } from "./streams.ts";

export type Replayed = {
  /** The tick whose state it began with, and the last one that it recomputed. */
  from: number;
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
  const start = (from > 0 && (await source.checkpoint(from))) || genesisOf(source);
  const state = stateOf(start);
  const chain = verify ? new Chain(source, start.tick) : undefined;
  const problems: string[] = [];
  const found = (problem: string | undefined) => problem !== undefined && problems.push(problem);
  if (start.tick === 0) found(await chain?.next(genesisRecordOf(source), state));
  else found(await chain?.begin(start));
  let events = 0;
  const inputs = source.inputs(start.through_seq)[Symbol.asyncIterator]();
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
