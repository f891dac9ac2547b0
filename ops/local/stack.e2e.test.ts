import { execFile, spawn } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { findNatsServer, MINIMUM_NATS_VERSION } from "./nats-server.ts";
import { pickPort } from "./ports.ts";
import { identityOf } from "./processes.ts";
import { readStackUrls } from "./stack.ts";

const run = promisify(execFile);
const START = fileURLToPath(new URL("./start.ts", import.meta.url));
const PROCESSES = [
  "launcher",
  "nats",
  "provision",
  "postgres",
  "ingest",
  "normalizer",
  "simulator",
  "archive",
  "broadcaster",
];

let dir: string;
const launchers: Launcher[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "stack-"));
});
afterEach(async () => {
  for (const launcher of launchers.splice(0)) await launcher.end("SIGTERM");
  await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

interface Launcher {
  pid: number;
  /** Its line on standard output; rejects with what it said when it ends before. */
  ready: Promise<string>;
  said(): string;
  /** Sends a signal and answers the exit code, and how long the end took, ms. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; tookMs: number }>;
}

function start(environment: Record<string, string> = {}): Launcher {
  const env = {
    PATH: process.env.PATH,
    DATA_DIR: join(dir, "data"),
    FEED_PORT: "0",
    INGEST_PORT: "0",
    NORMALIZER_PORT: "0",
    SIMULATOR_PORT: "0",
    BROADCASTER_PORT: "0",
    ARCHIVE_PORT: "0",
    PROVISION_PORT: "0",
    TICK_SECONDS: "1",
    ...environment,
  };
  const child = spawn(process.execPath, [START], { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  const line = new Promise<string>((resolve) => createInterface(child.stdout).once("line", resolve));
  const ready = Promise.race([
    line,
    exited.then((code) => Promise.reject(new Error(`exit code ${code}: ${said}`))),
  ]);
  ready.catch(() => {});
  const launcher: Launcher = {
    pid: child.pid!,
    ready,
    said: () => said,
    async end(signal) {
      const began = performance.now();
      child.kill(signal);
      return { code: await exited, tookMs: performance.now() - began };
    },
  };
  launchers.push(launcher);
  return launcher;
}

const pids = (data = join(dir, "data")): Record<string, number> =>
  JSON.parse(readFileSync(join(data, "pids.json"), "utf8"));
const alive = async (numbers: Record<string, number>): Promise<string[]> => {
  const names = Object.keys(numbers);
  const living = await Promise.all(names.map((name) => identityOf(numbers[name]!)));
  return names.filter((_, index) => living[index] !== undefined);
};
async function tickOf(feed: string): Promise<number> {
  const answer = await fetch(`${feed}/api/world`);
  const { realms }: { realms: { tick: number }[] } = JSON.parse(await answer.text());
  return realms[0]?.tick ?? -1;
}

/** Which processes of a stack have a database's URL or password in their environment. */
async function databaseVariables(processes: Record<string, number>): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const [name, pid] of Object.entries(processes)) {
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    const names = environment
      .map((variable) => variable.split("=")[0]!)
      .filter((name) => /DATABASE/.test(name));
    if (names.length > 0) found[name] = names;
  }
  return found;
}

test("the stack starts, heals, ends within 5 s, and a restart continues the same world", async () => {
  const first = start();
  expect(await first.ready).toMatch(
    /^ready feed=http:\/\/127\.0\.0\.1:\d+ internal=http:\/\/127\.0\.0\.1:\d+ nats=nats:\/\/story:[\w-]{32}@127\.0\.0\.1:\d+ postgres=postgres:\/\/amoi_read@127\.0\.0\.1:\d+\/amoisekai$/,
  );
  expect(await databaseVariables(pids())).toEqual({
    archive: ["DATABASE_URL"],
    ingest: ["DATABASE_READ_URL"],
  });
  const credentials = join(dir, "data/credentials.json");
  expect(statSync(credentials).mode & 0o777).toBe(0o600);
  const { postgres } = JSON.parse(readFileSync(credentials, "utf8"));
  expect(Object.keys(postgres).toSorted()).toEqual(["archive", "migrate", "read"]);
  for (const url of Object.values<string>(postgres))
    expect(first.said()).not.toContain(new URL(url).password);
  const urls = readStackUrls(join(dir, "data"))!;
  const before = pids();
  expect(Object.keys(before).toSorted()).toEqual(PROCESSES.toSorted());
  expect(await alive(before)).toEqual(Object.keys(before));
  expect(before.launcher).toBe(first.pid);

  for (const name of ["simulator", "nats", "postgres"]) {
    process.kill(before[name]!, "SIGKILL");
    await vi.waitFor(() => expect(first.said()).toContain(`${name} died (SIGKILL), started again`), 10_000);
    expect(pids()[name]).not.toBe(before[name]);
  }
  await vi.waitFor(async () => expect(await tickOf(urls.feed)).toBeGreaterThan(0), 30_000);
  const tick = await tickOf(urls.feed);
  const entrance = await fetch(`${urls.internal}/internal/world`, {
    headers: { authorization: "Bearer local-internal-token" },
  });
  expect(await entrance.json()).toEqual({ public_url: urls.feed });
  const last = pids();

  const end = await first.end("SIGINT");
  expect(end.code).toBe(0);
  expect(end.tookMs).toBeLessThan(5_000);
  expect(await alive(last)).toEqual([]);
  expect(existsSync(join(dir, "data/pids.json"))).toBe(false);
  expect(readStackUrls(join(dir, "data"))).toBeUndefined();

  const second = start({ TICK_SECONDS: "2" });
  await second.ready;
  expect(second.said()).toContain(
    "TICK_SECONDS=2 is ignored, because realm amoi-1 exists and ticks every 1 s: ",
  );
  const again = readStackUrls(join(dir, "data"))!;
  expect(again.nats).toBe(urls.nats);
  expect(again.postgres).toBe(urls.postgres);
  expect(await tickOf(again.feed)).toBeGreaterThanOrEqual(tick);
}, 120_000);

test("each process has its own secrets in its environment and nobody else's, and credentials.json is its owner's alone", async () => {
  const secrets = {
    INTERNAL_TOKEN: "a-token-of-the-test-0",
    FEED_TOKEN_SECRET: "a-feed-secret-of-the-tests-0123456",
  };
  const launcher = start({ ...secrets, SOME_CLOUD_KEY: "a-key-of-the-cloud" });
  const ready = await launcher.ready;
  const file = join(dir, "data/credentials.json");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const { nats } = JSON.parse(readFileSync(file, "utf8")) as { nats: Record<string, string> };
  const passwords = Object.entries(nats).map(([user, url]) => [user, new URL(url).password] as const);
  expect(passwords.map(([user]) => user)).toEqual(expect.arrayContaining(["provision", "operator", "story"]));
  expect(ready).toContain(` nats=${nats.story} `);
  const told = ready + launcher.said();
  for (const [user, password] of passwords) expect(told.includes(password), user).toBe(user === "story");
  for (const [name, pid] of Object.entries(pids()).filter(([name]) => name !== "launcher")) {
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
    for (const [user, password] of passwords)
      expect(environment.includes(password), `${name} has the password of ${user}`).toBe(user === name);
    expect(environment, name).not.toContain("a-key-of-the-cloud");
    expect(environment.includes(secrets.INTERNAL_TOKEN), name).toBe(name === "ingest");
    const opensFeeds = name === "ingest" || name === "broadcaster";
    expect(environment.includes(secrets.FEED_TOKEN_SECRET), name).toBe(opensFeeds);
  }
}, 60_000);

test("a launcher that was killed leaves processes, and the next one ends them; two stacks run side by side", async () => {
  const first = start();
  const beside = start({ DATA_DIR: join(dir, "beside") });
  await Promise.all([first.ready, beside.ready]);
  const orphans = pids();
  await first.end("SIGKILL");
  expect((await alive(orphans)).length).toBeGreaterThan(0);

  const second = start();
  await second.ready;
  expect(second.said()).toContain("ending what an earlier launcher left behind: ");
  expect(await alive(orphans)).toEqual([]);
  expect(await alive(pids(join(dir, "beside")))).toHaveLength(PROCESSES.length);
}, 120_000);

test("a taken port ends the start with one sentence, exit code 1 and nothing left", async () => {
  const port = await pickPort();
  const blocker = createServer().listen(port, "127.0.0.1");
  try {
    await expect(start({ FEED_PORT: `${port}` }).ready).rejects.toThrow(
      `exit code 1: Port ${port} (FEED_PORT) is taken: end what listens there, or set FEED_PORT to another port or to 0 for any free one.\n`,
    );
  } finally {
    blocker.close();
  }
  expect(existsSync(join(dir, "data/pids.json"))).toBe(false);
}, 30_000);

test.each([
  [
    "an unreachable NATS_URL",
    { NATS_URL: "nats://127.0.0.1:1" },
    /NATS at nats:\/\/127\.0\.0\.1:1 \(NATS_URL\) does not/,
  ],
  [
    "an unreachable DATABASE_URL",
    { DATABASE_URL: "postgres://127.0.0.1:1/x" },
    /PostgreSQL at \S+ \(DATABASE_URL\) does/,
  ],
  ["a variable that nobody knows", { AMOI_TYPO: "1" }, /AMOI_TYPO is not a known variable/],
  [
    "a ruleset that is not there",
    { AMOI_RULESET: "./none.json" },
    /AMOI_RULESET .\/none.json cannot be used: ENOENT/,
  ],
])(
  "%s ends the start with a sentence and without a trace",
  async (_, environment, said) => {
    const launcher = start(environment as unknown as Record<string, string>);
    await expect(launcher.ready).rejects.toThrow(said);
    expect(launcher.said()).toMatch(/\.\n$|variable\n$/);
    expect(launcher.said()).not.toMatch(/^ {4}at /m);
    expect(existsSync(join(dir, "data/pids.json"))).toBe(false);
  },
  60_000,
);

test("Ctrl-C half-way through the start ends it at once, with nothing left", async () => {
  const launcher = start();
  await vi.waitFor(() => expect(launcher.said()).toContain("starting provision"), {
    timeout: 30_000,
    interval: 5,
  });
  const numbers = pids();
  const end = await launcher.end("SIGINT");
  expect(end.code).toBe(0);
  expect(end.tookMs).toBeLessThan(5_000);
  expect(await alive(numbers)).toEqual([]);
}, 60_000);

test("a nats-server on PATH that is too old is passed over for another", async () => {
  await findNatsServer(); // so that there is another: the one that this fetches, or finds in the cache
  const fake = join(dir, "nats-server");
  await writeFile(fake, '#!/bin/sh\necho "nats-server: v2.9.0"\n');
  await chmod(fake, 0o755);
  const script = `import { findNatsServer } from ${JSON.stringify(new URL("./nats-server.ts", import.meta.url).href)};
    console.log(await findNatsServer());`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], {
    env: { PATH: `${dir}${delimiter}${process.env.PATH}` },
  });
  expect(stdout.trim()).not.toBe("nats-server");
  const { stdout: version } = await run(stdout.trim(), ["--version"]);
  expect(version).toMatch(/v2\.(1[4-9]|[2-9]\d)\./);
  expect(MINIMUM_NATS_VERSION).toBe("2.14.4");
});
