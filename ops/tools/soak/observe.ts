/** What a running stack costs at a moment: each process by /proc, NATS by its own API, the stages by their metrics. Linux only. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Bus } from "../../../shared/stream/bus.ts";
import { samplesOf } from "../../simulation/demo/figures.ts";

type ProcessCost = {
  /** Resident memory, bytes. */
  rssBytes: number;
  /** CPU time since the process began, ms. */
  cpuMs: number;
  sockets: number;
};

export type Observation = {
  /** Milliseconds of this process' clock. */
  atMs: number;
  processes: Record<string, ProcessCost>;
  /** JetStream consumers of all streams and buckets. */
  consumers: number;
  streams: number;
  /** Bytes and messages that all streams hold. */
  storedBytes: number;
  messages: number;
  /** Requests to JetStream's API since the observer began, pulls of consumers and the observer's own aside. */
  apiRequests: number;
  /** Messages that stages and archive haven't taken, over all realms. */
  lag: number;
};

/** Clock ticks a second of /proc/<pid>/stat, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const LAGS = new Set(["amoi_stage_lag_messages", "amoi_archive_lag_messages"]);
const OWN = "$JS.API.STREAM.LIST";

/** What a process costs; undefined once it is gone. */
function costOf(pid: number): ProcessCost | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    // The name, in brackets, may hold anything; utime and stime are the 12th and 13th field after it.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const folder = `/proc/${pid}/fd`;
    return {
      rssBytes: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1_024,
      cpuMs: ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND,
      sockets: readdirSync(folder).filter((name) => isSocket(`${folder}/${name}`)).length,
    };
  } catch {
    return undefined;
  }
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith("socket:");
  } catch {
    return false;
  }
}

export class Observer {
  readonly #bus: Bus;
  readonly #pids: () => Record<string, number>;
  readonly #pages: readonly string[];
  #apiRequests = 0;

  /**
   * `bus`: of a user who may list streams and hear `$JS.API.>`; `pids`: the processes by name, asked each time; `pages`: URLs of
   * the stages' `/metrics`.
   */
  constructor(bus: Bus, pids: () => Record<string, number>, pages: readonly string[]) {
    this.#bus = bus;
    this.#pids = pids;
    this.#pages = pages;
    bus.nc.subscribe("$JS.API.>", {
      callback: (error, { subject }) => {
        if (error === null && subject !== OWN && !subject.includes(".CONSUMER.MSG.NEXT."))
          this.#apiRequests++;
      },
    });
  }

  async observe(): Promise<Observation> {
    const sums = { consumers: 0, streams: 0, storedBytes: 0, messages: 0 };
    for await (const { state } of this.#bus.jsm.streams.list()) {
      sums.streams++;
      sums.consumers += state.consumer_count;
      sums.storedBytes += state.bytes;
      sums.messages += state.messages;
    }
    const costs = Object.entries(this.#pids()).map(([name, pid]) => [name, costOf(pid)] as const);
    const processes = costs.flatMap(([name, cost]) => (cost === undefined ? [] : [[name, cost] as const]));
    return {
      atMs: performance.now(),
      processes: Object.fromEntries(processes),
      ...sums,
      apiRequests: this.#apiRequests,
      lag: await this.#lag(),
    };
  }

  async #lag(): Promise<number> {
    let lag = 0;
    for (const page of this.#pages) {
      const answer = await fetch(page, { signal: AbortSignal.timeout(5_000) });
      for (const { name, value } of samplesOf(await answer.text())) if (LAGS.has(name)) lag += value;
    }
    return lag;
  }
}
