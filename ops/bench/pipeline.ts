/**
 * `npm run bench -- pipeline`: events/s from RAW to the simulator's fold, every message on disk before it is acknowledged,
 * against a bare relay of three folds without any domain logic in the same run; and the latency from publish to accepted.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import type { Accepted } from "../../shared/contracts/decision.ts";
import { provisionRealm } from "../../shared/provision/provision.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { type Bus, openBus } from "../../shared/stream/bus.ts";
import { bodiesOf } from "../../shared/stream/codec.ts";
import { streamEnds } from "../../shared/stream/last-message.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { Reader } from "../../shared/stream/reader.ts";
import { candidateMsgId, eventsStream, subjects } from "../../shared/stream/subjects.ts";
import { startPostgres } from "../local/postgres.ts";
import { prepareDatabase } from "../local/prepare-database.ts";
import { Chance } from "../simulation/story/chance.ts";
import { startProvisioning, startTestNats } from "../testing/nats.ts";
import { type StageProcess, startRelay, startStage } from "../testing/stages.ts";
import { median } from "../tools/median.ts";
import { quantile, rateOf } from "./measure.ts";
import { candidateBody, fill } from "./traffic.ts";

export const REALM = "bench";

export type PipelineOptions = { events: number; rounds: number; say: (line: string) => void };

/** Prints each round, and the medians; answers the ratios. */
export async function benchPipeline({ events, rounds, say }: PipelineOptions) {
  const relay: number[] = [];
  const bundled: number[] = [];
  const alone: number[] = [];
  const archived: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    relay.push(await inScratch((dir) => relayRate(dir, events, 1)));
    alone.push(await inScratch((dir) => pipelineRate(dir, events, false)));
    bundled.push(await inScratch((dir) => relayRate(dir, events, 50)));
    archived.push(await inScratch((dir) => pipelineRate(dir, events, true)));
    say(
      `round ${round}: bare relay ${perSecond(relay.at(-1)!)}, the same with bundles ${perSecond(bundled.at(-1)!)}, ` +
        `pipeline ${perSecond(alone.at(-1)!)}, with archive and Postgres ${perSecond(archived.at(-1)!)}`,
    );
  }
  const ratio = median(alone.map((value, i) => value / relay[i]!));
  const archivedRatio = median(archived.map((value, i) => value / relay[i]!));
  const bundleRatio = median(bundled.map((value, i) => value / relay[i]!));
  say(`pipeline / bare relay                ${ratio.toFixed(2)} (target 1.2)`);
  say(`with archive and Postgres / relay    ${archivedRatio.toFixed(2)}`);
  say(`relay with bundles / one per message  ${bundleRatio.toFixed(2)} (target 1.8)`);
  return { ratio, archivedRatio, bundleRatio };
}

export const perSecond = (rate: number): string => `${Math.round(rate).toLocaleString("en-US")}/s`;

export async function inScratch<T>(body: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), "amoisekai-bench-"));
  try {
    return await body(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

export async function withNats<T>(dir: string, body: (bus: Bus, url: string) => Promise<T>): Promise<T> {
  const nats = await startTestNats({ dir: join(dir, "nats") });
  const bus = await openBus({ natsUrl: nats.url, name: "bench" });
  startProvisioning(bus);
  try {
    return await body(bus, nats.url);
  } finally {
    await bus.close();
    await nats.stop();
  }
}

/** Three folds that copy: A → B → C, and a counting reader of C. */
function relayRate(dir: string, events: number, bundle: number): Promise<number> {
  return withNats(dir, async (bus, url) => {
    for (const name of ["A", "B", "C"])
      await bus.jsm.streams.add({
        name,
        subjects: [`${name}.*`],
        allow_atomic: true,
        allow_rollup_hdrs: true,
        allow_direct: false,
      });
    await fill(bus, "A.body", REALM, events);
    const common = ["--nats", url, "--bundle", `${bundle}`];
    const bundled = bundle > 1 ? ["--bundled"] : [];
    const folds = await Promise.all([
      startRelay([...common, "--stream", "A", "--output", "B"]),
      startRelay([...common, ...bundled, "--stream", "B", "--output", "C"]),
      startRelay([...common, ...bundled, "--stream", "C"]),
    ]);
    try {
      return await rateOf(events, folds[2].total);
    } finally {
      for (const fold of folds) await fold.stop();
    }
  });
}

/** The real stages, working off a RAW stream that was filled before. */
function pipelineRate(dir: string, events: number, archive: boolean): Promise<number> {
  return withNats(dir, async (bus, url) => {
    await provision(bus);
    const accepted = await fill(bus, subjects.rawCandidate(REALM), REALM, events);
    const postgres = archive ? await startPostgres({ dir: join(dir, "postgres") }) : undefined;
    const urls = postgres && (await prepareDatabase(postgres.url, pino({ level: "silent" })));
    const env = { NATS_URL: url, ...(urls && { DATABASE_URL: urls.archive }) };
    const stages: StageProcess[] = [];
    try {
      if (archive) stages.push(await startStage("simulator/archive/main.ts", "ARCHIVE_PORT", env));
      const simulator = await startStage("simulator/main.ts", "SIMULATOR_PORT", env);
      const normalizer = await startStage("normalizer/main.ts", "NORMALIZER_PORT", env);
      stages.push(simulator, normalizer, await startStage("ingest/main.ts", "INGEST_PORT", env));
      return await rateOf(accepted, () => simulator.metric("amoi_folded_events_total"));
    } finally {
      for (const stage of stages) await stage.stop();
      await postgres?.stop();
    }
  });
}

export async function provision(bus: Bus): Promise<void> {
  const ruleset = await loadRuleset("amoi-1");
  await provisionRealm(bus, { realm: REALM, name: "Bench", ruleset, replicas: 1, rawMaxBytes: 2 ** 32 });
}

export type LatencyOptions = { perSecond: number; seconds: number; say: (line: string) => void };

/** From a candidate's publish until a reader of EVENTS has its decision, ms, at a steady rate. */
export async function benchLatency({ perSecond, seconds, say }: LatencyOptions) {
  const latencies = await inScratch((dir) =>
    withNats(dir, async (bus, url) => {
      await provision(bus);
      const env = { NATS_URL: url };
      const stages = [
        await startStage("simulator/main.ts", "SIMULATOR_PORT", env),
        await startStage("normalizer/main.ts", "NORMALIZER_PORT", env),
        await startStage("ingest/main.ts", "INGEST_PORT", env),
      ];
      try {
        await measureLatency(bus, perSecond, 2); // Warms the stages up; not counted.
        return await measureLatency(bus, perSecond, seconds);
      } finally {
        for (const stage of stages) await stage.stop();
      }
    }),
  );
  const [p50, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)];
  say(
    `publish to accepted at ${perSecond}/s: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms ` +
      `over ${latencies.length} events (target p99 under 50 ms)`,
  );
  return { p50, p99 };
}

async function measureLatency(bus: Bus, perSecond: number, seconds: number): Promise<number[]> {
  const stream = eventsStream(REALM);
  const ends = await streamEnds(bus, stream);
  const reader = new Reader(bus, {
    stream,
    subjects: [subjects.accepted(REALM)],
    created: ends.created,
    from: ends.lastSeq + 1,
  });
  const total = perSecond * seconds;
  const sentMs = new Map<string, number>();
  const latencies: number[] = [];
  const signal = AbortSignal.timeout((seconds + 30) * 1_000);
  const reading = (async () => {
    while (latencies.length < total) {
      const messages = await reader.take(1_000, signal);
      signal.throwIfAborted();
      const nowMs = performance.now();
      for (const message of messages)
        for (const decision of bodiesOf<Accepted>(message.data))
          latencies.push(nowMs - sentMs.get(decision.idempotency_key)!);
    }
  })();
  const chance = new Chance(11);
  const run = `${Date.now()}`;
  const startedMs = performance.now();
  const acks: Promise<unknown>[] = [];
  for (let n = 0; n < total; ) {
    const dueNow = Math.min(total, Math.floor(((performance.now() - startedMs) / 1_000) * perSecond) + 1);
    for (; n < dueNow; n++) {
      const made = candidateBody(REALM, n, total, chance);
      const candidate = {
        ...JSON.parse(made.body),
        idempotency_key: `${run}-${n}`,
        // The warming up must not make these look like a burst.
        user_id: `${made.user}-${run}`,
        device_id: `device-${made.user}-${run}`,
        session_id: `session-${made.user}-${run}`,
        territory_id: "iron_gate",
      };
      sentMs.set(candidate.idempotency_key, performance.now());
      const msgId = candidateMsgId(candidate.user_id, candidate.idempotency_key);
      acks.push(
        publishOne(bus, { subject: subjects.rawCandidate(REALM), data: JSON.stringify(candidate), msgId }),
      );
    }
    await delay(1);
  }
  await Promise.all(acks);
  await reading;
  await reader.close();
  return latencies;
}
