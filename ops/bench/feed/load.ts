/** The load generator, a process: thousands of raw sockets that read, count and time frames, and nothing more. */
import { setTimeout as delay } from "node:timers/promises";
import { quantile } from "../measure.ts";
import { answerAll, Child } from "./child.ts";
import { LoadClient } from "./load-client.ts";

type Connect = {
  do: "connect";
  port: number;
  path: string;
  count: number;
  /** Speaks Socket.IO's first words. */
  socketIo?: boolean;
  /** Of these, so many never read once they are connected. */
  deaf?: number;
};
type Ask =
  | Connect
  | { do: "count" | "drop" | "record" }
  | { do: "latency"; commitsMs: number[] }
  | {
      do: "resume";
      port: number;
      path: string;
      epoch: string;
      baseTick: number;
      missed: number;
      spreadMs: number;
    };
type Answers = {
  connect: number;
  /** Of the clients that read. */
  count: { reading: number; frames: number; deltas: number; others: number; closed: number };
  drop: number;
  record: number;
  latency: { p50: number; p99: number; frames: number };
  resume: { ms: number; resumed: number; gaps: number; resyncs: number };
};
export type Load = Child<Ask, Answers>;
export const startLoad = (): Load => new Child(import.meta.filename);

const AT_ONCE = 200;

if (import.meta.main) {
  let clients: LoadClient[] = [];
  const reading = () => clients.filter(({ deaf }) => !deaf);
  const sum = (of: (client: LoadClient) => number) => reading().reduce((all, client) => all + of(client), 0);

  const connect = async ({ count, deaf = 0, ...to }: Connect) => {
    const started: LoadClient[] = [];
    for (let n = 0; n < count; ) {
      const some = Array.from({ length: Math.min(AT_ONCE, count - n) }, () => new LoadClient(to));
      await Promise.all(some.map((client) => client.ready));
      started.push(...some);
      n += some.length;
    }
    for (const client of started.slice(0, deaf)) client.stopReading();
    clients.push(...started);
    return clients.length;
  };

  /** Everyone comes back within `spreadMs`, as clients of the library do, from the tick that each had. */
  const resume = async (asked: Ask & { do: "resume" }): Promise<Answers["resume"]> => {
    const startedMs = performance.now();
    const places = clients.map(({ deltas }) => asked.baseTick + deltas);
    const back = places.map(async (tick) => {
      await delay(Math.random() * asked.spreadMs);
      const client = new LoadClient({ port: asked.port, path: `${asked.path}?since=${asked.epoch}:${tick}` });
      await client.ready;
      return client;
    });
    clients = await Promise.all(back);
    const resumed = () => clients.filter(({ deltas }) => deltas >= asked.missed).length;
    while (resumed() < clients.length && performance.now() - startedMs < 60_000) await delay(10);
    return {
      ms: performance.now() - startedMs,
      resumed: resumed(),
      gaps: clients.filter(({ deltas }) => deltas !== asked.missed).length,
      resyncs: clients.filter(({ others }) => others > 0).length,
    };
  };

  answerAll<Ask>((asked) => {
    switch (asked.do) {
      case "connect":
        return connect(asked);
      case "count":
        return {
          reading: reading().length,
          frames: sum(({ frames }) => frames),
          deltas: sum(({ deltas }) => deltas),
          others: sum(({ others }) => others),
          closed: clients.filter(({ closed }) => closed).length,
        };
      case "drop":
        for (const client of clients) client.close();
        return clients.length;
      case "record":
        for (const client of clients) client.arrivals = [];
        return clients.length;
      case "latency": {
        const latencies = reading().flatMap(({ arrivals = [] }) =>
          asked.commitsMs.map((commitMs, i) => (arrivals[i] ?? Number.POSITIVE_INFINITY) - commitMs),
        );
        return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), frames: latencies.length };
      }
      case "resume":
        return resume(asked);
      default:
        return asked satisfies never;
    }
  });
}
