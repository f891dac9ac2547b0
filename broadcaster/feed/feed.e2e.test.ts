/** The broadcaster as a process, behind a real NATS server whose WORLD is written by hand. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { launch, type ProcessSpec, type Running } from "../../ops/local/launch.ts";
import type { LocalServer } from "../../ops/local/nats.ts";
import { pickPort } from "../../ops/local/ports.ts";
import { startProvisioning, startTestNats, urlOf } from "../../ops/testing/nats.ts";
import {
  FeedClient,
  type FeedClientOptions,
  type World,
} from "../../shared/clients/typescript/feed-client.ts";
import type { DeltaFrame, SnapshotFrame } from "../../shared/contracts/feed.ts";
import type { WorldSnapshot } from "../../shared/contracts/world.ts";
import { canonicalHash } from "../../shared/exact/canonical.ts";
import { issueFeedToken } from "../../shared/feed/feed-token.ts";
import { readEnv } from "../../shared/process/env.ts";
import { provisionRealm } from "../../shared/provision/provision.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { type Bus, openBus } from "../../shared/stream/bus.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { subjects, worldStream } from "../../shared/stream/subjects.ts";
import { RawClient } from "../testing/raw-client.ts";
import { ScriptedWorld, storeTicks } from "../testing/scripted-world.ts";
import { ENGINE } from "../testing/test-engine.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
let dir: string;
let nats: LocalServer;
let bus: Bus;
let feedPort: number;
/** Of every broadcaster that was started. */
const operationsPorts: number[] = [];
let url: string;
const broadcasters: Running[] = [];
let broadcaster: Running;
let realms = 0;
let world: ScriptedWorld;
const clients: { close(): void }[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "amoisekai-feed-"));
  nats = await startTestNats({ dir: join(dir, "nats"), syncAlways: false });
  bus = await openBus({ natsUrl: nats.url, name: "test" });
  startProvisioning(bus);
  feedPort = await pickPort();
  url = `http://127.0.0.1:${feedPort}`;
  world = await newRealm();
  broadcaster = await startBroadcaster();
}, 240_000);
afterAll(async () => {
  for (const running of broadcasters) await running.stop();
  await bus.close();
  await nats.kill();
  await rm(dir, { recursive: true, force: true });
});
/** Every test has a realm of its own, which the running broadcaster learns of. */
beforeEach(async () => {
  world = await newRealm();
  await vi.waitFor(async () => expect((await read("summary")).status).toBe(200), {
    timeout: 5_000,
    interval: 10,
  });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

async function newRealm(realm = `realm-${realms++}`): Promise<ScriptedWorld> {
  const ruleset = await loadRuleset("demo");
  await provisionRealm(bus, { realm, name: `The ${realm}`, ruleset, replicas: 1, rawMaxBytes: 1_048_576 });
  const stored = await lastOf(bus, worldStream(realm), subjects.snapshot(realm));
  return new ScriptedWorld(realm, JSON.parse(stored!.text()) as WorldSnapshot);
}
async function startBroadcaster(
  port = feedPort,
  attempts?: number,
  env: Record<string, string> = {},
): Promise<Running> {
  const operations = await pickPort();
  operationsPorts.push(operations);
  const spec: ProcessSpec = {
    name: "broadcaster",
    command: process.execPath,
    args: [MAIN],
    env: {
      PATH: process.env.PATH,
      NATS_URL: urlOf(nats.url, "broadcaster"),
      FEED_PORT: `${port}`,
      BROADCASTER_PORT: `${operations}`,
      AMOI_FEED_ENGINE: ENGINE,
      ...env,
    },
    logFile: logOf(port),
    probe: async () => (await fetch(`http://127.0.0.1:${operations}/readyz`)).ok,
  };
  const running = await launch(spec, attempts);
  broadcasters.push(running);
  return running;
}
const logOf = (port: number) => join(dir, `broadcaster-${port}.log`);
const read = (part: string) => fetch(`${url}/api/world/${world.realm}/${part}`);
/** Until the broadcaster is at a tick. */
const shown = (tick: number) =>
  vi.waitFor(async () => expect(await (await read("summary")).json()).toMatchObject({ tick }), 10_000);
const ticks = (count: number) =>
  storeTicks(
    bus,
    Array.from({ length: count }, () => world.tick()),
  );
const tick = (change: object = {}) => storeTicks(bus, [world.tick(change)]);

/** What a client of the library saw; each state was vouched for by its hash. */
function watch(options: Partial<FeedClientOptions> = {}) {
  const seen: string[] = [];
  const faults: string[] = [];
  const client = new FeedClient({
    url,
    realm: world.realm,
    hash: canonicalHash,
    pauseMs: { min: 10, max: 100 },
    changed: (_: World, frame: SnapshotFrame | DeltaFrame) => seen.push(`${frame.type} ${frame.tick}`),
    resynced: (reason) => seen.push(`resync ${reason}`),
    fault: (message) => faults.push(message),
    ...options,
  });
  clients.push(client);
  const until = (tick: number) =>
    vi.waitFor(() => expect(client.world?.tick).toBe(tick), { timeout: 10_000, interval: 5 });
  return { client, seen, faults, until };
}
async function framesSince(since: string, count: number) {
  const client = new RawClient(feedPort, `/feed/${world.realm}?since=${since}`);
  clients.push(client);
  await client.until(({ frames }) => frames.length >= count);
  return client.frames.map((frame) =>
    frame.type === "resync" ? `resync ${frame.reason}` : `${frame.type} ${"tick" in frame ? frame.tick : ""}`,
  );
}

test("a client gets the snapshot of tick 0 in the realm's first second, then every tick", async () => {
  const { client, seen, faults, until } = watch();
  await until(0);
  for (let i = 1; i <= 5; i++) await tick({ meters: { global_tension: i } });
  await until(5);
  expect(seen).toEqual(["snapshot 0", "delta 1", "delta 2", "delta 3", "delta 4", "delta 5"]);
  expect(client.world?.state).toEqual(world.snapshot.state.public);
  expect(client.world?.hash).toBe(world.snapshot.public_hash);
  expect(faults).toEqual([]);
});

test("reads show the same tick and hash as the feed", async () => {
  const { client, until } = watch();
  await tick({ factions: { empire: { influence: 2 ** 40 + 1 } } });
  await until(1);
  const factions = await (await read("factions")).json();
  const { epoch, tick: at, hash, state } = client.world!;
  expect(factions).toMatchObject({
    realm: world.realm,
    epoch,
    tick: at,
    at: state.at,
    hash,
    factions: state.factions,
  });
  expect(state.factions.empire?.influence).toBe(2 ** 40 + 1);
  expect(hash).toBe(world.snapshot.public_hash);
  const { realms } = (await (await fetch(`${url}/api/world`)).json()) as { realms: { realm: string }[] };
  expect(realms.find(({ realm }) => realm === world.realm)).toMatchObject({
    name: `The ${world.realm}`,
    tick: 1,
    hash,
  });
});

test("a client that returns gets exactly the ticks that it missed", async () => {
  const first = watch();
  await tick();
  await first.until(1);
  const left = first.client.world!;
  first.client.close();
  await ticks(3);
  const second = watch({ world: left });
  await second.until(4);
  await tick();
  await second.until(5);
  expect(second.seen).toEqual(["delta 2", "delta 3", "delta 4", "delta 5"]);
});

test("a place of another epoch, of the future or too long ago starts a client anew", async () => {
  await ticks(300);
  const { client, until } = watch();
  await until(300);
  const { epoch } = client.world!;
  expect(await framesSince(`${epoch}:44`, 256)).toEqual(
    Array.from({ length: 256 }, (_, i) => `delta ${45 + i}`),
  );
  expect(await framesSince(`${epoch}:43`, 2)).toEqual(["resync too_old", "snapshot 300"]);
  expect(await framesSince(`${epoch}:301`, 2)).toEqual(["resync future", "snapshot 300"]);
  expect(await framesSince("another:300", 2)).toEqual(["resync epoch", "snapshot 300"]);
});

test("a broadcaster that is killed and started again heals its clients without a gap", async () => {
  await ticks(300);
  await shown(300);
  const { seen, faults, until } = watch();
  await until(300);
  await broadcaster.kill();
  for (let i = 0; i < 3; i++) await tick({ meters: { global_tension: i } });
  broadcaster = await startBroadcaster();
  await until(303);
  await tick();
  await until(304);
  expect(seen).toEqual(["snapshot 300", "delta 301", "delta 302", "delta 303", "delta 304"]);
  expect(faults).toEqual([]);
  const epoch = ((await (await read("summary")).json()) as { epoch: string }).epoch;
  expect(await framesSince(`${epoch}:48`, 256)).toHaveLength(256);
  expect(await framesSince(`${epoch}:47`, 2)).toEqual(["resync too_old", "snapshot 304"]);
});

test("broadcasters share the port, and the clients of one that dies go on with another", async () => {
  const second = await startBroadcaster();
  const watched = Array.from({ length: 8 }, () => watch());
  for (const { until } of watched) await until(0);
  await tick();
  for (const { until } of watched) await until(1);
  await second.kill();
  await tick();
  for (const { until, seen } of watched) {
    await until(2);
    expect(seen).toEqual(["snapshot 0", "delta 1", "delta 2"]);
  }
});

/** The next tick, with a notice of it for each of these players. */
function tellingTick(...users: string[]) {
  const made = world.tick();
  const { realm, tick } = made.delta;
  const part = (user: string, n: number) => ({
    ...{ realm, tick, part: n + 1, parts: users.length },
    notices: [{ user, items: [{ id: `${user}-${tick}`, kind: "flip" }] }],
  });
  return storeTicks(bus, [{ ...made, notices: users.map(part) }]);
}

test("a player's notices come with their ticks, also after the broadcaster was killed, and nobody else's", async () => {
  const told: string[] = [];
  const token = () =>
    issueFeedToken(readEnv({}).FEED_TOKEN_SECRET, world.realm, {
      user: "ada",
      expiresMs: Date.now() + 60_000,
    });
  const { client, until } = watch({ token, notice: (items) => told.push(...items.map(({ id }) => id)) });
  await until(0);
  await tellingTick("ada", "bob");
  await vi.waitFor(() => expect(told).toEqual(["ada-1"]), 5_000);
  await broadcaster.kill();
  await tellingTick("bob", "ada");
  await storeTicks(bus, [world.tick()]);
  broadcaster = await startBroadcaster();
  await until(3);
  await tellingTick("ada");
  await vi.waitFor(() => expect(told).toEqual(["ada-1", "ada-2", "ada-4"]), 5_000);
  expect(client.world?.tick).toBe(4);
});

test("each of 500 sockets that open with a token stays open, gets the snapshot and the next delta, and nothing warns", async () => {
  const port = await pickPort();
  // An upgrade within a cork has uWS look at memory that it gave back, where one in a thousand sockets finds the bit (16) that
  // has it closed. So freed memory is filled with it, which glibc does for nobody but who asks.
  const GLIBC_TUNABLES = "glibc.malloc.perturb=16:glibc.malloc.tcache_count=0";
  await startBroadcaster(port, 1, { GLIBC_TUNABLES, AMOI_FEED_CONNECTIONS_PER_ADDRESS: "500" });
  const token = await issueFeedToken(readEnv({}).FEED_TOKEN_SECRET, world.realm, {
    user: "ada",
    expiresMs: Date.now() + 60_000,
  });
  const sockets = Array.from(
    { length: 500 },
    () => new RawClient(port, `/feed/${world.realm}?token=${token}`),
  );
  clients.push(...sockets);
  const took = (count: number) =>
    Promise.all(sockets.map((client) => client.until((c) => c.frames.length >= count || c.socket.closed)));
  await took(1);
  await tick();
  await took(2);
  const seen = sockets.map(({ frames, socket }) => [...frames.map(({ type }) => type), socket.closed].join());
  expect(new Set(seen)).toEqual(new Set(["snapshot,delta,false"]));
  expect(await readFile(logOf(port), "utf8")).not.toContain("Warning");
}, 20_000);

test("what is no pulse is passed over, and the world goes on", async () => {
  const pulses: number[] = [];
  const { until, faults } = watch({ pulse: ({ next_tick }) => pulses.push(next_tick) });
  await until(0);
  const { realm } = world;
  for (const data of ["", "nothing", "{}"]) bus.nc.publish(subjects.pulse(realm), data);
  const pulse = {
    realm,
    next_tick: 2,
    next_at: "2026-01-01T00:00:00.000Z",
    pressure: { iron_gate: { empire: 1 } },
  };
  await tick();
  await until(1);
  bus.nc.publish(subjects.pulse(realm), JSON.stringify(pulse));
  await vi.waitFor(() => expect(pulses).toEqual([2]), 5_000);
  expect(faults).toEqual([]);
});

test("a NATS server that dies and returns costs no tick", async () => {
  const { seen, until } = watch();
  await until(0);
  await tick();
  await until(1);
  await nats.kill();
  nats = await startTestNats({ dir: join(dir, "nats"), port: nats.port, syncAlways: false });
  await vi.waitFor(() => bus.nc.rtt(), { timeout: 5_000 });
  await ticks(3);
  await until(4);
  expect(seen).toEqual(["snapshot 0", "delta 1", "delta 2", "delta 3", "delta 4"]);
}, 20_000);

test("a delta that doesn't give its hash reaches nobody: the realm stands still until it is taken out", async () => {
  const { seen, faults, until } = watch();
  await until(0);
  await tick();
  await until(1);
  const bad = world.tick({ meters: { global_tension: 7 } });
  const { tick: tickSubject, delta } = subjects;
  const [record, forged] = [bad.record, { ...bad.delta, patch: { tick: 2 } }];
  await publishOne(bus, { subject: tickSubject(world.realm), data: JSON.stringify(record) });
  const { seq } = await publishOne(bus, { subject: delta(world.realm), data: JSON.stringify(forged) });
  const ready = () => Promise.any(operationsPorts.map((port) => fetch(`http://127.0.0.1:${port}/readyz`)));
  await vi.waitFor(async () => expect((await ready()).status).toBe(503), { timeout: 5_000 });
  const stream = worldStream(world.realm);
  expect(await (await ready()).json()).toMatchObject({
    realms: [{ stage: "broadcaster", realm: world.realm, kind: "refused", stream, seq }],
  });
  expect(seen).toEqual(["snapshot 0", "delta 1"]);
  await bus.jsm.streams.deleteMessage(stream, seq);
  await publishOne(bus, { subject: delta(world.realm), data: JSON.stringify(bad.delta) });
  await until(2);
  await tick();
  await until(3);
  expect(seen).toEqual(["snapshot 0", "delta 1", "delta 2", "delta 3"]);
  expect(faults).toEqual([]);
  await vi.waitFor(async () => expect((await ready()).status).toBe(200), { timeout: 5_000 });
});

test("a realm whose stream was made anew has another epoch, and its clients start anew", async () => {
  const { client, seen, until } = watch();
  await until(0);
  await tick();
  await until(1);
  const { epoch } = client.world!;
  await bus.jsm.streams.delete(worldStream(world.realm));
  world = await newRealm(world.realm);
  await until(0);
  await tick();
  await until(1);
  expect(client.world?.epoch).not.toBe(epoch);
  expect(seen).toEqual(["snapshot 0", "delta 1", "resync epoch", "snapshot 0", "delta 1"]);
}, 20_000);

test("a client whose state is not the server's finds out at the next tick and starts anew", async () => {
  const first = watch();
  await first.until(0);
  const wrong = { ...first.client.world!, hash: "another" };
  const { seen, faults, until } = watch({ world: wrong });
  await tick();
  await until(1);
  expect(seen).toEqual(["snapshot 1"]);
  expect(faults).toEqual(["the delta of tick 1 doesn't continue tick 0"]);
});

test("SIGTERM ends a broadcaster within a second, with code 0; its clients go on with the next", async () => {
  const { until } = watch();
  await until(0);
  const startedMs = performance.now();
  await broadcaster.stop();
  expect(performance.now() - startedMs).toBeLessThan(1_500);
  expect(await broadcaster.exited).toEqual({ code: 0, signal: null });
  broadcaster = await startBroadcaster();
  await tick();
  await until(1);
});

test("a taken FEED_PORT ends a broadcaster with one clear reason", async () => {
  await expect(startBroadcaster(nats.port, 1)).rejects.toThrow(/another program has it.*set FEED_PORT/);
});
