import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { NotReadyError } from "./launch.ts";
import { identityOf } from "./processes.ts";
import { LocalSetupError } from "./setup-error.ts";
import { type SupervisedSpec, type Supervisor, supervise } from "./supervisor.ts";

let dataDir: string;
let said: string[];
let supervisor: Supervisor | undefined;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "supervisor-"));
  said = [];
});
afterEach(async () => {
  await supervisor?.stop();
  supervisor = undefined;
  await rm(dataDir, { recursive: true, force: true });
});

async function open(): Promise<Supervisor> {
  supervisor = await supervise({ dataDir, say: (line) => said.push(line) });
  return supervisor;
}

/** A process that writes a line when it is up, and answers by having done so. */
function scripted(name: string, script: string): SupervisedSpec {
  const up = join(dataDir, `${name}.up`);
  return {
    name,
    command: process.execPath,
    args: ["-e", `${script}; require("fs").writeFileSync(${JSON.stringify(up)}, String(process.pid))`],
    env: { PATH: "" },
    logFile: join(dataDir, "logs", `${name}.log`),
    probe: async (pid) => readFileSync(up, "utf8") === `${pid}`,
    readyTimeoutMs: 10_000,
  };
}
const IDLE = "setInterval(() => {}, 1000)";
const log = (name: string): string => readFileSync(join(dataDir, "logs", `${name}.log`), "utf8");
const pidsOnDisk = (): Record<string, number> => JSON.parse(readFileSync(join(dataDir, "pids.json"), "utf8"));
const isAlive = async (pid: number): Promise<boolean> => (await identityOf(pid)) !== undefined;

test("a process that is killed is started again, says so, and pids.json follows", async () => {
  const { start, pids } = await open();
  await start([scripted("one", `console.log("hello"); ${IDLE}`), scripted("two", IDLE)]);
  const before = pids();
  expect(pidsOnDisk()).toEqual(before);
  expect(Object.keys(before).toSorted()).toEqual(["launcher", "one", "two"]);
  expect(before.launcher).toBe(process.pid);

  process.kill(before.one!, "SIGKILL");
  await vi.waitFor(() => expect(log("one").match(/hello/g)).toHaveLength(2), { timeout: 5_000 });
  expect(said).toEqual(["one died (SIGKILL), started again"]);
  expect(pids().two).toBe(before.two);
  expect(pids().one).not.toBe(before.one);
  expect(pidsOnDisk()).toEqual(pids());
});

test("the environment of each life may differ", async () => {
  const { start, pids } = await open();
  let life = 0;
  const spec = scripted("one", `console.log("life " + process.env.LIFE); ${IDLE}`);
  await start([{ ...spec, env: () => ({ LIFE: `${++life}` }) }]);
  process.kill(pids().one!, "SIGKILL");
  await vi.waitFor(() => expect(log("one")).toBe("life 1\nlife 2\n"), { timeout: 5_000 });
});

test("stopping ends what was started last first, kills what does not listen, and leaves nothing", async () => {
  const { start, pids, stop } = await open();
  const order = join(dataDir, "order");
  const polite = (name: string): SupervisedSpec =>
    scripted(
      name,
      `process.on("SIGTERM", () => { require("fs").appendFileSync(${JSON.stringify(order)}, "${name} "); process.exit() }); ${IDLE}`,
    );
  await start([polite("server")]);
  await start([polite("stage"), scripted("deaf", `process.on("SIGTERM", () => {}); ${IDLE}`)]);
  const all = pids();
  const began = performance.now();
  await stop();
  expect(performance.now() - began).toBeLessThan(5_000);
  expect(readFileSync(order, "utf8")).toBe("stage server ");
  expect(said).toEqual(["deaf did not end within 3.0 s and was killed"]);
  for (const name of ["server", "stage", "deaf"]) expect(await isAlive(all[name]!)).toBe(false);
  expect(existsSync(join(dataDir, "pids.json"))).toBe(false);
}, 15_000);

test("a halted process stays down until it is resumed", async () => {
  const { start, pids, halt, resume } = await open();
  await start([scripted("one", IDLE)]);
  const before = pids().one!;
  await halt("one");
  expect(await isAlive(before)).toBe(false);
  expect(pids()).toEqual({ launcher: process.pid });
  await resume("one");
  expect(await isAlive(pids().one!)).toBe(true);
  expect(said).toEqual([]);
});

test("a process that gives up at its first start fails it with its last words", async () => {
  const { start } = await open();
  const spec = scripted("one", `console.error("error: no such realm"); process.exit(3)`);
  const failure = await start([spec]).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(NotReadyError);
  expect(String(failure)).toMatch(
    /one ended \(exit code 3\) before it was ready: error: no such realm \(log: /,
  );
});

test("stopping during a start ends it at once", async () => {
  const { start, stop } = await open();
  const spec = scripted("one", IDLE);
  const starting = start([{ ...spec, probe: async () => false }]).catch((error: unknown) => error);
  await vi.waitFor(() => expect(pidsOnDisk().one).toBeGreaterThan(0), { timeout: 5_000 });
  const pid = pidsOnDisk().one!;
  await stop();
  expect(await starting).toBeInstanceOf(NotReadyError);
  expect(await isAlive(pid)).toBe(false);
});

test("two launchers cannot share a data folder", async () => {
  await open();
  const second = await supervise({ dataDir, say: () => {} }).catch((error: unknown) => error);
  expect(second).toBeInstanceOf(LocalSetupError);
  expect(String(second)).toContain(`process ${process.pid}`);
});

test("what a killed launcher left behind is ended, and a stranger with a recycled number is not", async () => {
  const leftover = spawn(process.execPath, ["-e", IDLE], { stdio: "ignore" });
  const stranger = spawn(process.execPath, ["-e", IDLE], { stdio: "ignore" });
  try {
    await mkdir(dataDir, { recursive: true });
    await writeFile(
      join(dataDir, "supervised.json"),
      JSON.stringify({
        launcher: { pid: stranger.pid, identity: "another boot" },
        simulator: { pid: leftover.pid, identity: await identityOf(leftover.pid!) },
        nats: { pid: stranger.pid, identity: "another boot" },
      }),
    );
    await open();
    expect(await isAlive(leftover.pid!)).toBe(false);
    expect(await isAlive(stranger.pid!)).toBe(true);
    expect(said).toEqual([`ending what an earlier launcher left behind: simulator (${leftover.pid})`]);
  } finally {
    leftover.kill("SIGKILL");
    stranger.kill("SIGKILL");
  }
});

test("a data folder that can't be made, or is a file, ends with a sentence that says what to set", async () => {
  const file = join(dataDir, "a-file");
  await writeFile(file, "");
  for (const folder of ["/proc/no-such-process/data", file, join(file, "below")])
    await expect(supervise({ dataDir: folder, say: () => {} })).rejects.toThrow(
      /^The data folder .* can't be made .*: set DATA_DIR/,
    );
});
