/**
 * `npm run bench -- feed`: how fast frames reach clients, against bare `uWS.publish`, `ws` and Socket.IO in the same run; how
 * late they are after a commit; what a connection, a reconnect storm and clients that never read cost; and what deltas save.
 * Every process has a core's worth of work, so on two cores the load generator and the kernel take their part of each rate: the
 * server's CPU per delivered frame compares what the rates can't.
 */

import { median } from "../tools/median.ts";
import { measureBandwidth } from "./feed/bandwidth.ts";
import { DEAF_CLIENTS, measureDeaf, measurePaced } from "./feed/paced.ts";
import type { Kind } from "./feed/peers.ts";
import { measureStorm } from "./feed/storm.ts";
import { measureUnpaced, type Unpaced } from "./feed/unpaced.ts";

export type FeedOptions = {
  /** Numbers of connections; the last is the largest. */
  clients: number[];
  /** Connections at which `ws` and Socket.IO are measured too. */
  peerClients: number;
  deafClients?: number;
  seconds: number;
  rounds: number;
  say: (line: string) => void;
};

export async function benchFeed({
  clients,
  peerClients,
  deafClients = DEAF_CLIENTS,
  seconds,
  rounds,
  say,
}: FeedOptions) {
  const compared = new Map<number, Measured>();
  const compareAt = async (count: number, kinds: readonly Kind[], times: number) => {
    const measured = await compare(kinds, count, { seconds, rounds: times, say });
    compared.set(count, measured);
    for (const kind of kinds.filter((kind) => kind !== "feed"))
      say(`feed / ${kind}, ${count} clients: ${told(ratioTo(measured, kind))} (target ${TARGETS[kind]})`);
  };
  await compareAt(peerClients, KINDS, rounds);
  for (const count of clients.slice(0, -1)) await compareAt(count, ["feed", "bare"], rounds);
  // A turn of the slow ones takes seconds there.
  await compareAt(clients.at(-1)!, KINDS, 1);
  for (const count of clients) {
    const { p50, p99, rssBytes, kernelBytes, cpuUs } = await measurePaced(count, seconds);
    const kernel = kernelBytes === undefined ? "not told" : `${kilo(kernelBytes)} KB`;
    say(
      `commit to client, ${count} clients, 4 ticks/s: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms; a connection ` +
        `${kilo(rssBytes)} KB, in the kernel ${kernel}; ${cpuUs.toFixed(1)} µs of server CPU per frame`,
    );
  }
  const storm = await measureStorm(clients.at(-1)!);
  say(
    `reconnect storm: ${storm.resumed} of ${storm.clients} resumed in ${storm.seconds.toFixed(1)} s (target 10 s), ` +
      `${storm.gaps} gaps, ${storm.resyncs} resyncs, no Postgres at all`,
  );
  const deaf = await measureDeaf(seconds, deafClients);
  say(
    `of ${deafClients} clients 5 % never read: p99 of the others ${deaf.p99With.toFixed(1)} ms, without them ` +
      `${deaf.p99Without.toFixed(1)} ms; the process ${mega(deaf.rssWith)} MB, without ${mega(deaf.rssWithout)} MB`,
  );
  const bandwidth = await Promise.all([900, 3].map(measureBandwidth));
  const [slow, quick] = bandwidth.map(({ deltaBytes, snapshotBytes }) => snapshotBytes / deltaBytes);
  say(
    `recorded hour, snapshots / deltas: ${slow!.toFixed(1)} at a tick every 900 s, ${quick!.toFixed(1)} every 3 s (target 10)`,
  );
  return { compared, storm, deaf, bandwidth };
}

const KINDS = ["feed", "bare", "ws", "socket.io"] as const;
/** Of frames per second at 2 000 clients; `bare` is `uWS.publish` of the same bytes. */
const TARGETS = { feed: 1, bare: 0.85, ws: 4, "socket.io": 15 } as const;

type Measured = Map<Kind, Unpaced>;
type Ratio = { rate: number; cpu: number };

/** Medians of rounds in which each kind is measured in turn. */
async function compare(
  kinds: readonly Kind[],
  clients: number,
  { seconds, rounds, say }: Pick<FeedOptions, "seconds" | "rounds" | "say">,
): Promise<Measured> {
  const runs = new Map(kinds.map((kind) => [kind, [] as Unpaced[]]));
  for (let round = 1; round <= rounds; round++) {
    for (const kind of kinds) runs.get(kind)!.push(await measureUnpaced(kind, clients, seconds));
    const line = kinds.map((kind) => {
      const { rate, cpuUs } = runs.get(kind)!.at(-1)!;
      return `${kind} ${Math.round(rate).toLocaleString("en-US")}/s (${cpuUs.toFixed(2)} µs)`;
    });
    say(`${clients} clients, round ${round}: ${line.join(", ")}`);
  }
  return new Map(
    [...runs].map(([kind, all]) => [
      kind,
      {
        rate: median(all.map(({ rate }) => rate)),
        cpuUs: median(all.map(({ cpuUs }) => cpuUs)),
        bytes: all[0]!.bytes,
      },
    ]),
  );
}

/** How many times as fast the feed is as another, and how many times less CPU a frame takes. */
function ratioTo(measured: Measured, kind: Kind): Ratio {
  const [feed, other] = [measured.get("feed")!, measured.get(kind)!];
  return { rate: feed.rate / other.rate, cpu: other.cpuUs / feed.cpuUs };
}

const told = ({ rate, cpu }: Ratio) =>
  `${rate.toFixed(2)} of frames/s, ${cpu.toFixed(2)} by server CPU per frame`;
const kilo = (bytes: number) => (bytes / 1_024).toFixed(1);
const mega = (bytes: number) => Math.round(bytes / 2 ** 20);
