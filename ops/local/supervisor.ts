/**
 * Keeps processes running: starts them, restarts a process that dies, with a line in the output, and ends all of them in reverse order.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  describeExit,
  hasEnded,
  NotReadyError,
  type ProcessSpec,
  type Running,
  STOP_GRACE_MS,
  spawnProcess,
  untilReady,
} from "./launch.ts";
import { claimDataDir, type PidFile } from "./pid-file.ts";
import { signalTo } from "./processes.ts";

/** Everything has ended this long after `stop`, ms: a person who pressed Ctrl-C is waiting. */
const STOP_ALL_MS = 4_500;
const LAST_GRACE_MS = 250;
/** The pause before a process is started again, ms; it doubles while the process dies before it answers. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
/** Starts of a new process that may end before it answers: what an earlier one held may be on its way to being free. */
const FIRST_ATTEMPTS = 3;
const FIRST_ATTEMPTS_PAUSE_MS = 300;

/** A process whose environment may differ from start to start. */
export interface SupervisedSpec extends Omit<ProcessSpec, "env"> {
  env?: ProcessSpec["env"] | (() => NonNullable<ProcessSpec["env"]>);
}

export interface Supervisor {
  /**
   * Starts these processes together and waits until each answers; from then on a process that dies is started again.
   * Throws `NotReadyError` when one ends by itself or keeps silent instead; `stop` is then the caller's next step.
   */
  start(specs: readonly SupervisedSpec[]): Promise<void>;
  /** Ends one process and leaves it down. */
  halt(name: string): Promise<void>;
  /** Starts a halted process again and waits until it answers. */
  resume(name: string): Promise<void>;
  /** Every living process by name, the launcher among them. */
  pids(): Record<string, number>;
  /** Ends all processes, those started last first, within 5 s. */
  stop(): Promise<void>;
}

/** Takes a data folder, and ends what a killed launcher left there. Throws `LocalSetupError` when one is at work on it. */
export async function supervise(options: {
  dataDir: string;
  say: (line: string) => void;
}): Promise<Supervisor> {
  const pidFile = await claimDataDir(options.dataDir, options.say);
  const levels: Supervised[][] = [];
  const all = (): Supervised[] => levels.flat();
  const find = (name: string): Supervised => {
    const found = all().find((one) => one.spec.name === name);
    if (!found) throw new Error(`no process is named ${name}`);
    return found;
  };
  let stopping: Promise<void> | undefined;

  // The last resort, when the launcher ends without `stop`: no orphans.
  const killAll = (): void => {
    for (const one of all()) if (one.pid !== undefined) signalTo(one.pid, "SIGKILL");
  };
  process.on("exit", killAll);

  const stopAll = async (): Promise<void> => {
    const deadline = performance.now() + STOP_ALL_MS;
    for (const level of levels.toReversed()) {
      const graceMs = Math.min(STOP_GRACE_MS, Math.max(LAST_GRACE_MS, deadline - performance.now()));
      await Promise.all(level.map((one) => one.stop(graceMs)));
    }
    process.off("exit", killAll);
    pidFile.close();
  };

  return {
    async start(specs) {
      if (stopping) throw new NotReadyError("the stack is being stopped");
      const level = specs.map((spec) => new Supervised(spec, pidFile, options.say));
      levels.push(level);
      await Promise.all(level.map((one) => one.start()));
    },
    halt: (name) => find(name).stop(STOP_GRACE_MS),
    resume: (name) => find(name).start(),
    pids: () => pidFile.pids(),
    stop() {
      stopping ??= stopAll();
      return stopping;
    },
  };
}

class Supervised {
  readonly spec: SupervisedSpec;
  readonly #pidFile: PidFile;
  readonly #say: (line: string) => void;
  #running: Running | undefined;
  #kept: Promise<void> = Promise.resolve();
  /** Aborted when it is to stay down. */
  #end = new AbortController();

  constructor(spec: SupervisedSpec, pidFile: PidFile, say: (line: string) => void) {
    this.spec = spec;
    this.#pidFile = pidFile;
    this.#say = say;
  }

  get pid(): number | undefined {
    return this.#running?.pid;
  }

  start(): Promise<void> {
    this.#end = new AbortController();
    const ready = Promise.withResolvers<void>();
    this.#kept = this.#keep(this.#end.signal, ready);
    return ready.promise;
  }

  async stop(graceMs: number): Promise<void> {
    this.#end.abort();
    const outcome = await this.#running?.stop(graceMs);
    if (outcome?.killed)
      this.#say(`${this.spec.name} did not end within ${(graceMs / 1_000).toFixed(1)} s and was killed`);
    await this.#kept;
  }

  /** One life after the other, until `end`. Settles `ready` with the outcome of the first start. */
  async #keep(end: AbortSignal, ready: PromiseWithResolvers<void>): Promise<void> {
    try {
      await this.#startFirst(end);
      ready.resolve();
    } catch (error) {
      ready.reject(error);
      return;
    }
    for (let pauseMs = FIRST_PAUSE_MS; ; ) {
      const exit = await this.#running?.exited;
      this.#bury();
      if (end.aborted) return;
      await sleep(pauseMs, undefined, { signal: end }).catch(() => {});
      if (end.aborted) return;
      const answers = await this.#startAgain(end, exit ? describeExit(exit) : "could not be run");
      pauseMs = answers ? FIRST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  /** Throws when it doesn't come to answer; then it is not running. */
  async #startFirst(end: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const { spec, running } = await this.#spawn();
      try {
        if (end.aborted) throw new NotReadyError(`${spec.name} is being stopped`);
        return await untilReady(spec, running);
      } catch (error) {
        const ended = hasEnded(running);
        await running.kill();
        this.#bury();
        if (!ended || attempt === FIRST_ATTEMPTS || end.aborted) throw error;
      }
      await sleep(FIRST_ATTEMPTS_PAUSE_MS);
    }
  }

  /** True when it answers again. */
  async #startAgain(end: AbortSignal, epitaph: string): Promise<boolean> {
    try {
      const { spec, running } = await this.#spawn();
      if (end.aborted) await running.stop(LAST_GRACE_MS);
      else this.#say(`${spec.name} died (${epitaph}), started again`);
      await untilReady(spec, running);
      return true;
    } catch {
      return false;
    }
  }

  async #spawn(): Promise<{ spec: ProcessSpec; running: Running }> {
    const { env, ...rest } = this.spec;
    const given = typeof env === "function" ? env() : env;
    const spec: ProcessSpec = { ...rest, ...(given && { env: given }) };
    const running = await spawnProcess(spec);
    this.#running = running;
    await this.#pidFile.add(spec.name, running.pid);
    return { spec, running };
  }

  #bury(): void {
    this.#running = undefined;
    this.#pidFile.remove(this.spec.name);
  }
}
