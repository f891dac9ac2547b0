/** One process of the local stack: started, waited for until it answers, ended. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface ProcessSpec {
  name: string;
  command: string;
  args: string[];
  /** The whole environment of the process; absent: the launcher's own. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  uid?: number;
  gid?: number;
  /** Standard output and error are appended here. */
  logFile: string;
  /** True when the process answers. Polled after each start; may throw while it doesn't. */
  probe(pid: number): Promise<boolean>;
  /** How long it may take until it answers, ms. */
  readyTimeoutMs?: number;
  /** What asks it to end in good order. */
  stopSignal?: NodeJS.Signals;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface Running {
  pid: number;
  process: ChildProcess;
  /** Resolves when the process has ended, by whatever cause. */
  exited: Promise<Exit>;
  /** Asks it to end, and kills it after `graceMs`. */
  stop(graceMs?: number): Promise<void>;
  /** `kill -9`, and waits until it is gone. */
  kill(): Promise<void>;
}

export const STOP_GRACE_MS = 3_000;
const READY_TIMEOUT_MS = 30_000;

/** A process ended, or kept silent, before it answered. The message ends with the last words of its log. */
export class NotReadyError extends Error {}

/** Starts the process without waiting for it. Throws when the command cannot be run at all. */
export async function spawnProcess(spec: ProcessSpec): Promise<Running> {
  mkdirSync(dirname(spec.logFile), { recursive: true });
  const log = openSync(spec.logFile, "a");
  const child = spawn(spec.command, spec.args, {
    // A group of its own: Ctrl-C reaches the launcher alone, which ends its processes in order.
    detached: true,
    stdio: ["ignore", log, log],
    ...(spec.env && { env: spec.env }),
    ...(spec.cwd !== undefined && { cwd: spec.cwd }),
    ...(spec.uid !== undefined && { uid: spec.uid }),
    ...(spec.gid !== undefined && { gid: spec.gid }),
  });
  closeSync(log);
  const exited = new Promise<Exit>((resolve) =>
    child.once("exit", (code, signal) => resolve({ code, signal })),
  );
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  child.on("error", () => {});
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  const stop = async (graceMs = STOP_GRACE_MS): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(spec.stopSignal ?? "SIGTERM");
    const grace = new AbortController();
    const patience = sleep(graceMs, "late" as const, { signal: grace.signal }).catch(() => "late" as const);
    if ((await Promise.race([exited, patience])) === "late") await kill();
    grace.abort();
  };
  return { pid: child.pid!, process: child, exited, stop, kill };
}

/** Waits until the process answers. Throws `NotReadyError` when it ends first or takes too long; it is not ended then. */
export async function untilReady(spec: ProcessSpec, running: Running): Promise<void> {
  const timeoutMs = spec.readyTimeoutMs ?? READY_TIMEOUT_MS;
  const deadline = Date.now() + timeoutMs;
  let ended: Exit | undefined;
  running.exited.then((exit) => {
    ended = exit;
  });
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 1.5, 100)) {
    if (await spec.probe(running.pid).catch(() => false)) return;
    if (ended) {
      throw new NotReadyError(
        `${spec.name} ended (${describeExit(ended)}) before it was ready: ${lastWords(spec)}`,
      );
    }
    if (Date.now() > deadline) {
      throw new NotReadyError(`${spec.name} did not answer within ${timeoutMs} ms: ${lastWords(spec)}`);
    }
    await sleep(pauseMs);
  }
}

/** Starts the process and waits until it answers; a process that doesn't is ended. Throws `NotReadyError`. */
export async function launch(spec: ProcessSpec): Promise<Running> {
  const running = await spawnProcess(spec);
  try {
    await untilReady(spec, running);
    return running;
  } catch (error) {
    await running.kill();
    throw error;
  }
}

export const describeExit = (exit: Exit): string => exit.signal ?? `exit code ${exit.code}`;

function lastWords(spec: ProcessSpec): string {
  const lines = readFileSync(spec.logFile, "utf8").trimEnd().split("\n");
  return `${lines.at(-1)?.slice(0, 500) || "it said nothing"} (log: ${spec.logFile})`;
}
