import { afterAll, beforeAll, expect, test } from "vitest";
import { Channel } from "../../../broadcaster/feed/channel.ts";
import { follow as followWorld } from "../../../broadcaster/realm/follow.ts";
import type { TickRecord } from "../../../shared/contracts/world.ts";
import { metrics } from "../../../shared/process/metrics.ts";
import { realmTroubles } from "../../../shared/stage/realm-health.ts";
import { lastOf } from "../../../shared/stream/last-message.ts";
import { publishOne } from "../../../shared/stream/publish.ts";
import { eventsStream, streamOf, subjects, worldStream } from "../../../shared/stream/subjects.ts";
import { BlockedStreams } from "../../../simulator/archive/blocked-streams.ts";
import { migrate } from "../../../simulator/archive/database/migrate.ts";
import { archiveRealm } from "../../../simulator/archive/realms.ts";
import { silent, type TestPostgres, testPostgres } from "../../../simulator/archive/testing/database.ts";
import { followedSubjects, foreignOn, type Reading } from "../../testing/foreign-messages.ts";
import { type TestNats, testNats } from "../../testing/nats.ts";
import {
  candidate,
  type Running,
  runStages,
  sendCandidate,
  sendCommand,
  testRealm,
  until,
} from "../../testing/realm.ts";
import { replay } from "../replay/replay.ts";

let nats: TestNats;
let postgres: TestPostgres;
let database: Awaited<ReturnType<TestPostgres["fresh"]>>["database"];
beforeAll(async () => {
  [nats, postgres] = await Promise.all([testNats(), testPostgres()]);
  ({ database } = await postgres.fresh());
  await migrate(database);
}, 60_000);
afterAll(async () => {
  await nats.close();
  await postgres.close();
});

/** All of a realm's readers, in this process. */
async function alive(realm: string): Promise<Running> {
  await testRealm(nats.bus, realm);
  const stages = runStages(nats.bus, realm, ["ingest", "normalizer", "simulator"]);
  const stop = new AbortController();
  const { signal } = stop;
  const archiving = archiveRealm(
    realm,
    { database, bus: nats.bus, log: silent, troubles: new BlockedStreams() },
    signal,
  );
  const audience = new Channel(realm, () => {});
  const following = followWorld({ bus: nats.bus, realm, log: silent, signal, audience });
  return {
    stop: async () => {
      stop.abort();
      await Promise.all([stages.stop(), archiving, following]);
    },
  };
}

const tickOf = async (realm: string): Promise<number> =>
  (JSON.parse((await lastOf(nats.bus, worldStream(realm), subjects.tick(realm)))!.text()) as TickRecord).tick;

let turn = 0;
let sent = 0;
/** An event, and a tick that has it. */
async function play(realm: string): Promise<void> {
  const before = await tickOf(realm);
  await sendCandidate(nats.bus, candidate(realm, { user_id: `player-${++sent}` }));
  await sendCommand(nats.bus, realm, "tick.run", {});
  await until(async () => (await tickOf(realm)) > before, 20);
}

const troubleOf = (realm: string, stage: Reading) =>
  realmTroubles().find((trouble) => trouble.realm === realm && trouble.stage === stage);

const refusedNow = async (realm: string) =>
  (await metrics.refused.get()).values
    .filter(({ labels }) => labels.realm === realm)
    .map(({ labels, value }) => `${labels.stage} ${labels.reason} ${value}`);

test("what isn't a body is refused with its place by whoever reads it, other realms go on, and without it all goes on", async () => {
  const [poisoned, healthy] = ["poisoned", "healthy"];
  const running = [await alive(poisoned), await alive(healthy)];
  try {
    await play(poisoned);
    await play(healthy);
    for (const followed of followedSubjects(poisoned)) {
      const { subject, readBy } = followed;
      // One kind for each subject, another one each time: `shared/stream/bodies.property.test.ts` tries all of them.
      const kinds = [...(await foreignOn(nats.bus, followed))];
      for (const [what, data] of [kinds[++turn % kinds.length]!]) {
        const stream = streamOf(subject);
        const { seq } = await publishOne(nats.bus, { subject, data });
        for (const stage of readBy) {
          const trouble = await until(async () => troubleOf(poisoned, stage), 20).catch(() => undefined);
          expect(trouble, `${stage}: ${what} on ${subject}`).toMatchObject({ kind: "refused", stream, seq });
          expect(await refusedNow(poisoned)).toContain(`${stage} foreign 1`);
        }
        await nats.bus.jsm.streams.deleteMessage(stream, seq);
        await until(async () => realmTroubles().every(({ realm }) => realm !== poisoned), 20);
        expect(await refusedNow(poisoned)).toEqual([]);
      }
      expect(realmTroubles()).toEqual([]);
    }
    await play(poisoned);
    await play(healthy);
    const events = async () => {
      const query = "SELECT count(*)::int AS n FROM influence_ledger WHERE realm_id = $1";
      return (await database.query<{ n: number }>(query, [poisoned])).rows[0]!.n;
    };
    await until(async () => (await events()) === 2, 20);
    expect((await replay(nats.bus, poisoned)).problems).toEqual([]);
    expect((await lastOf(nats.bus, eventsStream(poisoned), subjects.accepted(poisoned)))?.text()).toContain(
      `player-${sent - 1}`,
    );
  } finally {
    await Promise.all(running.map((each) => each.stop()));
  }
}, 120_000);
