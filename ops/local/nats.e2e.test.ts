import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MAX_PAYLOAD_BYTES } from "../../shared/stream/topology.ts";
import { NotReadyError } from "./launch.ts";
import { type LocalServer, startNats } from "./nats.ts";
import { isNewEnough } from "./nats-server.ts";

let dir: string;
const started: LocalServer[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "nats-"));
});
afterEach(async () => {
  for (const server of started.splice(0)) await server.kill();
  await rm(dir, { recursive: true, force: true });
});

async function start(options: { port?: number } = {}): Promise<LocalServer> {
  const server = await startNats({ dir, ...options });
  started.push(server);
  return server;
}

test("a local NATS server is new enough, has JetStream and takes the largest snapshot", async () => {
  const server = await start();
  const connection = await connect({ servers: server.url });
  expect(isNewEnough(connection.info!.version)).toBe(true);
  expect(connection.info!.jetstream).toBe(true);
  expect(connection.info!.max_payload).toBe(MAX_PAYLOAD_BYTES);
  await connection.close();
}, 240_000);

test("what a NATS server acknowledged is there after kill -9 and a restart on the same port", async () => {
  const first = await start();
  const before = await connect({ servers: first.url });
  await (await jetstreamManager(before)).streams.add({ name: "KEPT", subjects: ["kept"] });
  for (let index = 0; index < 10; index++) await jetstream(before).publish("kept", `${index}`);
  await first.kill();
  await before.close();

  const second = await start({ port: first.port });
  expect(second.url).toBe(first.url);
  expect(second.pid).not.toBe(first.pid);
  const after = await connect({ servers: second.url });
  expect((await (await jetstreamManager(after)).streams.info("KEPT")).state.messages).toBe(10);
  await after.close();
});

test("a second NATS server on a taken port is not mistaken for the first", async () => {
  const first = await start();
  const dirOfSecond = join(dir, "second");
  await expect(startNats({ dir: dirOfSecond, port: first.port })).rejects.toThrow(NotReadyError);
});

test.each([
  ["2.14.4", true],
  ["v2.15.0-RC.1", true],
  ["2.14.10+dfsg1-1", true],
  ["3.0.0", true],
  ["2.14.4-RC.1", false],
  ["2.9.30", false],
  ["unknown", false],
])("nats-server %s is new enough: %s", (version, expected) => {
  expect(isNewEnough(version)).toBe(expected);
});
