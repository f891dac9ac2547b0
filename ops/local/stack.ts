/** The whole pipeline on this machine: NATS, PostgreSQL, the first realm, and every stage as a process of its own. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import type { Env } from "../../shared/process/env.ts";
import { openLog } from "../../shared/process/log.ts";
import { STORY_USER, USER_NAMES } from "../../shared/stream/access.ts";
import { openBus } from "../../shared/stream/bus.ts";
import type { DatabaseUrls } from "../../simulator/archive/database/roles.ts";
import { provisionFirstRealm } from "../provision/first-realm.ts";
import { buildPages } from "../tools/pages/build.ts";
import { ignoredTickLength } from "../tools/tick-length.ts";
import { checkDatabase, checkNats, checkRuleset, choosePorts, type Ports } from "./checks.ts";
import { keepCredentials, newPassword, passwordIn, readCredentials } from "./credentials.ts";
import { environmentOf, systemEnvironment } from "./environment.ts";
import { LOCAL_USERS, natsProcess, urlsByUser } from "./nats.ts";
import { postgresProcess } from "./postgres.ts";
import { migrateDatabase, prepareDatabase, urlsFor } from "./prepare-database.ts";
import { LocalSetupError } from "./setup-error.ts";
import { httpUrl, STAGE_NAMES, type StageName, stageProcess } from "./stages.ts";
import { rawBytes, storeBytes } from "./store-size.ts";
import { type SupervisedSpec, type Supervisor, supervise } from "./supervisor.ts";

export interface StackOptions {
  /** The environment that the stages inherit, under what the stack itself sets. */
  environment: Record<string, string | undefined>;
  /** Called with a line for each step and each restart. */
  say: (line: string) => void;
  /** Stops the start half-way. */
  signal?: AbortSignal;
  /** Absent: all. Without the archive PostgreSQL isn't started either. */
  stages?: readonly StageName[];
  /** More environment for one stage, asked at each of its starts. */
  stageEnvironment?: (stage: StageName) => Record<string, string>;
}

/** Where a stack answers. */
const StackUrls = z.object({
  feed: z.string(),
  internal: z.string(),
  /** For the story engine, with its password; the others' are in `credentials.json`. */
  nats: z.string(),
  /** Without a password: `credentials.json` has those. */
  postgres: z.string().optional(),
});
export type StackUrls = z.infer<typeof StackUrls>;

export interface Stack {
  urls: StackUrls;
  /** NATS for a user, with its password. */
  natsOf(user: string): string;
  ports: Ports;
  /** Absolute. */
  dataDir: string;
  /** How long the first realm's ticks are. */
  tickSeconds: number;
  supervisor: Supervisor;
  /** Ends every process, those started last first, within 5 s. */
  stop(): Promise<void>;
}

/** The URLs of the stack that runs on a data folder, from its `stack.json`. */
export function readStackUrls(dataDir: string): StackUrls | undefined {
  try {
    return StackUrls.parse(JSON.parse(readFileSync(join(dataDir, "stack.json"), "utf8")));
  } catch {
    return undefined;
  }
}

/**
 * Starts everything and waits until it answers. Whatever fails, nothing is left running.
 * Throws `LocalSetupError` or `NotReadyError` with one sentence for a person.
 */
export async function startStack(env: Env, options: StackOptions): Promise<Stack> {
  const dataDir = resolve(env.DATA_DIR);
  const supervisor = await supervise({ dataDir, say: options.say });
  try {
    return await orAborted(startAll(env, options, dataDir, supervisor), options.signal);
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}

/** What `work` answers, unless the signal comes first. The work is then left alone: its processes are ended under it. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
    work.catch(() => {});
  }
}

async function startAll(
  given: Env,
  options: StackOptions,
  dataDir: string,
  supervisor: Supervisor,
): Promise<Stack> {
  const env = { ...given, AMOI_RAW_MAX_BYTES: await rawSize(given, options, dataDir) };
  await checkRuleset(env);
  // What is asked of the machine first: a taken port is told before anything is made.
  const ports = await choosePorts(env);
  await buildPages(options.say);
  const servers = await startServers(env, options, dataDir, supervisor);
  const tickSeconds = await makeFirstRealm(env, servers.natsOf("provision"));
  const ignored = ignoredTickLength(env, tickSeconds);
  if (ignored !== undefined) options.say(ignored);
  await startStages(env, options, { dataDir, supervisor, ports, ...servers });
  const urls: StackUrls = {
    feed: httpUrl(env.AMOI_HOST, ports.FEED_PORT),
    internal: httpUrl(env.AMOI_HOST, ports.INGEST_PORT),
    nats: servers.natsOf(STORY_USER),
    ...(servers.postgres && {
      postgres: Object.assign(new URL(servers.postgres.read), { password: "" }).href,
    }),
  };
  writeStackUrls(dataDir, urls);
  const stop = async (): Promise<void> => {
    rmSync(join(dataDir, "stack.json"), { force: true });
    await supervisor.stop();
  };
  return { urls, natsOf: servers.natsOf, ports, dataDir, tickSeconds, supervisor, stop };
}

/** On a small disk a realm reserves less than elsewhere, so that many have room; what the environment says stands. */
async function rawSize(env: Env, { environment }: StackOptions, dataDir: string): Promise<number> {
  if (env.NATS_URL !== undefined || environment.AMOI_RAW_MAX_BYTES) return env.AMOI_RAW_MAX_BYTES;
  const dir = join(dataDir, "nats");
  mkdirSync(dir, { recursive: true });
  return rawBytes(await storeBytes(dir), env.AMOI_RAW_MAX_BYTES);
}

type Servers = { natsOf: (user: string) => string; postgres?: DatabaseUrls };

/** Uses the servers that the environment names, and starts those it doesn't. */
async function startServers(
  env: Env,
  options: StackOptions,
  dataDir: string,
  supervisor: Supervisor,
): Promise<Servers> {
  const { say, signal } = options;
  const wantsPostgres = options.stages?.includes("archive") ?? true;
  const logFile = (name: string): string => join(dataDir, "logs", `${name}.log`);
  const own: SupervisedSpec[] = [];
  let natsOf: Servers["natsOf"];
  let postgres = wantsPostgres ? await givenDatabase(env) : undefined;
  let admin: string | undefined;

  if (env.NATS_URL !== undefined) natsOf = await givenNats(env.NATS_URL, dataDir, say);
  else {
    const dir = join(dataDir, "nats");
    const known = readCredentials(dataDir).nats;
    const passwords = Object.fromEntries(
      LOCAL_USERS.map((user) => [user, passwordIn(known[user]) ?? newPassword()]),
    );
    const made = await natsProcess({
      dir,
      logFile: logFile("nats"),
      say,
      passwords,
      ...(signal && { signal }),
    });
    const { nats } = keepCredentials(dataDir, { nats: urlsByUser(made.url, passwords) });
    natsOf = (user) => nats[user]!;
    own.push(made.spec);
  }
  if (postgres === undefined && wantsPostgres) {
    const made = await postgresProcess({ dir: join(dataDir, "postgres"), logFile: logFile("postgres") });
    admin = made.url;
    postgres = urlsFor(admin, readCredentials(dataDir).postgres);
    own.push(made.spec);
  }
  if (own.length > 0) say(`starting ${own.map((spec) => spec.name).join(" and ")}`);
  const system = systemEnvironment(options.environment);
  // Beyond what is live, Go keeps as much garbage again: this bounds the sum.
  const limited = { ...system, GOMEMLIMIT: `${env.AMOI_NATS_MEMORY_MIB}MiB` };
  await supervisor.start(own.map((spec) => ({ env: spec.name === "nats" ? limited : system, ...spec })));
  if (postgres !== undefined) {
    keepCredentials(dataDir, { postgres });
    const log = openLog({ ...env, AMOI_LOG_LEVEL: "silent" }, "launcher");
    if (admin !== undefined) await prepareDatabase(admin, log, postgres);
    else await migrateDatabase(postgres.migrate, log);
  }
  return { natsOf, ...(postgres !== undefined && { postgres }) };
}

/** The three URLs of a database that isn't the launcher's own; nothing where none is given. Throws `LocalSetupError`. */
async function givenDatabase(env: Env): Promise<DatabaseUrls | undefined> {
  const { DATABASE_URL: archive, DATABASE_MIGRATE_URL: migrate, DATABASE_READ_URL: read } = env;
  const urls = { DATABASE_URL: archive, DATABASE_MIGRATE_URL: migrate, DATABASE_READ_URL: read };
  for (const [variable, url] of Object.entries(urls))
    if (url !== undefined) await checkDatabase(url, variable);
  if (archive !== undefined && migrate !== undefined && read !== undefined) return { archive, migrate, read };
  const missing = Object.entries(urls).flatMap(([variable, url]) => (url === undefined ? [variable] : []));
  if (missing.length === 3) return undefined;
  throw new LocalSetupError(
    `A database has a URL for each role, and ${missing.join(" and ")} is missing: set all three (npm run archive:migrate makes the roles), or none and a local one is started.`,
  );
}

/**
 * A server that isn't the launcher's own: one that wants no credentials, or one with the accounts that `npm run nats-config`
 * writes, whose users' URLs are in `credentials.json`. Throws `LocalSetupError`.
 */
async function givenNats(
  url: string,
  dataDir: string,
  say: (line: string) => void,
): Promise<Servers["natsOf"]> {
  if (!url.includes("@")) {
    await checkNats(url, say);
    return () => url;
  }
  const { nats } = readCredentials(dataDir);
  const missing = [...USER_NAMES, STORY_USER].filter((user) => nats[user] === undefined);
  if (missing.length > 0)
    throw new LocalSetupError(
      `NATS_URL names a user, but each process has one of its own: put the URLs of ${missing.join(", ")} into ${join(dataDir, "credentials.json")} ({"nats": {"<user>": "nats://…"}}).`,
    );
  await checkNats(nats.provision!, say);
  return (user) => nats[user]!;
}

/** Before anything waits for it, and said in one sentence where it can't be. Answers how long its ticks are, seconds. */
async function makeFirstRealm(env: Env, natsUrl: string): Promise<number> {
  const bus = await openBus({ natsUrl, name: "launcher" });
  try {
    return (await provisionFirstRealm(bus, env)).tickSeconds;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new LocalSetupError(`Realm ${env.AMOI_REALM} could not be provisioned: ${why}.`);
  } finally {
    await bus.close();
  }
}

async function startStages(
  env: Env,
  options: StackOptions,
  place: Servers & { dataDir: string; supervisor: Supervisor; ports: Ports },
): Promise<void> {
  const names = STAGE_NAMES.filter(
    (name) => name === "provision" || (options.stages?.includes(name) ?? true),
  );
  const ports = Object.fromEntries(Object.entries(place.ports).map(([name, port]) => [name, `${port}`]));
  const specOf = (name: StageName): SupervisedSpec =>
    stageProcess({
      name,
      ports: place.ports,
      host: env.AMOI_HOST,
      logFile: join(place.dataDir, "logs", `${name}.log`),
      env: () => ({
        ...environmentOf(name, {
          AMOI_PUBLIC_URL: httpUrl(env.AMOI_HOST, place.ports.FEED_PORT),
          ...options.environment,
          ...ports,
          DATA_DIR: place.dataDir,
          AMOI_RAW_MAX_BYTES: `${env.AMOI_RAW_MAX_BYTES}`,
          DATABASE_URL: place.postgres?.archive,
          DATABASE_READ_URL: place.postgres?.read,
        }),
        NATS_URL: place.natsOf(name),
        ...options.stageEnvironment?.(name),
      }),
    });
  options.say(`starting ${names.join(", ")}`);
  await place.supervisor.start(names.map(specOf));
}

function writeStackUrls(dataDir: string, urls: StackUrls): void {
  const file = join(dataDir, "stack.json");
  writeFileSync(`${file}.next`, `${JSON.stringify(urls, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.next`, file);
}
