import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { readEnv } from "../../shared/process/env.ts";
import { provisionRealm } from "../../shared/provision/provision.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { type Bus, openBus } from "../../shared/stream/bus.ts";
import { startStack } from "./stack.ts";

const REALMS = 20;
const RAW_MAX_BYTES = 2 ** 26;
/** No tick comes due meanwhile. */
const TICK_SECONDS = 3_600;
/** Longer than a consumer that a killed process left is kept. */
const SETTLING_MS = 45_000;
const IDLE_MS = 120_000;

/** Consumers of each stream. */
async function consumersOf(bus: Bus): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for await (const { config, state } of bus.jsm.streams.list()) counts[config.name] = state.consumer_count;
  return counts;
}

test("an idle stack of 20 realms keeps its consumers, and asks JetStream's API for nothing but messages", async () => {
  const dir = await mkdtemp(join(tmpdir(), "idle-"));
  const environment = {
    PATH: process.env.PATH,
    DATA_DIR: dir,
    FEED_PORT: "0",
    INGEST_PORT: "0",
    NORMALIZER_PORT: "0",
    SIMULATOR_PORT: "0",
    BROADCASTER_PORT: "0",
    ARCHIVE_PORT: "0",
    PROVISION_PORT: "0",
    TICK_SECONDS: `${TICK_SECONDS}`,
    AMOI_RAW_MAX_BYTES: `${RAW_MAX_BYTES}`,
  };
  const stack = await startStack(readEnv(environment), { environment, say: () => {} });
  const bus = await openBus({ natsUrl: stack.natsOf("provision"), name: "idle" });
  try {
    const ruleset = { ...(await loadRuleset("amoi-1")), tick_seconds: TICK_SECONDS };
    for (let i = 1; i < REALMS; i++)
      await provisionRealm(bus, {
        realm: `idle-${i}`,
        name: `Idle ${i}`,
        ruleset,
        replicas: 1,
        rawMaxBytes: RAW_MAX_BYTES,
      });
    await delay(SETTLING_MS);
    const before = await consumersOf(bus);
    expect(Object.values(before).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(REALMS * 8);
    const asked: string[] = [];
    bus.nc.subscribe("$JS.API.>", {
      callback: (_, { subject }) => {
        if (!subject.startsWith("$JS.API.CONSUMER.MSG.NEXT.")) asked.push(subject);
      },
    });
    await bus.nc.flush();
    await delay(IDLE_MS);
    expect(asked).toEqual([]);
    expect(await consumersOf(bus)).toEqual(before);
  } finally {
    await bus.close();
    await stack.stop();
    await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}, 400_000);
