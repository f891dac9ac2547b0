import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type LocalServer, startNats } from "../../ops/local/nats.ts";
import { pickPort } from "../../ops/local/ports.ts";
import { until } from "../../ops/testing/realm.ts";
import { type Env, readEnv } from "../process/env.ts";
import { Durability, NotDurable } from "./durability.ts";

const servers: { server: LocalServer; dir: string }[] = [];
afterEach(async () => {
  for (const { server, dir } of servers.splice(0)) {
    await server.kill();
    await rm(dir, { recursive: true, force: true });
  }
});

/** Starts a server and answers where its monitor is. */
async function monitor(syncAlways: boolean, url?: string): Promise<string> {
  const monitorPort = url === undefined ? await pickPort() : Number(new URL(url).port);
  const dir = await mkdtemp(join(tmpdir(), "amoisekai-durability-"));
  servers.push({ server: await startNats({ dir, syncAlways, monitorPort }), dir });
  return `http://127.0.0.1:${monitorPort}`;
}

/** Asks these monitors; `said` has what is logged. */
function durability(urls: string[]) {
  const said: string[] = [];
  const hear = (_: unknown, message?: string) => void said.push(message ?? "");
  const env: Env = { ...readEnv({}), MODE: "production", AMOI_NATS_MONITOR_URL: urls.join(",") };
  return { asked: new Durability(env, { warn: hear, info: hear }), said };
}

const awayUrl = async () => `http://127.0.0.1:${await pickPort()}`;
const ever = new AbortController().signal;

test("a cluster of which one server is away is durable as far as the others say, and the one away is told", async () => {
  const { asked, said } = durability([await monitor(true), await awayUrl(), await monitor(true)]);
  await asked.asserted(ever);
  expect(said).toHaveLength(1);
});

test("a server that acknowledges before it writes is refused, whichever of them it is", async () => {
  const { asked } = durability([await monitor(true), await awayUrl(), await monitor(false)]);
  await expect(asked.asserted(ever)).rejects.toThrow(NotDurable);
});

test("while no server answers it is waited for, until one does", async () => {
  const url = await awayUrl();
  const { asked, said } = durability([url]);
  let asserted = false;
  const asserting = asked.asserted(ever).then(() => {
    asserted = true;
  });
  await until(async () => said.length > 0);
  expect(asserted).toBe(false);
  await monitor(true, url);
  await asserting;
});

test("a server that comes back and acknowledges before it writes is refused", async () => {
  const url = await awayUrl();
  const { asked } = durability([await monitor(true), url]);
  await asked.asserted(ever);
  const keeping = asked.keepAsserted(ever);
  await monitor(false, url);
  await expect(keeping).rejects.toThrow(NotDurable);
});

test("who stops waiting isn't told that the servers are durable", async () => {
  const { asked } = durability([await awayUrl()]);
  await expect(asked.asserted(AbortSignal.timeout(50))).rejects.toThrow();
});
