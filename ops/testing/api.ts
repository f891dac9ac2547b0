/** The internal API on a port of its own, before a real NATS server and the stages that a test wants. */
import type { RouteOptions } from "fastify";
import { internalApi } from "../../ingest/api.ts";
import { hostCheck } from "../../shared/auth/hosts.ts";
import { readEnv } from "../../shared/process/env.ts";
import { listen, operationsServer } from "../../shared/process/http.ts";
import { openLog } from "../../shared/process/log.ts";
import { KnownRealms } from "../../shared/stage/known-realms.ts";
import { type TestNats, testNats } from "./nats.ts";
import { runStages, testRealm } from "./realm.ts";

export const TOKEN = "a-token-of-the-tests";

export type Answer = { status: number; headers: Headers; body: Record<string, unknown> };

export type TestApi = {
  nats: TestNats;
  url: string;
  /** Every route of the server. */
  routes(): Promise<readonly RouteOptions[]>;
  /** `path` is what follows `/internal/world/`; text goes as it is, anything else as JSON. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Another process of ingest, as far as the API goes: nothing remembered, the same NATS. */
  restart(): Promise<void>;
  close(): Promise<void>;
};

/** `settings`: of the environment besides. */
export async function testApi(
  realm: string,
  names: Parameters<typeof runStages>[2] = [],
  settings: Record<string, string> = {},
): Promise<TestApi> {
  const nats = await testNats();
  await testRealm(nats.bus, realm);
  const stages = runStages(nats.bus, realm, names);
  const env = readEnv({ INTERNAL_TOKEN: TOKEN, AMOI_LOG_LEVEL: "silent", ...settings });
  const open = async () => {
    const server = operationsServer({ notReady: () => undefined }, hostCheck(env));
    internalApi(server, {
      bus: nats.bus,
      env,
      log: openLog(env, "ingest"),
      realms: new KnownRealms([realm]),
    });
    return { server, url: `http://127.0.0.1:${await listen(server, "127.0.0.1", 0)}` };
  };
  let opened = await open();

  const call: TestApi["call"] = async (method, path, body, headers = {}) => {
    const answer = await fetch(`${opened.url}/internal/world/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${TOKEN}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return {
      status: answer.status,
      headers: answer.headers,
      body: (await answer.json()) as Record<string, unknown>,
    };
  };
  return {
    nats,
    get url() {
      return opened.url;
    },
    routes: async () => {
      await opened.server.ready();
      return opened.server.declared;
    },
    call,
    post: (path, body, headers) => call("POST", path, body, headers),
    restart: async () => {
      await opened.server.close();
      opened = await open();
    },
    close: async () => {
      await stages.stop();
      await opened.server.close();
      await nats.close();
    },
  };
}
