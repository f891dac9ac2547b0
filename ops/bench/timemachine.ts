/** `npm run bench -- timemachine`: how long a past state takes, from a cold start and from memory, and what that memory is. */

import { isCheckpoint, keepCheckpoint } from "../../shared/past/checkpoints.ts";
import { openTimeMachine, type TimeMachine } from "../../shared/past/time-machine.ts";
import { firstCommand, provisionRealm } from "../../shared/provision/provision.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { type BatchMessage, publishBatch } from "../../shared/stream/publish.ts";
import { subjects } from "../../shared/stream/subjects.ts";
import { genesis } from "../../shared/world/genesis.ts";
import { foldAccepted, openFolding } from "../../simulator/steps/fold.ts";
import { tick } from "../../simulator/tick.ts";
import { Chance } from "../simulation/story/chance.ts";
import { playOf } from "../testing/recorded.ts";
import { LARGE_FACTIONS, LARGE_TERRITORIES, largeWorld } from "./large-world.ts";
import { quantile } from "./measure.ts";
import { inScratch, withNats } from "./pipeline.ts";

const REALM = "bench";
const EVENTS_PER_TICK = 30;
const BATCH_MESSAGES = 400;
const TARGET_MS = 200;

export type TimeMachineBenchOptions = { ticks: number; queries: number; say: (line: string) => void };

/** The largest world with all of its territories fought over; every query asks for any tick. */
export async function benchTimeMachine({ ticks, queries, say }: TimeMachineBenchOptions) {
  return inScratch((dir) =>
    withNats(dir, async (bus) => {
      const { stateBytes, deltaBytes } = await record(bus, ticks);
      say(
        `${ticks} ticks of 64 territories and 8 factions: a state has ${kilobytes(stateBytes)}, ` +
          `a delta ${kilobytes(deltaBytes / ticks)}, all deltas ${megabytes(deltaBytes)}`,
      );
      const openedMs = performance.now();
      const machine = await openTimeMachine(bus, REALM);
      say(`opened in ${(performance.now() - openedMs).toFixed(1)} ms`);

      const chance = new Chance(5);
      const any = () => chance.within([0, ticks]);
      const first = await asked(machine, Array.from({ length: queries }, any));
      const cold = [];
      for (let i = 0; i < Math.ceil(queries / 4); i++)
        cold.push(...(await asked(await openTimeMachine(bus, REALM), [any()])));
      for (let from = 1; from <= ticks; from += 256) await machine.stateAt(from);
      const warm = await asked(machine, Array.from({ length: queries }, any));
      const line = (what: string, ms: number[]) =>
        say(
          `${what.padEnd(52)} p50 ${quantile(ms, 0.5).toFixed(1)} ms, p99 ${quantile(ms, 0.99).toFixed(1)} ms, ` +
            `worst ${quantile(ms, 1).toFixed(1)} ms`,
        );
      line("random ticks, from the first question on", first);
      line("random ticks, nothing in memory", cold);
      line("random ticks, every chapter in memory", warm);
      say(`memory of all chapters               ${megabytes(machine.bytes)}, compressed (at most 64 MB)`);
      const p99 = Math.max(...[first, cold, warm].map((ms) => quantile(ms, 0.99)));
      say(`worst p99                            ${p99.toFixed(1)} ms (target ${TARGET_MS} ms)`);
      return { p99, bytes: machine.bytes };
    }),
  );
}

const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;
const megabytes = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MB`;

async function asked(machine: TimeMachine, ticks: number[]): Promise<number[]> {
  const ms: number[] = [];
  for (const wanted of ticks) {
    const startedMs = performance.now();
    const past = await machine.stateAt(wanted);
    ms.push(performance.now() - startedMs);
    if (past?.state.tick !== wanted) throw new Error(`tick ${wanted} was not found`);
  }
  return ms;
}

/** Plays ticks through the core and writes what the simulator would leave of them. */
async function record(bus: Bus, ticks: number): Promise<{ stateBytes: number; deltaBytes: number }> {
  const ruleset = await largeWorld();
  await provisionRealm(bus, { realm: REALM, name: "Bench", ruleset, replicas: 1, rawMaxBytes: 2 ** 30 });
  const start = await firstCommand(bus, REALM);
  let { state, record, snapshot } = genesis(REALM, start.ruleset, start.at);
  const places = { factions: LARGE_FACTIONS, territories: LARGE_TERRITORIES };
  const play = playOf(REALM, places, { users: 200, perTick: EVENTS_PER_TICK, seed: 11 });
  let deltaBytes = 0;
  let batch: BatchMessage[] = [];
  for (let n = 1; n <= ticks; n++) {
    const folding = openFolding();
    for (const decision of play(n).accepted) foldAccepted(folding, decision);
    const at = new Date(Date.parse(state.public.at) + ruleset.tick_seconds * 1_000).toISOString();
    const seqs = { from_seq: record.through_seq + 1, through_seq: record.through_seq + 2 };
    const prev = { record_hash: record.hash, public_hash: record.public_hash };
    const result = tick(state, folding, { tick: n, kind: "scheduled", at, ...seqs }, prev);
    ({ state, record, snapshot } = result);
    const delta = JSON.stringify(result.delta);
    deltaBytes += delta.length;
    batch.push({ subject: subjects.tick(REALM), data: JSON.stringify(record) });
    batch.push({ subject: subjects.delta(REALM), data: delta });
    if (batch.length >= BATCH_MESSAGES || n === ticks) {
      batch.push({ subject: subjects.snapshot(REALM), data: JSON.stringify(snapshot), rollup: true });
      await publishBatch(bus, batch, 60_000);
      batch = [];
    }
    if (isCheckpoint(n)) await keepCheckpoint(bus, snapshot);
  }
  return { stateBytes: JSON.stringify(state.public).length, deltaBytes };
}
