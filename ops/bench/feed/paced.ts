/** A tick every quarter of a second: how long from its commit until the clients have it, and what a connection costs. */
import { setTimeout as delay } from "node:timers/promises";
import { startLoad } from "./load.ts";
import { type FeedStack, kernelBytes, withFeed } from "./stack.ts";

const EVERY_MS = 250;

export type Paced = {
  clients: number;
  /** From the acknowledged commit to the client, ms. */
  p50: number;
  p99: number;
  /** Bytes of a connection in the process, and in the kernel for one of its two ends; the latter where it tells. */
  rssBytes: number;
  kernelBytes: number | undefined;
  /** Server CPU of a delivered frame, µs, what a tick costs besides included. */
  cpuUs: number;
};

export const measurePaced = (clients: number, seconds: number): Promise<Paced> =>
  withFeed(async (stack) => {
    const load = startLoad();
    try {
      await stack.tick();
      const before = await footprint(stack);
      await load.ask({ do: "connect", port: stack.port, path: stack.path, count: clients });
      await paceTicks(stack, load, 1, 8);
      const after = await footprint(stack);
      const { p50, p99, frames } = await paceTicks(stack, load, seconds);
      const cpuMs = (await stack.stage.metric("process_cpu_seconds_total")) * 1_000 - after.cpuMs;
      const kernel =
        before.kernel === undefined || after.kernel === undefined
          ? undefined
          : (after.kernel - before.kernel) / clients / 2;
      return {
        clients,
        p50,
        p99,
        rssBytes: (after.rss - before.rss) / clients,
        kernelBytes: kernel,
        cpuUs: (cpuMs * 1_000) / frames,
      };
    } finally {
      await load.stop();
    }
  });

export const DEAF_CLIENTS = 2_000;

export type Deaf = {
  p99Without: number;
  p99With: number;
  rssWithout: number;
  rssWith: number;
};

/** One in twenty clients never reads, while enough is sent that their buffers are full before the measurement. */
export async function measureDeaf(seconds: number, clients = DEAF_CLIENTS): Promise<Deaf> {
  const run = (deaf: number) =>
    withFeed(async (stack) => {
      const load = startLoad();
      try {
        await load.ask({ do: "connect", port: stack.port, path: stack.path, count: clients, deaf });
        for (let i = 0; i < 60; i++) {
          await stack.tick(100_000);
          await until(async () => (await load.ask({ do: "count" })).deltas >= (clients - deaf) * (i + 1));
        }
        const { p99 } = await paceTicks(stack, load, seconds);
        const rss = await stack.stage.metric("process_resident_memory_bytes");
        return { p99, rss };
      } finally {
        await load.stop();
      }
    });
  const without = await run(0);
  const some = await run(Math.floor(clients / 20));
  return {
    p99Without: without.p99,
    p99With: some.p99,
    rssWithout: without.rss,
    rssWith: some.rss,
  };
}

/** Ticks for so long; the latencies of all that was delivered. Throws where a client missed one. */
async function paceTicks(
  stack: FeedStack,
  load: ReturnType<typeof startLoad>,
  seconds: number,
  most = 1_000,
) {
  await load.ask({ do: "record" });
  const before = await load.ask({ do: "count" });
  const commitsMs: number[] = [];
  for (
    let endMs = performance.now() + seconds * 1_000;
    performance.now() < endMs && commitsMs.length < most;
  ) {
    const due = delay(EVERY_MS);
    commitsMs.push(await stack.tick());
    await due;
  }
  const expected = before.deltas + commitsMs.length * before.reading;
  await until(async () => (await load.ask({ do: "count" })).deltas >= expected);
  const after = await load.ask({ do: "count" });
  if (after.others > before.others) throw new Error("a client was resynced");
  return load.ask({ do: "latency", commitsMs });
}

async function footprint({ stage }: FeedStack) {
  return {
    rss: await stage.metric("process_resident_memory_bytes"),
    cpuMs: (await stage.metric("process_cpu_seconds_total")) * 1_000,
    kernel: kernelBytes(),
  };
}

async function until(ready: () => Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + 30_000; performance.now() < endMs; await delay(5))
    if (await ready()) return;
  throw new Error("clients didn't get their ticks within 30 s");
}
