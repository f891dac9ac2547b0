import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const DEMO = fileURLToPath(new URL("./main.ts", import.meta.url));
const FREE_PORTS = Object.fromEntries(
  ["FEED", "INGEST", "NORMALIZER", "SIMULATOR", "BROADCASTER", "ARCHIVE", "PROVISION"].map((name) => [
    `${name}_PORT`,
    "0",
  ]),
);
let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "amoisekai-demo-"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

type Demo = { child: ChildProcess; output(): string; ended: Promise<number | null> };

function demo(args: string[], environment: Record<string, string> = {}): Demo {
  const child = spawn(process.execPath, [DEMO, ...args], {
    env: { PATH: process.env.PATH, ...FREE_PORTS, TICK_SECONDS: "1", DATA_DIR: dataDir, ...environment },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, output: () => output, ended };
}

const alive = (pid: number): boolean => existsSync(`/proc/${pid}`);

test("a demo of 16 ticks shows a flip, a trigger, the same hashes and an agreeing ledger", async () => {
  const { ended, output } = demo(["--ticks", "16"]);
  const code = await ended;
  expect(output()).toMatch(/\ntick \d+ · in \d+ · accepted \d+ · .* controllers crown_fields /);
  expect(output()).toMatch(/\n✓ a territory changed its controller/);
  expect(output()).toMatch(/\n✓ a trigger fired \(.*age_of_iron/);
  expect(output()).toMatch(/\n✓ the replay of the stream gave the same hashes/);
  expect(output()).toMatch(/\n✓ ledger and state agree/);
  expect(code).toBe(0);
}, 120_000);

test("Ctrl-C ends every process of a demo within 5 s, and that is no failure", async () => {
  const { child, ended, output } = demo([]);
  while (!output().includes("\ntick ")) await delay(50);
  const pids = Object.values(
    JSON.parse(readFileSync(join(dataDir, "pids.json"), "utf8")) as Record<string, number>,
  );
  expect(pids.length).toBeGreaterThanOrEqual(9);
  child.kill("SIGINT");
  const stoppedMs = Date.now();
  expect(await ended).toBe(0);
  expect(Date.now() - stoppedMs).toBeLessThan(5_000);
  expect(pids.filter(alive)).toEqual([]);
  expect(output()).toContain("the world stands at tick");
}, 60_000);

test("what can't work ends in one sentence", async () => {
  const words = demo(["--ticks", "many"]);
  expect(await words.ended).toBe(2);
  expect(words.output()).toBe("--ticks needs a whole number, 1 or more, not many\n");

  const server = createServer();
  const port = await new Promise<number>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
  );
  const taken = demo([], { FEED_PORT: `${port}` });
  expect(await taken.ended).toBe(1);
  server.close();
  expect(taken.output()).toMatch(new RegExp(`^Port ${port} \\(FEED_PORT\\) is taken: .*\\n$`));
}, 60_000);
