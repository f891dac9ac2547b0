/**
 * Chaos: the real stages under load, killed with `kill -9` at named crash points and at random, NATS among them. Then the
 * oracle folds the published input alone, and every stream, KV and Postgres must hold exactly what it says.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import { provisionRealm } from "../../shared/provision/provision.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { openBus } from "../../shared/stream/bus.ts";
import { startPostgres } from "../local/postgres.ts";
import { prepareDatabase } from "../local/prepare-database.ts";
import { Chance } from "../simulation/story/chance.ts";
import { startProvisioning, startTestNats } from "../testing/nats.ts";
import { readArguments, runToExit, wholeNumber } from "../tools/arguments.ts";
import { chaosOfCluster, printFailovers } from "./cluster.ts";
import { compareReaders } from "./compare-readers.ts";
import { drained } from "./drained.ts";
import { Load } from "./load.ts";
import type { ChaosOptions } from "./options.ts";
import { judge, type OracleReport } from "./oracle.ts";
import { RawRecorder } from "./raw-recorder.ts";
import { count, VICTIMS, Victim } from "./victims.ts";

export type ChaosReport = OracleReport & {
  /** Kills by process and place. */
  kills: Map<string, number>;
  seconds: number;
};

const REALM = "chaos";
const NATS_KILL_EVERY_MS = 12_000;
const RANDOM_KILL_EVERY_MS = 2_000;
const TICK_SECONDS = 1;

/** Runs until `kills` processes have died, drains, and holds everything against the oracle. */
export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const startedMs = performance.now();
  const dir = await mkdtemp(join(tmpdir(), "amoisekai-chaos-"));
  const chance = new Chance(options.seed);
  const kills = new Map<string, number>();
  let nats = await startTestNats({ dir: join(dir, "nats") });
  const postgres = await startPostgres({ dir: join(dir, "postgres") });
  const databases = await prepareDatabase(postgres.url, pino({ level: "silent" }));
  const bus = await openBus({ natsUrl: nats.url, name: "chaos" });
  startProvisioning(bus);
  const env = {
    MODE: "local",
    NATS_URL: nats.url,
    DATABASE_URL: databases.archive,
    INGEST_PORT: "0",
    NORMALIZER_PORT: "0",
    SIMULATOR_PORT: "0",
    ARCHIVE_PORT: "0",
    AMOI_WORKER_TTL_SECONDS: "2",
    AMOI_LOG_LEVEL: "warn",
  };
  const victims = VICTIMS.map((spec) => new Victim(spec, { dir, env, chance, kills }));
  const over = new AbortController();
  let keep = false;
  try {
    const ruleset = { ...(await loadRuleset("demo")), tick_seconds: TICK_SECONDS };
    await provisionRealm(bus, { realm: REALM, name: "Chaos", ruleset, replicas: 1, rawMaxBytes: 2 ** 30 });
    const load = new Load(bus, REALM, options.seed);
    const recorder = new RawRecorder(bus, REALM);
    const loading = new AbortController();
    const loaded = load.run(options.load, loading.signal);
    const living = Promise.all(victims.map((victim) => victim.live(over.signal)));
    const natsAttack = (async () => {
      while (await waited(NATS_KILL_EVERY_MS, over.signal)) {
        await nats.kill();
        count(kills, "nats random");
        nats = await startTestNats({ dir: join(dir, "nats"), port: nats.port });
      }
    })();
    const randomAttack = (async () => {
      while (await waited(RANDOM_KILL_EVERY_MS, over.signal)) chance.pick(victims).killAnywhere();
    })();
    const watching = (async () => {
      for (let said = 0; sum(kills) < options.kills; ) {
        if (!(await waited(100, over.signal))) return;
        if (sum(kills) - said < 20) continue;
        said = sum(kills);
        options.say(`${said} kills, ${load.published.size} messages published`);
      }
    })();
    await Promise.race([watching, living]);
    over.abort();
    await Promise.all([living, natsAttack, randomAttack]);
    loading.abort();
    await loaded;
    options.say(`${sum(kills)} kills done; draining ${load.published.size} messages`);
    for (const victim of victims) await victim.revive();
    await drained(bus, databases.read, REALM);
    await load.freeze();
    await delay(3 * TICK_SECONDS * 1_000);
    await drained(bus, databases.read, REALM);
    const verdict = await judge(bus, REALM, load.published, await recorder.recorded());
    const problems = [...verdict.problems, ...(await compareReaders(bus, databases.read, REALM, verdict))];
    keep = problems.length > 0;
    if (keep) options.say(`logs are kept in ${dir}`);
    return { ...verdict, problems, kills, seconds: (performance.now() - startedMs) / 1_000 };
  } finally {
    over.abort();
    for (const victim of victims) await victim.stop();
    await bus.close();
    await nats.stop();
    await postgres.stop();
    if (!keep) await rm(dir, { recursive: true, force: true });
  }
}

const sum = (kills: ReadonlyMap<string, number>): number => [...kills.values()].reduce((a, b) => a + b, 0);

/** Waits; false when the signal came first. */
const waited = (ms: number, signal: AbortSignal): Promise<boolean> =>
  delay(ms, true, { signal }).catch(() => false);

async function main(): Promise<number> {
  const { values } = readArguments({
    options: {
      kills: { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
      load: { type: "string" },
      cluster: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(
      "npm run chaos -- [--cluster] [--kills 200] [--seed 1] [--load 300]\n\n" +
        "Kills stages and NATS under load; exits 0 when nothing is lost and nothing doubled. With --cluster NATS is three\n" +
        "servers, which die in turn as leaders and as followers, and every stage of three realms must move again within 15 s.",
    );
    return 0;
  }
  const options = {
    kills: wholeNumber("--kills", values.kills, 0),
    seed: wholeNumber("--seed", values.seed, 0),
    load: wholeNumber("--load", values.load ?? (values.cluster ? "100" : "300"), 0),
    say: (line: string) => console.log(line),
  };
  if (values.cluster) return printFailovers(await chaosOfCluster(options));
  const report = await chaos(options);
  for (const [place, n] of [...report.kills].sort()) console.log(`  ${place.padEnd(32)} ${n}`);
  console.log(
    `${sum(report.kills)} kills in ${report.seconds.toFixed(0)} s; ${report.published} messages published, ${report.ticks} ticks\n` +
      `lost ${report.lost}, doubled ${report.doubled}; final public hash ${report.hash}`,
  );
  for (const problem of report.problems) console.log(`PROBLEM ${problem}`);
  return report.problems.length === 0 && report.lost === 0 && report.doubled === 0 ? 0 : 1;
}

if (import.meta.main) await runToExit(main);
