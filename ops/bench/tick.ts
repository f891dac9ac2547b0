/**
 * `npm run bench -- tick`: what a tick costs on the largest map, at growing crowds. First the pure core, against a loop that only
 * parses and sums; then the real simulator before a real NATS server that acknowledges what is on disk: from marker to commit.
 */
import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Accepted } from "../../shared/contracts/decision.ts";
import type { TickMarker, TickRecord } from "../../shared/contracts/world.ts";
import { provisionRealm } from "../../shared/provision/provision.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { bodiesOf } from "../../shared/stream/codec.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import { publishBatch, publishOne } from "../../shared/stream/publish.ts";
import { subjects, worldStream } from "../../shared/stream/subjects.ts";
import { genesis } from "../../shared/world/genesis.ts";
import { foldAccepted, openFolding } from "../../simulator/steps/fold.ts";
import { tick } from "../../simulator/tick.ts";
import { startStage } from "../testing/stages.ts";
import { median } from "../tools/median.ts";
import { crowdBundles } from "./crowd.ts";
import { largeWorld } from "./large-world.ts";
import { inScratch, withNats } from "./pipeline.ts";

const REALM = "bench";
/** Bundles that are made at most; a larger tick has them again, as other messages of the stream. */
const MADE_EVENTS = 100_000;
const RATIO_TARGET = 0.5;
const COMMIT_TARGET = { events: 100_000, ms: 1_000 };

export type TickBenchOptions = { sizes: number[]; rounds: number; say: (line: string) => void };

export async function benchTick({ sizes, rounds, say }: TickBenchOptions) {
  const ratios: number[] = [];
  const commitsMs: number[] = [];
  for (const events of sizes) {
    const bundles = crowdBundles(REALM, Math.min(events, MADE_EVENTS));
    const times = Math.ceil(events / MADE_EVENTS);
    const core = await coreCosts(bundles, times, rounds);
    ratios.push(core.ratio);
    say(
      `${count(events)} events in a tick: parse and sum ${count(core.bare)}/s, fold ${count(core.folded)}/s, ` +
        `ratio ${core.ratio.toFixed(2)} (target ${RATIO_TARGET}); the tick ${ms(core.tickMs)}, ${ms(core.tickCpuMs)} of processor; ` +
        `what waits for its marker ${megabytes(core.bytes)}, ${Math.round(core.bytes / events)} bytes an event`,
    );
    const staged = await stageCosts(bundles, times, events);
    commitsMs.push(staged.commitMs);
    const target = events === COMMIT_TARGET.events ? ` (target ${ms(COMMIT_TARGET.ms)})` : "";
    say(
      `${count(events)} events in a tick: from marker to commit ${ms(staged.commitMs)}${target}, of which the simulator has the ` +
        `processor for ${ms(staged.cpuMs)}; it folded them at ${count(staged.perSecond)}/s; its memory ${megabytes(staged.bytes)}, ${megabytes(staged.idleBytes)} before`,
    );
  }
  return { ratios, commitsMs };
}

const count = (value: number): string => Math.round(value).toLocaleString("en-US");
const ms = (value: number): string => `${count(value)} ms`;
const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** Rates in events/s, medians of the rounds; the ratio is that of each round. */
async function coreCosts(bundles: Uint8Array[], times: number, rounds: number) {
  const start = genesis(REALM, await largeWorld(), "2026-01-01T00:00:00.000Z");
  const each = (take: (decision: Accepted) => void): number => {
    const startedMs = performance.now();
    let events = 0;
    for (let time = 0; time < times; time++)
      for (const bundle of bundles)
        for (const decision of bodiesOf<Accepted>(bundle)) {
          take(decision);
          events++;
        }
    return (events / (performance.now() - startedMs)) * 1_000;
  };
  const bare: number[] = [];
  const folded: number[] = [];
  const ticksMs: number[] = [];
  const ticksCpuMs: number[] = [];
  let bytes = 0;
  for (let round = 0; round < rounds; round++) {
    let sum = 0;
    bare.push(
      each((decision) => {
        sum += decision.normalized_points;
      }),
    );
    const before = heapBytes();
    const folding = openFolding();
    folded.push(each((decision) => foldAccepted(folding, decision)));
    bytes = heapBytes() - before;
    const marker = { tick: 1, kind: "scheduled", at: "2026-01-01T00:15:00.000Z" } as const;
    const prev = { record_hash: start.record.hash, public_hash: start.record.public_hash };
    const startedMs = performance.now();
    const startedCpu = process.cpuUsage();
    const { record } = tick(start.state, folding, { ...marker, from_seq: 1, through_seq: 2 }, prev);
    ticksMs.push(performance.now() - startedMs);
    const { user, system } = process.cpuUsage(startedCpu);
    ticksCpuMs.push((user + system) / 1_000);
    const gathered = Object.values(record.factions).reduce((all, faction) => all + faction.sum, 0);
    if (gathered !== sum) throw new Error(`the tick gathered ${gathered} of ${sum} milli-points`);
  }
  const ratio = median(folded.map((rate, i) => rate / bare[i]!));
  return {
    bare: median(bare),
    folded: median(folded),
    ratio,
    tickMs: median(ticksMs),
    tickCpuMs: median(ticksCpuMs),
    bytes,
  };
}

/** A simulator process that has folded everything when the marker comes, as at the end of a busy tick. */
function stageCosts(bundles: Uint8Array[], times: number, events: number) {
  return inScratch((dir) =>
    withNats(dir, async (bus, url) => {
      const ruleset = await largeWorld({ tick_seconds: 9_000 });
      await provisionRealm(bus, { realm: REALM, name: "Bench", ruleset, replicas: 1, rawMaxBytes: 2 ** 28 });
      const simulator = await startStage("simulator/main.ts", "SIMULATOR_PORT", { NATS_URL: url });
      try {
        const memory = () => simulator.metric("process_resident_memory_bytes");
        const idleBytes = await memory();
        const startedMs = performance.now();
        await write(bus, bundles, times);
        while ((await simulator.metric("amoi_folded_events_total")) < events) await delay(50);
        const perSecond = (events / (performance.now() - startedMs)) * 1_000;
        await delay(500);
        const cpu = () => simulator.metric("process_cpu_seconds_total");
        const startedCpu = await cpu();
        const commitMs = await markerToCommit(bus, 1);
        const cpuMs = ((await cpu()) - startedCpu) * 1_000;
        return { commitMs, cpuMs, perSecond, bytes: await memory(), idleBytes };
      } finally {
        await simulator.stop();
      }
    }),
  );
}

async function write(bus: Bus, bundles: Uint8Array[], times: number): Promise<void> {
  const subject = subjects.accepted(REALM);
  for (let time = 0; time < times; time++)
    for (let from = 0; from < bundles.length; from += 200)
      await publishBatch(
        bus,
        bundles.slice(from, from + 200).map((data) => ({ subject, data })),
        30_000,
      );
}

/** Milliseconds from a marker's publish until WORLD holds its record. */
async function markerToCommit(bus: Bus, tick: number): Promise<number> {
  const marker: TickMarker = { realm: REALM, tick, kind: "scheduled" };
  const startedMs = performance.now();
  await publishOne(bus, { subject: subjects.tickMarker(REALM), data: JSON.stringify(marker) });
  for (;;) {
    const last = await lastOf(bus, worldStream(REALM), subjects.tick(REALM));
    if (last !== undefined && (JSON.parse(last.text()) as TickRecord).tick >= tick)
      return performance.now() - startedMs;
    await delay(2);
  }
}
