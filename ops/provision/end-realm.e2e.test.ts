/** The end of a realm, over every stage: real servers, candidates in flight, and a service that is broken off on the way. */
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import type { RouteOptions } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { PublicServer } from "../../broadcaster/public.ts";
import { Realms } from "../../broadcaster/realm/realms.ts";
import { makeEngine } from "../../broadcaster/testing/test-engine.ts";
import { internalApi } from "../../ingest/api.ts";
import { ingestStage } from "../../ingest/gate/stage.ts";
import { normalizerStage } from "../../normalizer/stage.ts";
import { tokenSecrets } from "../../shared/feed/feed-token.ts";
import { readEnv } from "../../shared/process/env.ts";
import { registry } from "../../shared/process/metrics.ts";
import { hasEnded } from "../../shared/provision/realm-entries.ts";
import { realmTroubles } from "../../shared/stage/realm-health.ts";
import { runRealms, runStage, type Service } from "../../shared/stage/service.ts";
import type { Stage } from "../../shared/stage/stage.ts";
import { type Bus, openBus } from "../../shared/stream/bus.ts";
import { BUCKETS, kvSubject } from "../../shared/stream/topology.ts";
import { BlockedStreams } from "../../simulator/archive/blocked-streams.ts";
import { archiveRealm } from "../../simulator/archive/realms.ts";
import {
  silent,
  type TestDatabase,
  type TestPostgres,
  testPostgres,
} from "../../simulator/archive/testing/database.ts";
import { simulatorStage } from "../../simulator/stage.ts";
import { type TestNats, testNats, urlOf } from "../testing/nats.ts";
import { candidate, sendCandidate, testRealm, until } from "../testing/realm.ts";
import { endRealm } from "./end-realm.ts";

const TOKEN = "a-token-of-the-tests";
const env = readEnv({ INTERNAL_TOKEN: TOKEN, AMOI_LOG_LEVEL: "silent" });
const stop = new AbortController();
const running: Promise<unknown>[] = [];
const buses: Bus[] = [];
let nats: TestNats;
let postgres: TestPostgres;
let database: TestDatabase;
/** Of the internal API. */
let routes: readonly RouteOptions[] = [];
/** The newest of each; where they answer. */
let internal = "";
let feed = "";

/** A stage as the process that it is runs it, with the user that it has. */
async function service(user: string): Promise<Service> {
  const bus = await openBus({ natsUrl: urlOf(nats.url, user), name: user });
  buses.push(bus);
  return { env, bus, log: silent, signal: stop.signal };
}
async function start<State>(stage: Stage<State>): Promise<void> {
  running.push(runStage(stage, await service(stage.name), { port: 0 }));
}
async function startIngest(): Promise<void> {
  const own = await service("ingest");
  const port = await new Promise<number>((resolve) => {
    const addRoutes: Parameters<typeof runStage>[2]["routes"] = (server, realms) => {
      internalApi(server, { ...own, realms });
      routes = server.declared;
      server.addHook("onListen", async () => resolve((server.server.address() as AddressInfo).port));
    };
    running.push(runStage(ingestStage, own, { port: 0, routes: addRoutes }));
  });
  internal = `http://127.0.0.1:${port}/internal/world`;
}
async function startBroadcaster(): Promise<void> {
  const server = new PublicServer(makeEngine, tokenSecrets(env));
  const realms = new Realms(await service("broadcaster"), server.feed);
  running.push(realms.follow().finally(() => server.close()));
  await realms.restored();
  feed = `127.0.0.1:${await server.listen("127.0.0.1", 0)}`;
}
async function startArchive(): Promise<void> {
  const own = await service("archive");
  const surroundings = {
    bus: own.bus,
    database: database.archiving,
    log: silent,
    troubles: new BlockedStreams(),
  };
  running.push(
    runRealms(own, {
      name: "archive",
      port: 0,
      found: () => {},
      run: (realm, { signal, ending }) => archiveRealm(realm, surroundings, signal, ending),
    }),
  );
}

beforeAll(async () => {
  [nats, postgres] = await Promise.all([testNats(), testPostgres()]);
  database = await postgres.fresh();
  for (const realm of ["stays", "gone", "broken"]) await testRealm(nats.bus, realm);
  await Promise.all([
    startIngest(),
    start(normalizerStage),
    start(simulatorStage),
    startArchive(),
    startBroadcaster(),
  ]);
  await until(async () => (await call("GET", "gone/state")).status === 200);
}, 120_000);
afterAll(async () => {
  stop.abort();
  await Promise.all(running);
  for (const bus of buses) await bus.close();
  await nats.close();
  await postgres.close();
}, 60_000);

type Said = { status: number; body: Record<string, unknown> };
async function call(method: string, path: string, body?: object): Promise<Said> {
  const answer = await fetch(`${internal}/${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, ...(body && { "content-type": "application/json" }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}
const read = async (realm: string, part: string): Promise<number> =>
  (await fetch(`http://${feed}/api/world/${realm}/${part}`)).status;
/** Of a realm's streams and keys, those that are there. */
async function left(realm: string): Promise<string[]> {
  const streams: string[] = [];
  for await (const name of nats.bus.jsm.streams.names()) if (name.endsWith(`_${realm}`)) streams.push(name);
  for (const bucket of Object.keys(BUCKETS) as (keyof typeof BUCKETS)[]) {
    const { state } = await nats.bus.jsm.streams.info(`KV_${bucket}`, { subjects_filter: ">" });
    const own = [realm, `archive.ended.${realm}`].map((key) => kvSubject(bucket, key));
    streams.push(
      ...Object.keys(state.subjects ?? {}).filter((key) =>
        own.some((prefix) => key === prefix || key.startsWith(`${prefix}.`)),
      ),
    );
  }
  return streams.sort();
}
const rows = async (text: string, ...values: string[]) =>
  (await database.database.query<Record<string, unknown>>(text, values)).rows;

/** Sends candidates over HTTP until the realm takes no more; answers the ids of those that were acknowledged. */
async function publish(realm: string, user: string): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let n = 0; ; n++) {
    const { status, body } = await call(
      "POST",
      "impact-candidate",
      candidate(realm, { user_id: `${user}-${n}` }),
    );
    if (status === 202) acknowledged.push(String(body.event_id));
    else if (status === 410) return acknowledged;
    // NATS was asked for a stream that was just being sealed or removed: the outcome is no.
    else expect(status).toBe(503);
  }
}

test("a realm with candidates in flight ends: all that it took is archived, and all of it is gone but its rows", async () => {
  const socket = new WebSocket(`ws://${feed}/feed/gone`);
  const closed = new Promise<number>((resolve) => socket.on("close", resolve));
  const events = await fetch(`http://${feed}/api/world/gone/stream`);
  const streamed = events.text().catch(() => "cut");
  const engines = Array.from({ length: 8 }, (_, i) => publish("gone", `engine-${i}`));
  const other = Array.from({ length: 20 }, (_, i) => candidate("stays", { user_id: `stayer-${i}` }));
  await delay(1_000);

  expect((await call("DELETE", "realms/gone")).status).toBe(400);
  expect((await call("DELETE", "realms/gone?confirm=another")).status).toBe(400);
  expect((await call("DELETE", "realms/nowhere?confirm=nowhere")).status).toBe(404);
  for (const body of other) await sendCandidate(nats.bus, body);
  const ended = await call("DELETE", "realms/gone?confirm=gone");
  const acknowledged = (await Promise.all(engines)).flat();
  expect(ended).toEqual({ status: 200, body: { state: "ended" } });
  expect(await call("DELETE", "realms/gone?confirm=gone")).toEqual(ended);

  const stored = await rows(
    "SELECT id, validity_status FROM world_events WHERE realm_id = 'gone' AND source_type = 'player'",
  );
  const ids = stored.map(({ id }) => String(id));
  expect(acknowledged.length).toBeGreaterThan(50);
  expect(new Set(ids).size).toBe(ids.length);
  expect(acknowledged.filter((id) => !ids.includes(id))).toEqual([]);
  const counted = stored.filter(({ validity_status }) => validity_status === "accepted");
  const ledger = await rows("SELECT source_event_id FROM influence_ledger WHERE realm_id = 'gone'");
  expect(ledger.map(({ source_event_id }) => source_event_id).sort()).toEqual(
    counted.map(({ id }) => id).sort(),
  );

  expect(await left("gone")).toEqual([kvSubject("realms", "gone")]);
  expect(await closed).toBe(4503);
  await streamed;
  for (const part of ["summary", "map", "events", "stream"])
    expect([part, await read("gone", part)]).toEqual([part, 410]);
  const again = await new Promise<number | undefined>((resolve) =>
    new WebSocket(`ws://${feed}/feed/gone`)
      .on("unexpected-response", (_, answer) => resolve(answer.statusCode))
      .on("error", () => {}),
  );
  expect(again).toBe(410);
  const reads = routes
    .filter(({ method, url }) => method === "GET" && url.includes("/:realm"))
    .map(({ url }) =>
      url
        .replace("/internal/world/", "")
        .replace(":realm", "gone")
        .replace(/:(event|command)_id/, "a".repeat(26))
        .replace(/:\w+/g, "1")
        .replace(/diff$/, "diff?from=1&to=1")
        .replace(/events$/, "events?user_id=ada&idempotency_key=a-known-key"),
    );
  expect(reads.length).toBeGreaterThan(4);
  for (const [method, path, body] of [
    ...reads.map((path) => ["GET", path] as const),
    ["POST", "gone/tokens", { user_id: "ada" }],
    ["POST", "impact-candidate", candidate("gone")],
    [
      "POST",
      "events/ingest",
      { v: 1, idempotency_key: "after-the-end", realm_id: "gone", kind: "tick.run", payload: {} },
    ],
  ] as const)
    expect([path, (await call(method, path, body)).status]).toEqual([path, 410]);
  expect(await call("POST", "realms", { realm_id: "gone", name: "gone" })).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining("realm_ended") },
  });
  const listed = (await call("GET", "realms")).body.realms as { realm_id: string }[];
  const shown = (await (await fetch(`http://${feed}/api/world`)).json()) as { realms: { realm: string }[] };
  expect([listed.map(({ realm_id }) => realm_id), shown.realms.map(({ realm }) => realm)]).toEqual([
    ["broken", "stays"],
    ["broken", "stays"],
  ]);
  expect(realmTroubles()).toEqual([]);
  await until(async () => !(await registry.metrics()).includes('realm="gone"'));

  // Nobody took the other realm's word.
  const before = await rows(
    "SELECT max(tick_number) AS tick FROM world_state_snapshots WHERE realm_id = 'stays'",
  );
  const ran = await call("POST", "tick/run", { realm_id: "stays", idempotency_key: "after-the-others-end" });
  expect(ran.status).toBe(200);
  await until(async () => {
    const [row] = await rows("SELECT count(*) AS n FROM influence_ledger WHERE realm_id = 'stays'");
    return row?.n === other.length;
  });
  const after = await rows(
    "SELECT max(tick_number) AS tick FROM world_state_snapshots WHERE realm_id = 'stays'",
  );
  expect(Number(after[0]!.tick)).toBe(Number(before[0]!.tick) + 1);
}, 120_000);

test("after a restart the public port and the internal one know that the realm ended", async () => {
  await startBroadcaster();
  await startIngest();
  expect([await read("stays", "summary"), await read("gone", "summary")]).toEqual([200, 410]);
  await until(async () => (await call("GET", "gone/state")).status === 410);
});

/** A connection on which the `n`-th request is the last: it is not sent, or nobody hears its answer. */
async function breaking(n: number, isSent: boolean): Promise<Bus> {
  const { bus } = nats;
  let requests = 0;
  const nc = new Proxy(bus.nc, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== "function") return value;
      if (key !== "request") return value.bind(target);
      return async (...args: Parameters<typeof target.request>) => {
        if (++requests > n || (requests === n && !isSent)) throw new Error("broken off");
        const answer = await target.request(...args);
        if (requests >= n) throw new Error("broken off");
        return answer;
      };
    },
  });
  return { ...bus, connected: true, nc, jsm: await jetstreamManager(nc, { checkAPI: false }) };
}

test("a realm's end that is broken off before and after each of its requests is taken up by the next call", async () => {
  const sent = Array.from({ length: 30 }, (_, i) => candidate("broken", { user_id: `user-${i}` }));
  for (const body of sent) await sendCandidate(nats.bus, body);
  let isRemoving = false;
  for (let n = 1, waited = 0; ; ) {
    const bus = await breaking(Math.ceil(n / 2), n % 2 === 0);
    const said = await endRealm(bus, "broken", "broken").catch((error: Error) => {
      expect(error.message).toBe("broken off");
      return undefined;
    });
    if (said?.state === "ended") break;
    if (said !== undefined) {
      await delay(50);
      if (++waited > 400) throw new Error(`it never ended: ${said.waits_for}`);
    } else if (!isRemoving && (await hasEnded(nats.bus, "broken"))) {
      // The removal is a way of its own, from its first request on.
      isRemoving = true;
      n = 1;
    } else n++;
  }
  const [counted] = await rows("SELECT count(*) AS n FROM influence_ledger WHERE realm_id = 'broken'");
  const [judged] = await rows(
    "SELECT count(*) AS n, count(*) FILTER (WHERE validity_status = 'accepted') AS accepted FROM world_events WHERE realm_id = 'broken' AND source_type = 'player'",
  );
  expect([judged!.n, counted!.n]).toEqual([sent.length, judged!.accepted]);
  expect(await left("broken")).toEqual([kvSubject("realms", "broken")]);
}, 60_000);
