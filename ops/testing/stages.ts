/** Stage processes for tests and benchmarks: real entry files, free ports, and their metrics. */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pickPort } from "../local/ports.ts";
import { STAGE_FLAGS } from "../local/runtime.ts";
import { urlOf } from "./nats.ts";

const ROOT = join(import.meta.dirname, "../..");

export type StageProcess = {
  port: number;
  /** SIGTERM, and waits until it has drained. Answers its exit code. */
  stop(): Promise<number | null>;
  /** `kill -9`, and waits until it is gone. */
  kill(): Promise<void>;
  metric(name: string): Promise<number>;
};

/** Starts a stage and answers once it is healthy. `portVariable`: which variable gives it its port. */
export async function startStage(
  entry: string,
  portVariable: string,
  env: Record<string, string>,
): Promise<StageProcess> {
  const port = await pickPort();
  const child = spawn(process.execPath, [...STAGE_FLAGS, join(ROOT, entry)], {
    cwd: ROOT,
    // A test runner has a MODE of its own.
    env: {
      ...process.env,
      MODE: "local",
      AMOI_LOG_LEVEL: "warn",
      ...asItself(entry, env),
      [portVariable]: `${port}`,
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  while (
    !(await get("/healthz").then(
      (answer) => answer.ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error(`${entry} ended with ${child.exitCode}`);
    await delay(50);
  }
  return {
    port,
    stop: () => end(child),
    kill: async () => {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
    /** The sum over all labels. */
    metric: async (name) => {
      const text = await (await get("/metrics")).text();
      const lines = text
        .split("\n")
        .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
    },
  };
}

/** Whose URL of a server of the tests it is: a stage's own, so that a permission that it lacks shows. */
export function asItself(entry: string, env: Record<string, string>): Record<string, string> {
  const { NATS_URL } = env;
  if (NATS_URL === undefined || !NATS_URL.includes("@")) return env;
  return { ...env, NATS_URL: urlOf(NATS_URL, entry.split("/").at(-2)!) };
}

export type RelayProcess = { stop(): Promise<number | null>; total(): Promise<number> };

/** Starts one fold of the bare relay. */
export async function startRelay(args: string[]): Promise<RelayProcess> {
  const child = fork(join(ROOT, "ops/bench/relay.ts"), args, { cwd: ROOT, execArgv: [...STAGE_FLAGS] });
  await once(child, "message");
  return {
    stop: () => end(child),
    total: async () => {
      child.send("total");
      const [total] = (await once(child, "message")) as [number];
      return total;
    },
  };
}

async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await exited;
  clearTimeout(timer);
  return child.exitCode;
}
