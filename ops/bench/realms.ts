/**
 * `npm run bench -- realms`: what realms cost that are there, idle and at one event a second each. CPU of every process and of
 * NATS and Postgres, consumers, requests to JetStream's API, and the time from publish to accepted.
 */
import { setTimeout as delay } from "node:timers/promises";
import Table from "cli-table3";
import type { Accepted } from "../../shared/contracts/decision.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { bodiesOf } from "../../shared/stream/codec.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { candidateMsgId, subjects } from "../../shared/stream/subjects.ts";
import { Chance } from "../simulation/story/chance.ts";
import type { Observation } from "../tools/soak/observe.ts";
import { FIRST_REALM, withObservedStack } from "../tools/soak/stack.ts";
import { quantile } from "./measure.ts";
import { candidateBody } from "./traffic.ts";

export type RealmsOptions = { counts: number[]; seconds: number; say: (line: string) => void };

/** What a second of the stack costs, between two observations. */
type Cost = {
  /** Milliseconds of CPU a second, by process. */
  cpu: Record<string, number>;
  apiRequestsPerSecond: number;
  consumers: number;
};

function costBetween(from: Observation, to: Observation): Cost {
  const seconds = (to.atMs - from.atMs) / 1_000;
  const cpu = Object.entries(to.processes).map(([name, { cpuMs }]) => {
    const before = from.processes[name]?.cpuMs ?? cpuMs;
    return [name, (cpuMs - before) / seconds] as const;
  });
  return {
    cpu: Object.fromEntries(cpu),
    apiRequestsPerSecond: (to.apiRequests - from.apiRequests) / seconds,
    consumers: to.consumers,
  };
}

export async function benchRealms({ counts, seconds, say }: RealmsOptions) {
  const rows: { realms: number; load: string; cost: Cost; p99Ms: number | undefined }[] = [];
  for (const count of counts) {
    await withObservedStack(
      {},
      () => {},
      async ({ bus, observer, makeRealm }) => {
        const realms = [FIRST_REALM, ...Array.from({ length: count - 1 }, (_, i) => `realm-${i + 1}`)];
        for (const realm of realms.slice(1)) await makeRealm(realm);
        await delay(5_000);
        const before = await observer.observe();
        await delay(seconds * 1_000);
        const idle = await observer.observe();
        rows.push({ realms: count, load: "idle", cost: costBetween(before, idle), p99Ms: undefined });
        const latencies = await oneEventASecond(bus, realms, seconds);
        const busy = await observer.observe();
        const p99Ms = quantile(latencies, 0.99);
        rows.push({ realms: count, load: "1/s each", cost: costBetween(idle, busy), p99Ms });
      },
    );
    say(`${count} realms measured`);
  }
  const names = [...new Set(rows.flatMap(({ cost }) => Object.keys(cost.cpu)))];
  const table = new Table({
    head: ["realms", "load", "consumers", "API requests/s", ...names.map((name) => `${name} ms/s`), "p99 ms"],
    style: { head: [] },
  });
  for (const { realms, load, cost, p99Ms } of rows)
    table.push([
      realms,
      load,
      cost.consumers,
      cost.apiRequestsPerSecond.toFixed(1),
      ...names.map((name) => (cost.cpu[name] ?? 0).toFixed(1)),
      p99Ms === undefined ? "–" : p99Ms.toFixed(0),
    ]);
  say(table.toString());
  return rows;
}

/** Publishes a candidate a second to each realm, spread over the second; answers publish → accepted of each, ms. */
async function oneEventASecond(bus: Bus, realms: readonly string[], seconds: number): Promise<number[]> {
  const sentMs = new Map<string, number>();
  const latencies: number[] = [];
  const heard = bus.nc.subscribe(subjects.accepted("*"), {
    callback: (error, message) => {
      if (error !== null) return;
      for (const { realm_id, idempotency_key } of bodiesOf<Accepted>(message.data)) {
        const sent = sentMs.get(`${realm_id} ${idempotency_key}`);
        if (sent !== undefined) latencies.push(performance.now() - sent);
      }
    },
  });
  const chance = new Chance(11);
  const total = realms.length * seconds;
  const startMs = performance.now();
  const sending: Promise<unknown>[] = [];
  for (let n = 0; n < total; n++) {
    const realm = realms[n % realms.length]!;
    const { user, key, body } = candidateBody(realm, n, total, chance);
    await delay(Math.max(0, startMs + (n * 1_000) / realms.length - performance.now()));
    sentMs.set(`${realm} ${key}`, performance.now());
    const message = { subject: subjects.rawCandidate(realm), msgId: candidateMsgId(user, key), data: body };
    sending.push(publishOne(bus, message));
  }
  await Promise.all(sending);
  await delay(2_000);
  heard.unsubscribe();
  return latencies;
}
