/** Real servers for tests: a NATS server in a folder of its own, and a wire that can be cut. */
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bus, openBus } from "../../shared/bus.ts";
import { startNats } from "../local/nats.ts";

export type TestNats = {
  url: string;
  port: number;
  bus: Bus;
  /** `kill -9`, and a new process on the same port and folder. */
  restart(changed?: { maxPayloadBytes?: number }): Promise<void>;
  close(): Promise<void>;
};

/** A server with a connection. `close` ends both and removes the folder. */
export async function testNats(
  options: { syncAlways?: boolean; maxPayloadBytes?: number } = {},
): Promise<TestNats> {
  const dir = await mkdtemp(join(tmpdir(), "amoisekai-nats-"));
  const syncAlways = options.syncAlways ?? false;
  let payload = options.maxPayloadBytes === undefined ? {} : { maxPayloadBytes: options.maxPayloadBytes };
  let server = await startNats({ dir, syncAlways, ...payload });
  // The server has a process group of its own: a test run that is broken off must still take it along.
  const orphaned = () => server.process.kill("SIGKILL");
  process.once("exit", orphaned);
  const bus = await openBus({ natsUrl: server.url, name: "test" });
  return {
    url: server.url,
    port: server.port,
    bus,
    restart: async (changed = {}) => {
      payload = { ...payload, ...changed };
      await server.kill();
      server = await startNats({ dir, syncAlways, port: server.port, ...payload });
    },
    close: async () => {
      process.off("exit", orphaned);
      await bus.close().catch(() => {});
      await server.kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

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
    url: `nats://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
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
