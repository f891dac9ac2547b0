import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type TestNats, testNats } from "../ops/testing/nats.ts";
import { testRealm } from "../ops/testing/realm.ts";
import { recordTicks, simulate } from "../ops/testing/recorded.ts";
import { Position } from "../shared/contracts/position.ts";
import type { WorldSnapshot } from "../shared/contracts/world.ts";
import { readEnv } from "../shared/process/env.ts";
import { openLog } from "../shared/process/log.ts";
import { RealmRefused } from "../shared/stage/refusal.ts";
import type { Bus } from "../shared/stream/bus.ts";
import { Superseded } from "../shared/stream/fence.ts";
import { lastOf } from "../shared/stream/last-message.ts";
import { publishOne } from "../shared/stream/publish.ts";
import { eventsStream, subjects, worldStream } from "../shared/stream/subjects.ts";
import { restoreWorld } from "./restore.ts";

let nats: TestNats;
let realm: string;
let made = 0;
beforeAll(async () => {
  nats = await testNats();
});
afterAll(() => nats.close());
beforeEach(async () => {
  realm = `rival-${++made}`;
  await testRealm(nats.bus, realm);
  await play(1, 3);
});

async function play(from: number, to: number): Promise<void> {
  await recordTicks(nats.bus, realm, { from, to }, () => ({ accepted: [] }));
  await simulate(nats.bus, realm, to);
}
const snapshotSubject = () => subjects.snapshot(realm);
const snapshot = async () =>
  JSON.parse((await lastOf(nats.bus, worldStream(realm), snapshotSubject()))!.text()) as WorldSnapshot;
const spoil = (data: string) => publishOne(nats.bus, { subject: snapshotSubject(), data, rollup: true });

/** `target` with some of its members replaced; the rest works on `target` itself. */
const withMembers = <T extends object>(target: T, members: Partial<T>): T =>
  new Proxy(target, {
    get(of, name) {
      const found = Reflect.get(name in members ? members : of, name);
      return typeof found === "function" ? found.bind(of) : found;
    },
  });

type Query = Parameters<Bus["jsm"]["streams"]["getMessage"]>;

/** A connection on which something happens, once, just before a read. */
function before(isIt: (...query: Query) => boolean, happen: () => Promise<void>): Bus {
  const { streams } = nats.bus.jsm;
  let happened = false;
  const getMessage = async (...query: Query) => {
    if (!happened && isIt(...query)) {
      happened = true;
      await happen();
    }
    return streams.getMessage(...query);
  };
  const jsm = withMembers(nats.bus.jsm, { streams: withMembers(streams, { getMessage }) });
  return withMembers(nats.bus, { jsm });
}
const lastRead = (subject: string) => (stream: string, query: Query[1]) =>
  stream === worldStream(realm) && "last_by_subj" in query && query.last_by_subj === subject;

/** Restores at the position of now, over a connection on which something may happen after that was read. */
async function restore(bus: Bus) {
  const head = (await lastOf(nats.bus, worldStream(realm), subjects.position("simulator", realm)))!;
  return restoreWorld({
    bus,
    realm,
    position: Position.parse(JSON.parse(head.text())),
    positionSeq: head.seq,
    log: openLog(readEnv({ AMOI_LOG_LEVEL: "silent" }), "test"),
    signal: new AbortController().signal,
  });
}

test("a tick that another worker commits before the record is read refuses no realm", async () => {
  const bus = before(lastRead(subjects.tick(realm)), () => play(4, 4));
  await expect(restore(bus)).rejects.toThrow(Superseded);
});

test("a tick that another worker commits before the snapshot is read keeps its snapshot", async () => {
  const bus = before(lastRead(snapshotSubject()), () => play(4, 4));
  await expect(restore(bus)).rejects.toThrow(Superseded);
  expect((await snapshot()).tick).toBe(4);
});

test("a tick that another worker commits while a snapshot is computed again keeps its snapshot", async () => {
  await spoil("null");
  const bus = before(
    (stream) => stream === eventsStream(realm),
    () => play(4, 4),
  );
  await expect(restore(bus)).rejects.toThrow(Superseded);
  expect((await snapshot()).tick).toBe(4);
});

test("a snapshot that another worker mends in the last moment is left to it", async () => {
  const whole = await snapshot();
  await spoil("null");
  const bus = before(
    (stream) => stream === eventsStream(realm),
    async () => {
      await spoil(JSON.stringify(whole));
    },
  );
  await expect(restore(bus)).rejects.toThrow(Superseded);
  expect(await snapshot()).toEqual(whole);
});

test("what is wrong while nobody commits refuses the realm as before", async () => {
  await publishOne(nats.bus, { subject: subjects.tick(realm), data: JSON.stringify({ tick: 4, hash: "0" }) });
  await expect(restore(nats.bus)).rejects.toThrow(RealmRefused);
});
