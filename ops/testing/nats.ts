/** Real servers for tests: a NATS server in a folder of its own, and a wire that can be cut. */
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readEnv } from "../../shared/process/env.ts";
import { openLog } from "../../shared/process/log.ts";
import { STORY_USER, type StoryEngine, USER_NAMES } from "../../shared/stream/access.ts";
import { type Bus, openBus } from "../../shared/stream/bus.ts";
import { withUser } from "../../shared/stream/nats-connection.ts";
import { type LocalServer, type NatsOptions, startNats } from "../local/nats.ts";
import { answerProvisioning } from "../provision/service.ts";
import { accounts } from "../tools/nats-config/config.ts";

/** The same on every server of the tests, so that one user's URL gives another's. */
const passwordOf = (user: string) => `a password of ${user}: @/#%`;
/** Beside the local stack's, one that has the realm `r1` alone. */
const TEST_ENGINES: readonly StoryEngine[] = [{ name: STORY_USER }, { name: "bard", realms: ["r1"] }];
const USERS = [...USER_NAMES, ...TEST_ENGINES.map(({ name }) => name)];
const PASSWORDS = Object.fromEntries(USERS.map((user) => [user, passwordOf(user)]));

/** What the configuration of a server of the tests says of accounts. */
export const testAccounts = (): object => accounts(TEST_ENGINES, (user) => ({ password: passwordOf(user) }));

/** The URL of a server of the tests for a user. */
export const urlOf = (url: string, user: string): string => withUser(url, user, passwordOf(user));

/** A server with the accounts of production; its `url` is for the user `provision`. */
export async function startTestNats(options: NatsOptions): Promise<LocalServer> {
  const server = await startNats({ ...options, passwords: PASSWORDS, engines: TEST_ENGINES });
  return { ...server, url: urlOf(server.url, "provision") };
}

/** The provision service in this process. */
export const startProvisioning = (bus: Bus, replicas = 1) =>
  answerProvisioning(
    bus,
    { replicas, rawMaxBytes: 2 ** 28 },
    openLog(readEnv({ AMOI_LOG_LEVEL: "silent" }), "test"),
  );

export type TestNats = {
  /** For the user `provision`, as the connection is. */
  url: string;
  port: number;
  bus: Bus;
  /** The service that makes streams, buckets and readers' consumers, in this process; closed, nobody answers them. */
  provisioning: { close(): Promise<void> };
  /** `kill -9`, and a new process on the same port and folder. */
  restart(changed?: { maxPayloadBytes?: number; maxStoreBytes?: number }): Promise<void>;
  close(): Promise<void>;
};

/** A server with the accounts of production, a connection that may do everything, and the provision service. `close` ends both and removes the folder. */
export async function testNats(
  options: { syncAlways?: boolean; maxPayloadBytes?: number; maxStoreBytes?: number } = {},
): Promise<TestNats> {
  const dir = await mkdtemp(join(tmpdir(), "amoisekai-nats-"));
  const syncAlways = options.syncAlways ?? false;
  let limits: Partial<NatsOptions> = { ...options };
  let server = await startTestNats({ ...limits, dir, syncAlways });
  // The server has a process group of its own: a test run that is broken off must still take it along.
  const orphaned = () => server.process.kill("SIGKILL");
  process.once("exit", orphaned);
  const { url } = server;
  const bus = await openBus({ natsUrl: url, name: "test" });
  const provisioning = startProvisioning(bus);
  return {
    url,
    provisioning,
    port: server.port,
    bus,
    restart: async (changed = {}) => {
      limits = { ...limits, ...changed };
      await server.kill();
      server = await startTestNats({ dir, syncAlways, port: server.port, ...limits });
    },
    close: async () => {
      process.off("exit", orphaned);
      await bus.close().catch(() => {});
      await server.kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** `url`: for the user `provision`. */
export type Wire = { url: string; swallowReplies(swallow: boolean): void; cut(): void; close(): void };

/** A TCP proxy before a server: it can swallow what the server answers, or cut every connection. */
export async function wireTo(port: number): Promise<Wire> {
  let swallowing = false;
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.on("data", (data) => server.write(data));
    server.on("data", (data) => {
      if (!swallowing) client.write(data);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: urlOf(`nats://127.0.0.1:${(proxy.address() as AddressInfo).port}`, "provision"),
    swallowReplies: (swallow) => {
      swallowing = swallow;
    },
    cut,
    close: () => {
      cut();
      proxy.close();
    },
  };
}
