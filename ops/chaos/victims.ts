/** The processes that a chaos run kills: each is started again with the next plan, and its deaths are counted by place. */
import { join } from "node:path";
import type { CrashPoint } from "../../shared/process/crash.ts";
import { type ProcessSpec, type Running, spawnProcess } from "../local/launch.ts";
import { STAGE_FLAGS } from "../local/runtime.ts";
import type { Chance } from "../simulation/story/chance.ts";
import { asItself } from "../testing/stages.ts";

export type VictimSpec = {
  name: string;
  entry: string;
  points: readonly CrashPoint[];
  /** Passages of a point before it kills, at most: rare ones must come early to come at all. */
  passages: number;
};

/** Every stage with the crash points that it passes. */
export const VICTIMS: readonly VictimSpec[] = [
  {
    name: "ingest",
    entry: "ingest/main.ts",
    points: ["before_read", "after_read", "before_commit", "after_commit"],
    passages: 20,
  },
  {
    name: "normalizer",
    entry: "normalizer/main.ts",
    points: ["before_read", "after_read", "before_commit", "after_commit", "before_flush", "after_flush"],
    passages: 3,
  },
  {
    name: "simulator",
    entry: "simulator/main.ts",
    points: [
      "before_read",
      "after_read",
      "before_commit",
      "after_commit",
      "before_snapshot",
      "after_snapshot",
    ],
    passages: 2,
  },
  {
    name: "archive",
    entry: "simulator/archive/main.ts",
    points: ["before_archive", "after_archive"],
    passages: 4,
  },
];

export class Victim {
  readonly name: string;
  readonly #spec: VictimSpec;
  readonly #dir: string;
  readonly #env: Record<string, string>;
  readonly #chance: Chance;
  readonly #kills: Map<string, number>;
  #running: Running | undefined;
  /** Where the death under way was ordered, when not by the plan. */
  #place: string | undefined;

  constructor(
    spec: VictimSpec,
    options: { dir: string; env: Record<string, string>; chance: Chance; kills: Map<string, number> },
  ) {
    this.name = spec.name;
    this.#spec = spec;
    this.#dir = options.dir;
    this.#env = options.env;
    this.#chance = options.chance;
    this.#kills = options.kills;
  }

  /** Starts it, and again after each death, until the signal. Unplanned deaths end the run. */
  async live(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const plan = this.#chance.within([1, 8]) === 1 ? undefined : this.#chance.pick(this.#spec.points);
      await this.#start(plan);
      const exit = await Promise.race([this.#running!.exited, ended(signal)]);
      if (exit === undefined) break;
      if (exit.signal !== "SIGKILL")
        throw new Error(`${this.name} ended by itself: ${exit.signal ?? exit.code}`);
      const place = this.#place ?? plan ?? "random";
      this.#place = undefined;
      count(this.#kills, `${this.name} ${place}`);
    }
  }

  /** `kill -9`, wherever it is. */
  killAnywhere(): void {
    if (this.#running === undefined) return;
    this.#place = "random";
    this.#running.process.kill("SIGKILL");
  }

  /** Starts it once more, to drain, without a plan. */
  async revive(): Promise<void> {
    if (this.#running?.process.exitCode === null && this.#running.process.signalCode === null)
      await this.#running.kill();
    await this.#start(undefined);
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
  }

  async #start(plan: CrashPoint | undefined): Promise<void> {
    // Reading begins once per start; everything else comes by again.
    const passages = plan === "before_read" ? 1 : this.#chance.within([1, this.#spec.passages]);
    const spec: ProcessSpec = {
      name: this.name,
      command: process.execPath,
      args: [...STAGE_FLAGS, this.#spec.entry],
      cwd: join(import.meta.dirname, "../.."),
      env: {
        ...process.env,
        ...asItself(this.#spec.entry, this.#env),
        ...(plan === undefined ? {} : { AMOI_CRASH_AT: `${plan}:${passages}` }),
      },
      logFile: join(this.#dir, "logs", `${this.name}.log`),
      probe: async () => true,
    };
    this.#running = await spawnProcess(spec);
  }
}

export const count = (kills: Map<string, number>, place: string): void => {
  kills.set(place, (kills.get(place) ?? 0) + 1);
};

const ended = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
