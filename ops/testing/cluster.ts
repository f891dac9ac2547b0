/** Three real NATS servers in one cluster, for tests and chaos: each can be killed and started again, and leaders can be placed. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Bus, jetStreamApi, openBus } from "../../shared/stream/bus.ts";
import type { LocalServer } from "../local/nats.ts";
import { pickPort } from "../local/ports.ts";
import { startProvisioning, startTestNats, urlOf } from "./nats.ts";

export type TestCluster = {
  /** Every server's address, comma-separated, for the user `provision`. */
  natsUrl: string;
  /** The same for the servers' monitors. */
  monitorUrl: string;
  bus: Bus;
  /** `kill -9`. */
  kill(server: number): Promise<void>;
  /** Starts a server that was killed, on its own folder. */
  start(server: number): Promise<void>;
  /** Which server leads the stream now; `undefined` while none does. */
  leaderOf(stream: string): Promise<number | undefined>;
  /** Moves a stream's leader there. */
  lead(stream: string, server: number): Promise<void>;
  /** Waits until every stream has a leader and no replica is behind. */
  whole(): Promise<void>;
  close(): Promise<void>;
};

const SERVERS = [0, 1, 2];
const PATIENCE_MS = 60_000;
const API_TIMEOUT_MS = 2_000;

export async function testCluster(options: { syncAlways?: boolean } = {}): Promise<TestCluster> {
  const dir = await mkdtemp(join(tmpdir(), "amoisekai-cluster-"));
  const ports = await Promise.all(SERVERS.map(() => pickPort()));
  const routes = await Promise.all(SERVERS.map(() => pickPort()));
  const monitors = await Promise.all(SERVERS.map(() => pickPort()));
  const running: (LocalServer | undefined)[] = [];
  const start = async (server: number) => {
    running[server] = await startTestNats({
      dir: join(dir, `n${server}`),
      port: ports[server]!,
      serverName: `n${server}`,
      cluster: {
        name: "test",
        port: routes[server]!,
        routes: routes.map((port) => `nats://127.0.0.1:${port}`),
      },
      monitorPort: monitors[server]!,
      syncAlways: options.syncAlways ?? true,
    });
  };
  // The servers have process groups of their own: a run that is broken off must still take them along.
  const orphaned = () => {
    for (const server of running) server?.process.kill("SIGKILL");
  };
  process.once("exit", orphaned);
  await Promise.all(SERVERS.map(start));
  const natsUrl = urlOf(ports.map((port) => `127.0.0.1:${port}`).join(","), "provision");
  const bus = await openBus({ natsUrl, name: "test" });
  startProvisioning(bus, SERVERS.length);
  const infos = async () => {
    const found = [];
    for await (const info of bus.jsm.streams.list()) found.push(info);
    return found;
  };
  const leaderOf = async (stream: string) => {
    const leader = await bus.jsm.streams.info(stream).then(
      ({ cluster }) => cluster?.leader,
      () => undefined,
    );
    return leader === undefined ? undefined : Number(leader.slice(1));
  };
  const cluster: TestCluster = {
    natsUrl,
    monitorUrl: monitors.map((port) => `http://127.0.0.1:${port}`).join(","),
    bus,
    start,
    kill: async (server) => {
      await running[server]?.kill();
      running[server] = undefined;
    },
    leaderOf,
    lead: (stream, server) =>
      within(`n${server} leads ${stream}`, async () => {
        if ((await leaderOf(stream)) === server) return true;
        const placement = { preferred: `n${server}` };
        await jetStreamApi(bus, `STREAM.LEADER.STEPDOWN.${stream}`, { placement }, API_TIMEOUT_MS);
        await delay(100);
        return (await leaderOf(stream)) === server;
      }),
    whole: () =>
      within("every stream has all its replicas", async () => {
        const found = await infos();
        return found.every(
          ({ cluster: { leader, replicas = [] } = {}, config }) =>
            leader !== undefined &&
            replicas.length === config.num_replicas - 1 &&
            replicas.every(({ current, offline }) => current && offline !== true),
        );
      }),
    close: async () => {
      process.off("exit", orphaned);
      await bus.close().catch(() => {});
      await Promise.all(running.map((server) => server?.kill()));
      await rm(dir, { recursive: true, force: true });
    },
  };
  try {
    await within("JetStream answers", async () => (await bus.jsm.getAccountInfo()) !== undefined);
  } catch (error) {
    await cluster.close();
    throw error;
  }
  return cluster;
}

/** Waits until it is so; what fails meanwhile is tried again. */
async function within(what: string, isSo: () => Promise<boolean>): Promise<void> {
  let last: unknown;
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await delay(100)) {
    const so = await isSo().catch((error: unknown) => {
      last = error;
      return false;
    });
    if (so) return;
  }
  throw new Error(`not within ${PATIENCE_MS / 1_000} s: ${what}`, { cause: last });
}
