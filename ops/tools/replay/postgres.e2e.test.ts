import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { subjects } from "../../../shared/stream/subjects.ts";
import { BlockedStreams } from "../../../simulator/archive/blocked-streams.ts";
import { archiveRealm } from "../../../simulator/archive/realms.ts";
import {
  accepted,
  silent,
  type TestPostgres,
  testPostgres,
  testRealm,
} from "../../../simulator/archive/testing/database.ts";
import { type TestNats, testNats, urlOf } from "../../testing/nats.ts";
import { runCommand } from "../../testing/run-command.ts";

let nats: TestNats;
let postgres: TestPostgres;
beforeAll(async () => {
  [nats, postgres] = await Promise.all([testNats(), testPostgres()]);
}, 60_000);
afterAll(() => Promise.all([nats.close(), postgres.close()]));

test("streams that are gone are replayed from Postgres, which is said; one row that was changed is named", async () => {
  const { realm, write, tick } = await testRealm(nats.bus, "archived");
  for (let n = 0; n < 4; n++) {
    await write(
      subjects.accepted,
      Array.from({ length: 60 }, (_, i) => accepted(realm, n * 60 + i)),
    );
    await tick();
  }
  const { urls, database, archiving } = await postgres.fresh();
  const stop = new AbortController();
  const surroundings = { database: archiving, bus: nats.bus, log: silent, troubles: new BlockedStreams() };
  const done = archiveRealm(realm, surroundings, stop.signal);
  for (let at = 0; at < 4; await delay(25)) {
    const { rows } = await database.query(
      `SELECT max(tick_number) AS at FROM world_state_snapshots s, archive_positions p
        WHERE p.stream = $1 AND p.through >= (SELECT max((record_json ->> 'through_seq')::bigint) FROM world_state_snapshots)`,
      [`EVENTS_${realm}`],
    );
    at = rows[0]?.at ?? 0;
  }
  stop.abort();
  await done;

  const env = { NATS_URL: urlOf(nats.url, "operator"), DATABASE_READ_URL: urls.read };
  const replayed = (...args: string[]) =>
    runCommand("ops/tools/replay/main.ts", ["--realm", realm, "--verify", ...args], env);
  const asked = await replayed("--from-postgres");
  expect(asked).toMatchObject({ code: 0, err: "" });
  for (const name of ["RAW", "VALID", "EVENTS", "WORLD"])
    await nats.bus.jsm.streams.delete(`${name}_${realm}`);
  const gone = await replayed("--from", "3");
  expect(gone).toMatchObject({ code: 0, err: "" });
  expect(gone.out).toContain(`there is no stream EVENTS_${realm}: reading ${realm} from Postgres`);
  expect(gone.out).toContain("4 ticks from Postgres, begun at tick 0, 240 events");
  expect(gone.out).toContain("every tick has the recorded bytes");

  // WORLD was archived further than EVENTS when the streams went: what is whole is replayed, and what is missing is said.
  await database.query(`UPDATE archive_positions SET through = through - 1 WHERE stream = 'EVENTS_archived'`);
  const behind = await replayed();
  expect(behind.out).toContain("3 ticks from Postgres, begun at tick 0, 180 events");
  expect(behind.out).toMatch(/DIFFERS tick 4: recorded up to tick 4, but EVENTS is archived up to \d+ only/);
  expect(behind).toMatchObject({ code: 1, err: "" });
  expect(await replayed("--to", "2")).toMatchObject({ code: 0 });

  await database.query(
    `UPDATE world_state_snapshots SET record_json = jsonb_set(record_json, '{through_seq}', '7') WHERE tick_number = 2`,
  );
  const changed = await replayed();
  expect(changed.code).toBe(1);
  expect(changed.out).toContain("DIFFERS tick 2: through_seq is recorded as 7, recomputed as");
}, 120_000);
