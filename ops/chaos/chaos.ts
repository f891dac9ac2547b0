/**
 * Chaos: the real stages under load, killed with `kill -9` at named crash points and at random, NATS among them. Then the
 * oracle folds the published input alone, and every stream, KV and Postgres must hold exactly what it says.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { pino } from "pino";
import { type Bus, lastOf, openBus } from "../../shared/bus.ts";
import type { WorldSnapshot } from "../../shared/contracts/world.ts";
import { provisionRealm } from "../../shared/provision.ts";
import { loadRuleset } from "../../shared/rulesets.ts";
import { eventsStream, rawStream, subjects, validStream } from "../../shared/subjects.ts";
import { kvSubject } from "../../shared/topology.ts";
import { checkAgreement } from "../../simulator/archive/agreement.ts";
import { openDatabase } from "../../simulator/archive/database.ts";
import { VIEWS } from "../../simulator/archive/own-tables.ts";
import { readArguments, runToExit, wholeNumber } from "../arguments.ts";
import { startNats } from "../local/nats.ts";
import { startPostgres } from "../local/postgres.ts";
import { prepareDatabase } from "../local/prepare-database.ts";
import { Chance } from "../story/chance.ts";
import { Load } from "./load.ts";
import { judge, type Verdict } from "./oracle.ts";
import { count, VICTIMS, Victim } from "./victims.ts";

export type ChaosOptions = {
  kills: number;
  seed: number;
  /** Candidates a second. */
  load: number;
  say: (line: string) => void;
};
export type ChaosReport = Verdict & {
  /** Kills by process and place. */
  kills: Map<string, number>;
  seconds: number;
};

const REALM = "chaos";
const NATS_KILL_EVERY_MS = 12_000;
const RANDOM_KILL_EVERY_MS = 2_000;
const TICK_SECONDS = 1;
const DRAIN_TIMEOUT_MS = 60_000;

/** Runs until `kills` processes have died, drains, and holds everything against the oracle. */
export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const startedMs = performance.now();
  const dir = await mkdtemp(join(tmpdir(), "amoisekai-chaos-"));
  const chance = new Chance(options.seed);
  const kills = new Map<string, number>();
  let nats = await startNats({ dir: join(dir, "nats") });
  const postgres = await startPostgres({ dir: join(dir, "postgres") });
  const databases = await prepareDatabase(postgres.url, pino({ level: "silent" }));
  const bus = await openBus({ natsUrl: nats.url, name: "chaos" });
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
    const loading = new AbortController();
    const loaded = load.run(options.load, loading.signal);
    const living = Promise.all(victims.map((victim) => victim.live(over.signal)));
    const natsAttack = (async () => {
      while (await waited(NATS_KILL_EVERY_MS, over.signal)) {
        await nats.kill();
        count(kills, "nats random");
        nats = await startNats({ dir: join(dir, "nats"), port: nats.port });
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
    await drained(bus, databases.read, load.published.size);
    await load.freeze();
    await delay(3 * TICK_SECONDS * 1_000);
    await drained(bus, databases.read, load.published.size);
    const verdict = await judge(bus, REALM, load.published);
    const problems = [...verdict.problems, ...(await compareReaders(bus, databases.read, verdict))];
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

/** Waits until every stage and Postgres have reached it. */
async function drained(bus: Bus, databaseUrl: string, messages: number): Promise<void> {
  const deadline = performance.now() + DRAIN_TIMEOUT_MS;
  const pool = openDatabase(databaseUrl, {
    log: pino({ level: "silent" }),
    schema: VIEWS,
    name: "chaos",
    max: 1,
  });
  try {
    for (;;) {
      const missing = await undrained(bus, pool);
      if (missing === undefined) return;
      if (performance.now() > deadline)
        throw new Error(`the pipeline didn't drain ${messages} messages: ${missing}`);
      await delay(200);
    }
  } finally {
    await pool.end();
  }
}

async function undrained(bus: Bus, pool: pg.Pool): Promise<string | undefined> {
  const through = async (stage: string, stream: string) =>
    JSON.parse((await lastOf(bus, stream, subjects.position(stage, REALM)))!.text()).through as number;
  const last = async (stream: string) => (await bus.jsm.streams.info(stream)).state.last_seq;
  if ((await through("ingest", validStream(REALM))) < (await last(rawStream(REALM))))
    return "ingest is behind";
  const valid = await Promise.all(
    [subjects.validCandidate, subjects.validCommand].map((of) => lastOf(bus, validStream(REALM), of(REALM))),
  );
  const lastValid = Math.max(...valid.map((message) => message?.seq ?? 0));
  if ((await through("normalizer", eventsStream(REALM))) < lastValid) return "normalizer is behind";
  const accepted = await lastOf(bus, eventsStream(REALM), subjects.accepted(REALM));
  const world = await lastOf(bus, "KV_world", kvSubject("world", REALM));
  const snapshot = JSON.parse(world!.text()) as WorldSnapshot;
  if (snapshot.through_seq < (accepted?.seq ?? 0)) return "simulator is behind";
  const archived = await pool.query<{ tick: number | null }>(
    "SELECT max(tick_number)::int AS tick FROM world_state_snapshots WHERE realm_id = $1",
    [REALM],
  );
  if ((archived.rows[0]?.tick ?? -1) < snapshot.tick) return "archive is behind the world";
  const decided = await Promise.all(
    [subjects.accepted, subjects.quarantined, subjects.rejected, subjects.command].map((of) =>
      lastOf(bus, eventsStream(REALM), of(REALM)),
    ),
  );
  const refused = await lastOf(bus, validStream(REALM), subjects.ingestRejected(REALM));
  for (const [stream, last] of [
    [eventsStream(REALM), Math.max(...decided.map((message) => message?.seq ?? 0))],
    [validStream(REALM), refused?.seq ?? 0],
  ] as const) {
    const { rows } = await pool.query<{ through: string }>(
      "SELECT through FROM archive_positions WHERE realm_id = $1 AND stream = $2",
      [REALM, stream],
    );
    if (Number(rows[0]?.through ?? -1) < last) return `archive is behind ${stream}`;
  }
  return undefined;
}

/** KV and Postgres against the oracle's verdict. */
async function compareReaders(bus: Bus, databaseUrl: string, verdict: Verdict): Promise<string[]> {
  const problems: string[] = [];
  const world = await lastOf(bus, "KV_world", kvSubject("world", REALM));
  const snapshot = JSON.parse(world!.text()) as WorldSnapshot;
  if (snapshot.tick === verdict.ticks && snapshot.public_hash !== verdict.hash)
    problems.push(`KV world has hash ${snapshot.public_hash}, the oracle ${verdict.hash}`);
  const pool = openDatabase(databaseUrl, {
    log: pino({ level: "silent" }),
    schema: VIEWS,
    name: "chaos",
    max: 1,
  });
  try {
    const counted = await pool.query(
      "SELECT validity_status AS status, count(*)::int AS n FROM world_events WHERE realm_id = $1 AND source_type = 'player' GROUP BY 1",
      [REALM],
    );
    const have = Object.fromEntries(counted.rows.map((row) => [row.status, row.n]));
    const want = {
      accepted: verdict.bodies[subjects.accepted(REALM)] ?? 0,
      quarantined: verdict.bodies[subjects.quarantined(REALM)] ?? 0,
      rejected:
        (verdict.bodies[subjects.rejected(REALM)] ?? 0) +
        (verdict.bodies[subjects.ingestRejected(REALM)] ?? 0),
    };
    for (const [status, n] of Object.entries(want))
      if ((have[status] ?? 0) !== n)
        problems.push(`Postgres holds ${have[status] ?? 0} ${status} events, not ${n}`);
    problems.push(...(await checkAgreement(pool, REALM)).problems);
  } finally {
    await pool.end();
  }
  return problems;
}

async function main(): Promise<number> {
  const { values } = readArguments({
    options: {
      kills: { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
      load: { type: "string", default: "300" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(
      "npm run chaos -- [--kills 200] [--seed 1] [--load 300]\n\nKills stages and NATS under load; exits 0 when nothing is lost and nothing doubled.",
    );
    return 0;
  }
  const report = await chaos({
    kills: wholeNumber("--kills", values.kills, 0),
    seed: wholeNumber("--seed", values.seed, 0),
    load: wholeNumber("--load", values.load, 0),
    say: (line) => console.log(line),
  });
  for (const [place, n] of [...report.kills].sort()) console.log(`  ${place.padEnd(32)} ${n}`);
  console.log(
    `${sum(report.kills)} kills in ${report.seconds.toFixed(0)} s; ${report.published} messages published, ${report.ticks} ticks\n` +
      `lost ${report.lost}, doubled ${report.doubled}; final public hash ${report.hash}`,
  );
  for (const problem of report.problems) console.log(`PROBLEM ${problem}`);
  return report.problems.length === 0 && report.lost === 0 && report.doubled === 0 ? 0 : 1;
}

if (import.meta.main) await runToExit(main);
