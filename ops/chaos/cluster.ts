/**
 * Chaos of a cluster: three NATS servers, one process a stage, three realms with different leaders. Servers die in turn as the
 * leader of a realm's streams and as a mere follower, and stay dead until everything has moved again. Then the oracle judges.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import Table from "cli-table3";
import { pino } from "pino";
import { z } from "zod";
import { provisionRealm } from "../../shared/provision/provision.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { eventsStream, rawStream, validStream, worldStream } from "../../shared/stream/subjects.ts";
import { launch, type Running } from "../local/launch.ts";
import { pickPort } from "../local/ports.ts";
import { startPostgres } from "../local/postgres.ts";
import { prepareDatabase } from "../local/prepare-database.ts";
import { STAGE_NAMES, type StageName, stageProcess } from "../local/stages.ts";
import { Chance } from "../simulation/story/chance.ts";
import { type TestCluster, testCluster } from "../testing/cluster.ts";
import { urlOf } from "../testing/nats.ts";
import { median } from "../tools/median.ts";
import { compareReaders } from "./compare-readers.ts";
import { drained } from "./drained.ts";
import { Load } from "./load.ts";
import { type Counter, Movement, metricByRealm } from "./movement.ts";
import type { ChaosOptions } from "./options.ts";
import { judge } from "./oracle.ts";
import { RawRecorder } from "./raw-recorder.ts";

type Role = "leader" | "follower";
export type FailoverReport = {
  /** Of each kill: how long each stage stood still at most, in any realm, ms. */
  standstills: { role: Role; longest: ReadonlyMap<string, number> }[];
  published: number;
  lost: number;
  doubled: number;
  /** Contradictions of the oracle, and stages that stood still for longer than they may. */
  problems: string[];
  seconds: number;
};

const REALMS = ["crag", "fen", "mere"];
const SERVERS = [0, 1, 2];
const TICK_SECONDS = 1;
/** Every stage of every realm moves again within this while the dead server stays dead. */
const RECOVERY_MS = 15_000;
/** What is watched after each kill: longer than it takes until the first reader notices and the last leader is elected. */
const WATCHED_MS = 12_000;
/** What moves at least this often is moving. */
const MOVING_MS = 2_500;
const GIVEN_UP_MS = 60_000;

/** Kills `kills` servers in turn, every second one a leader, drains, and holds every realm against the oracle. */
export async function chaosOfCluster({ kills, seed, load, say }: ChaosOptions): Promise<FailoverReport> {
  const startedMs = performance.now();
  const chance = new Chance(seed);
  const dir = await mkdtemp(join(tmpdir(), "amoisekai-cluster-chaos-"));
  const cluster = await testCluster();
  const postgres = await startPostgres({ dir: join(dir, "postgres") });
  const stages: Running[] = [];
  const over = new AbortController();
  let keep = true;
  try {
    const { bus } = cluster;
    const databases = await prepareDatabase(postgres.url, pino({ level: "silent" }));
    const ruleset = { ...(await loadRuleset("demo")), tick_seconds: TICK_SECONDS };
    for (const realm of REALMS)
      await provisionRealm(bus, { realm, name: realm, ruleset, replicas: 3, rawMaxBytes: 2 ** 28 });
    const started = await startStages(dir, { NATS_URL: cluster.natsUrl, DATABASE_URL: databases.archive });
    stages.push(...started.running);
    const recorders = REALMS.map((realm) => new RawRecorder(bus, realm));
    const loads = REALMS.map((realm, i) => new Load(bus, realm, seed + i));
    const loading = new AbortController();
    const loaded = loads.map((one) => one.run(load / REALMS.length, loading.signal));
    const movement = new Movement(started.counters, REALMS);
    const watching = movement.watch(over.signal);
    const standstills: FailoverReport["standstills"] = [];
    const problems: string[] = [];
    await delay(5_000);
    for (let kill = 1; kill <= kills; kill++) {
      const role: Role = kill % 2 === 1 ? "leader" : "follower";
      const server = chance.pick(SERVERS);
      await placeLeaders(cluster, role, server);
      await untilMoving(movement);
      movement.begin();
      await cluster.kill(server);
      await delay(WATCHED_MS);
      await untilMoving(movement).catch((error: Error) => problems.push(`kill ${kill}: ${error.message}`));
      const longest = movement.longest();
      standstills.push({ role, longest });
      for (const [stage, ms] of longest)
        if (ms > RECOVERY_MS)
          problems.push(`kill ${kill}, of a ${role}: ${stage} stood still for ${Math.round(ms)} ms`);
      say(
        `kill ${kill}, n${server} as ${role}: ${[...longest].map(([stage, ms]) => `${stage} ${seconds(ms)}`).join(", ")}`,
      );
      await cluster.start(server);
      await cluster.whole();
    }
    loading.abort();
    await Promise.all(loaded);
    say("draining");
    for (const realm of REALMS) await drained(bus, databases.read, realm);
    for (const one of loads) await one.freeze();
    await delay(3 * TICK_SECONDS * 1_000);
    const report = { standstills, published: 0, lost: 0, doubled: 0, problems, seconds: 0 };
    for (const [i, realm] of REALMS.entries()) {
      await drained(bus, databases.read, realm);
      const verdict = await judge(bus, realm, loads[i]!.published, await recorders[i]!.recorded());
      report.published += verdict.published;
      report.lost += verdict.lost;
      report.doubled += verdict.doubled;
      problems.push(...verdict.problems, ...(await compareReaders(bus, databases.read, realm, verdict)));
    }
    over.abort();
    await watching;
    keep = problems.length > 0;
    return { ...report, seconds: (performance.now() - startedMs) / 1_000 };
  } finally {
    over.abort();
    if (keep) say(`logs are kept in ${dir}`);
    await Promise.all(stages.map((stage) => stage.stop()));
    await cluster.close();
    await postgres.stop();
    if (!keep) await rm(dir, { recursive: true, force: true });
  }
}

/** Puts each realm's leaders on one server: on different ones, or, before a follower dies, on those that stay. */
async function placeLeaders(cluster: TestCluster, role: Role, victim: number): Promise<void> {
  const staying = SERVERS.filter((server) => server !== victim);
  for (const [i, realm] of REALMS.entries()) {
    const server = role === "leader" ? (victim + i) % SERVERS.length : staying[i % staying.length]!;
    for (const stream of [rawStream, validStream, eventsStream, worldStream])
      await cluster.lead(stream(realm), server);
  }
  await cluster.whole();
}

async function untilMoving(movement: Movement): Promise<void> {
  const deadline = performance.now() + GIVEN_UP_MS;
  for (;;) {
    const standing = movement.standing(MOVING_MS);
    if (standing.length === 0) return;
    if (performance.now() > deadline) throw new Error(`stand still: ${standing.join(", ")}`);
    await delay(200);
  }
}

const Listed = z.object({ realms: z.array(z.object({ realm: z.string(), tick: z.number() })) });

/** Starts one process a stage, and tells where each counts how far it is. */
async function startStages(
  dir: string,
  env: Record<string, string>,
): Promise<{ running: Running[]; counters: Counter[] }> {
  const ports = {
    FEED_PORT: await pickPort(),
    INGEST_PORT: await pickPort(),
    NORMALIZER_PORT: await pickPort(),
    SIMULATOR_PORT: await pickPort(),
    BROADCASTER_PORT: await pickPort(),
    ARCHIVE_PORT: await pickPort(),
    PROVISION_PORT: await pickPort(),
  };
  const environment = {
    ...process.env,
    MODE: "local",
    AMOI_LOG_LEVEL: "info",
    AMOI_REALM: REALMS[0]!,
    AMOI_REPLICAS: "3",
    ...env,
    ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, `${port}`])),
  };
  const start = (name: StageName) => {
    const logFile = join(dir, "logs", `${name}.log`);
    const own = { ...environment, NATS_URL: urlOf(env.NATS_URL!, name) };
    const spec = stageProcess({ name, ports, host: "127.0.0.1", logFile, env: () => own });
    return launch({ ...spec, env: own });
  };
  const running = await Promise.all(STAGE_NAMES.map(start));
  const inputs = (port: number) =>
    metricByRealm(`http://127.0.0.1:${port}/metrics`, "amoi_stage_inputs_total");
  const rows = () =>
    metricByRealm(`http://127.0.0.1:${ports.ARCHIVE_PORT}/metrics`, "amoi_archive_rows_total");
  const shown = async () => {
    const url = `http://127.0.0.1:${ports.FEED_PORT}/api/world`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    return new Map(Listed.parse(await answer.json()).realms.map(({ realm, tick }) => [realm, tick]));
  };
  const counters = [
    { stage: "ingest", read: () => inputs(ports.INGEST_PORT) },
    { stage: "normalizer", read: () => inputs(ports.NORMALIZER_PORT) },
    { stage: "simulator", read: () => inputs(ports.SIMULATOR_PORT) },
    { stage: "archive", read: rows },
    { stage: "broadcaster", read: shown },
  ];
  return { running, counters };
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** Prints how long each stage stood still after the kills; answers the exit code. */
export function printFailovers({ standstills, ...report }: FailoverReport): number {
  const table = new Table({
    head: ["stood still", "kills", "min", "median", "max"],
    style: { head: [], border: [] },
  });
  for (const role of ["leader", "follower"] as const) {
    const ofRole = standstills.filter((one) => one.role === role);
    // Provision stands still by nature: it only answers.
    for (const stage of STAGE_NAMES.filter((name) => name !== "provision")) {
      const all = ofRole.map(({ longest }) => longest.get(stage)!);
      if (all.length > 0)
        table.push([
          `${stage}, a ${role} killed`,
          all.length,
          seconds(Math.min(...all)),
          seconds(median(all)),
          seconds(Math.max(...all)),
        ]);
    }
  }
  console.log(table.toString());
  console.log(
    `${standstills.length} kills in ${report.seconds.toFixed(0)} s; ${report.published} messages published; ` +
      `lost ${report.lost}, doubled ${report.doubled}`,
  );
  for (const problem of report.problems) console.log(`PROBLEM ${problem}`);
  return report.problems.length === 0 && report.lost === 0 && report.doubled === 0 ? 0 : 1;
}
