/** A broadcaster process behind a real NATS server whose WORLD is written by hand: from commit to client, as in production. */
import { readFileSync } from "node:fs";
import { ScriptedWorld, storeTicks } from "../../../broadcaster/testing/scripted-world.ts";
import type { WorldSnapshot } from "../../../shared/contracts/world.ts";
import type { Bus } from "../../../shared/stream/bus.ts";
import { lastOf } from "../../../shared/stream/last-message.ts";
import { subjects, worldStream } from "../../../shared/stream/subjects.ts";
import { pickPort } from "../../local/ports.ts";
import { type StageProcess, startStage } from "../../testing/stages.ts";
import { inScratch, provision, REALM, withNats } from "../pipeline.ts";
import { sharedMs } from "./shared-clock.ts";

export type FeedStack = {
  bus: Bus;
  port: number;
  path: string;
  epoch: string;
  stage: StageProcess;
  /** Commits a tick whose delta has about `bytes` bytes; when it was on disk, on the clock that processes share. */
  tick(bytes?: number): Promise<number>;
};

/** Has no `DATABASE_URL`: whatever it serves, it doesn't read Postgres. */
export function withFeed<T>(body: (stack: FeedStack) => Promise<T>): Promise<T> {
  return inScratch((dir) =>
    withNats(dir, async (bus, url) => {
      await provision(bus);
      const port = await pickPort();
      const stage = await startStage("broadcaster/main.ts", "BROADCASTER_PORT", {
        NATS_URL: url,
        FEED_PORT: `${port}`,
        AMOI_FEED_CONNECTIONS_PER_ADDRESS: "100000",
        AMOI_FEED_OPENINGS_PER_MINUTE: "1000000",
      });
      try {
        const stored = await lastOf(bus, worldStream(REALM), subjects.snapshot(REALM));
        const world = new ScriptedWorld(REALM, JSON.parse(stored!.text()) as WorldSnapshot);
        const tick = async (bytes = 0) => {
          const source = `${world.snapshot.tick}`.padEnd(bytes, ".");
          await storeTicks(bus, [world.tick({ effects: { note: { source } } })]);
          return sharedMs();
        };
        return await body({ bus, port, path: `/feed/${REALM}`, epoch: await epochOf(port), stage, tick });
      } finally {
        await stage.stop();
      }
    }),
  );
}

/** Waits until the realm is served. */
async function epochOf(port: number): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/api/world/${REALM}/summary`);
      if (answer.ok) return ((await answer.json()) as { epoch: string }).epoch;
    } catch (error) {
      if (attempt > 500) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What the kernel holds for sockets and other things of its own, bytes. Absent on what is not Linux. */
export function kernelBytes(): number | undefined {
  try {
    const slab = /^Slab:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8"));
    const pages = /^TCP:.* mem (\d+)/m.exec(readFileSync("/proc/net/sockstat", "utf8"));
    return Number(slab![1]) * 1_024 + Number(pages![1]) * 4_096;
  } catch {
    return undefined;
  }
}
