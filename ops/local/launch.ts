/** One process of the local stack: started, waited for until it answers, ended. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync } from "node:fs";
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
  /** Asks it to end, and kills it after `graceMs`. Answers whether it had to be killed. */
  stop(graceMs?: number): Promise<{ killed: boolean }>;
  /** `kill -9`, and waits until it is gone. */
  kill(): Promise<void>;
  /** The last line of its log that a person should read. */
  lastWords(): string;
}

export const STOP_GRACE_MS = 3_000;
const READY_TIMEOUT_MS = 30_000;

/** A process ended, or kept silent, before it answered. The message ends with the last words of its log. */
export class NotReadyError extends Error {}

/** Starts the process without waiting for it. Throws when the command cannot be run at all. */
export async function spawnProcess(spec: ProcessSpec): Promise<Running> {
  mkdirSync(dirname(spec.logFile), { recursive: true });
  const log = openSync(spec.logFile, "a");
  const logStart = fstatSync(log).size;
  const child = spawn(spec.command, spec.args, {
    // A group of its own: Ctrl-C reaches the launcher alone, which ends its processes in order.
    detached: true,
    // Straight to the file: the log needs no living launcher.
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
    child.once("error", (error) =>
      reject(new NotReadyError(`${spec.name} could not be started: ${error.message}`)),
    );
  });
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  const stop = async (graceMs = STOP_GRACE_MS): Promise<{ killed: boolean }> => {
    let killed = false;
    child.kill(spec.stopSignal ?? "SIGTERM");
    const late = setTimeout(() => {
      killed = child.kill("SIGKILL");
    }, graceMs);
    await exited;
    clearTimeout(late);
    return { killed };
  };
  const lastWords = (): string => `${lastLine(spec.logFile, logStart)} (log: ${spec.logFile})`;
  return { pid: child.pid!, process: child, exited, stop, kill, lastWords };
}

/** Waits until the process answers. Throws `NotReadyError` when it ends first or takes too long; it is not ended then. */
export async function untilReady(spec: ProcessSpec, running: Running): Promise<void> {
  const timeoutMs = spec.readyTimeoutMs ?? READY_TIMEOUT_MS;
  const deadline = performance.now() + timeoutMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 1.5, 100)) {
    if (await spec.probe(running.pid).catch(() => false)) return;
    if (hasEnded(running)) {
      const exit = describeExit(await running.exited);
      throw new NotReadyError(`${spec.name} ended (${exit}) before it was ready: ${running.lastWords()}`);
    }
    if (performance.now() > deadline)
      throw new NotReadyError(
        `${spec.name} did not answer within ${timeoutMs / 1_000} s: ${running.lastWords()}`,
      );
    await sleep(pauseMs);
  }
}

/**
 * Starts the process and waits until it answers, trying again when it ends at once: what an earlier process of that
 * name held, memory or a port, may be on its way to being free. A process that doesn't answer is ended. Throws `NotReadyError`.
 */
export async function launch(spec: ProcessSpec, attempts = 3): Promise<Running> {
  const running = await spawnProcess(spec);
  try {
    await untilReady(spec, running);
    return running;
  } catch (error) {
    const gaveUp = hasEnded(running);
    await running.kill();
    if (attempts <= 1 || !gaveUp) throw error;
  }
  await sleep(300);
  return launch(spec, attempts - 1);
}

export const hasEnded = ({ process }: Running): boolean =>
  process.exitCode !== null || process.signalCode !== null;

export const describeExit = (exit: Exit): string => exit.signal ?? `exit code ${exit.code}`;

/** The last line after `from` bytes that tells of an error, or the last line there is. */
function lastLine(file: string, from: number): string {
  const lines = readFileSync(file).subarray(from).toString().split("\n").map(plain);
  const spoken = lines.filter((line) => line !== "" && !line.startsWith("Node.js v"));
  const complaint = spoken.findLast((line) => /\b(fatal|panic)\b|^\S*error\b/i.test(line));
  return (complaint ?? spoken.at(-1) ?? "it said nothing").slice(0, 500);
}

/** What a log line says, taken out of its JSON where it is such. */
function plain(line: string): string {
  if (!line.startsWith("{")) return line.trim();
  try {
    const { msg, err }: { msg?: unknown; err?: { message?: unknown } } = JSON.parse(line);
    const said = [msg, err?.message].filter((part) => typeof part === "string").join(": ");
    return err ? `error: ${said}` : said;
  } catch {
    return line.trim();
  }
}
