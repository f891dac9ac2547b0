/** `npm run bench -- recovery`: from a `kill -9` of the simulator at any moment until a new one has committed the next tick. */

import { setTimeout as delay } from "node:timers/promises";
import type { TickRecord } from "../../shared/contracts/world.ts";
import { pause } from "../../shared/process/pause.ts";
import { provisionRealm } from "../../shared/provision/provision.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import { publishBatch } from "../../shared/stream/publish.ts";
import { subjects, worldStream } from "../../shared/stream/subjects.ts";
import { Chance } from "../simulation/story/chance.ts";
import { startStage } from "../testing/stages.ts";
import { replay } from "../tools/replay/replay.ts";
import { crowdBundles } from "./crowd.ts";
import { largeWorld } from "./large-world.ts";
import { quantile } from "./measure.ts";
import { inScratch, withNats } from "./pipeline.ts";

const REALM = "bench";
const TICK_SECONDS = 1;
const EVENTS_PER_SECOND = 2_000;

export type RecoveryOptions = { kills: number; say: (line: string) => void };

/** The largest map at one tick a second, under load; a new process is started as soon as the old one is dead. */
export async function benchRecovery({ kills, say }: RecoveryOptions) {
  const seconds = await inScratch((dir) =>
    withNats(dir, async (bus, url) => {
      const ruleset = await largeWorld({ tick_seconds: TICK_SECONDS });
      await provisionRealm(bus, { realm: REALM, name: "Bench", ruleset, replicas: 1, rawMaxBytes: 2 ** 28 });
      const start = () => startStage("simulator/main.ts", "SIMULATOR_PORT", { NATS_URL: url });
      const stop = new AbortController();
      const loading = load(bus, stop.signal);
      const taken: number[] = [];
      const chance = new Chance(23);
      let simulator = await start();
      try {
        for (let kill = 0; kill < kills; kill++) {
          await tickAfter(bus, await lastTick(bus));
          await delay(chance.within([0, TICK_SECONDS * 1_000]));
          const before = await lastTick(bus);
          const startedMs = performance.now();
          await simulator.kill();
          const next = start();
          await tickAfter(bus, before);
          taken.push((performance.now() - startedMs) / 1_000);
          simulator = await next;
        }
      } finally {
        stop.abort();
        await loading;
        await simulator.stop();
      }
      const { problems } = await replay(bus, REALM);
      if (problems.length > 0) throw new Error(problems.join("; "));
      return taken;
    }),
  );
  const [p50, worst] = [quantile(seconds, 0.5), quantile(seconds, 1)];
  say(
    `kill -9 of the simulator to the next committed tick, ticks of ${TICK_SECONDS} s, ${kills} kills: ` +
      `p50 ${p50.toFixed(2)} s, worst ${worst.toFixed(2)} s; the replay gives every tick's bytes`,
  );
  return { p50, worst };
}

async function load(bus: Bus, signal: AbortSignal): Promise<void> {
  const bundles = crowdBundles(REALM, EVENTS_PER_SECOND);
  const subject = subjects.accepted(REALM);
  while (!signal.aborted) {
    await publishBatch(
      bus,
      bundles.map((data) => ({ subject, data })),
    );
    await pause(1_000, signal);
  }
}

async function lastTick(bus: Bus): Promise<number> {
  const last = await lastOf(bus, worldStream(REALM), subjects.tick(REALM));
  return (JSON.parse(last!.text()) as TickRecord).tick;
}

async function tickAfter(bus: Bus, tick: number): Promise<void> {
  while ((await lastTick(bus)) <= tick) await delay(5);
}
