/** For tests of the archive: a Postgres of their own, and a realm whose logs they write by hand. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { pino } from "pino";
import type { LocalServer } from "../../../ops/local/nats.ts";
import { startPostgres } from "../../../ops/local/postgres.ts";
import { prepareDatabase, urlsFor } from "../../../ops/local/prepare-database.ts";
import type { Accepted, Decision } from "../../../shared/contracts/decision.ts";
import type { TickRecord, WorldSnapshot } from "../../../shared/contracts/world.ts";
import { canonicalHash } from "../../../shared/exact/canonical.ts";
import { eventId } from "../../../shared/exact/identity.ts";
import { provisionRealm } from "../../../shared/provision/provision.ts";
import { loadRuleset } from "../../../shared/rulesets/rulesets.ts";
import type { Bus } from "../../../shared/stream/bus.ts";
import { lastOf, streamEnds } from "../../../shared/stream/last-message.ts";
import { publishBatch, publishOne } from "../../../shared/stream/publish.ts";
import { Reader } from "../../../shared/stream/reader.ts";
import { eventsStream, subjects, worldStream } from "../../../shared/stream/subjects.ts";
import { SKIRMISH } from "../../../shared/testing/candidate.ts";
import { advance, movingSubjects, stateOf } from "../../advance.ts";
import { commandsParts } from "../../commands/parts.ts";
import { type Database, openDatabase } from "../database/database.ts";
import type { DatabaseUrls } from "../database/roles.ts";

export const silent = pino({ level: "silent" });

export type TestDatabase = {
  /** For the process of each role; `admin` is the server's superuser, who may tamper with anything. */
  urls: DatabaseUrls & { admin: string };
  /** Of `archive`, which is what `DATABASE_URL` is given. */
  url: string;
  /** The superuser in the archive's schema: looks, and plays the tamperer. */
  database: Database;
  /** The archive's role. */
  archiving: Database;
};

export type TestPostgres = {
  /** A database of its own for each call, with the roles' schemas and every migration. */
  fresh(): Promise<TestDatabase>;
  /** One without anything, as `createdb` makes it. */
  empty(): Promise<TestDatabase>;
  /** A database with the rows that the one of `url` has now, as a backup of it would have. */
  backup(url: string): Promise<TestDatabase>;
  kill(): Promise<void>;
  /** The same data on the same port. */
  startAgain(): Promise<void>;
  close(): Promise<void>;
};

/** `start`: another server than the one of the package. */
export async function testPostgres(
  start: (dir: string, port?: number) => Promise<LocalServer> = (dir, port) =>
    startPostgres({ dir, durable: false, ...(port === undefined ? {} : { port }) }),
): Promise<TestPostgres> {
  const dir = await mkdtemp(join(tmpdir(), "amoisekai-postgres-"));
  let server = await start(dir);
  const passwords = urlsFor(server.url);
  const opened: Database[] = [];
  let made = 0;
  const inDatabase = (url: string, name: string) =>
    Object.assign(new URL(url), { pathname: `/${name}` }).href;
  const make = async (template: string): Promise<TestDatabase> => {
    const name = `test_${++made}`;
    const admin = new pg.Client(server.url);
    await admin.connect();
    await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [
      template,
    ]);
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
    // Without fsync, but what is committed survives a kill of the server.
    await admin.query(`ALTER DATABASE ${name} SET synchronous_commit = on`);
    // Rights on a database aren't copied with it.
    if (template !== "template1") await admin.query(`GRANT CREATE ON DATABASE ${name} TO amoi_migrate`);
    await admin.end();
    const urls = { ...urlsFor(server.url, passwords), admin: server.url };
    for (const kind of ["archive", "migrate", "read", "admin"] as const)
      urls[kind] = inDatabase(urls[kind], name);
    const database = openDatabase(urls.admin, { log: silent });
    const archiving = openDatabase(urls.archive, { log: silent });
    opened.push(database, archiving);
    return { urls, url: urls.archive, database, archiving };
  };
  // Migrated once: every other database is a copy.
  const { urls } = await make("template1");
  await prepareDatabase(urls.admin, silent, urls);
  const prepared = new URL(urls.admin).pathname.slice(1);
  return {
    fresh: () => make(prepared),
    empty: () => make("template1"),
    backup: (url) => make(new URL(url).pathname.slice(1)),
    kill: () => server.kill(),
    startAgain: async () => {
      server = await start(dir, server.port);
    },
    close: async () => {
      await Promise.all(opened.map((database) => database.end()));
      await server.kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export type TestRealm = {
  realm: string;
  /** Writes bodies as one bundle, or several bundles of up to 50. */
  write(subject: (realm: string) => string, bodies: unknown[]): Promise<void>;
  /**
   * Writes a marker and what the simulator makes of it; answers the record. `key`: of the command that asked for it. `forge`
   * changes the record before it gets its hash, as a broken simulator would.
   */
  tick(key?: string, forge?: (record: TickRecord) => void): Promise<TickRecord>;
};

export async function testRealm(bus: Bus, realm: string): Promise<TestRealm> {
  const ruleset = await loadRuleset("demo");
  await provisionRealm(bus, { realm, name: "A realm", ruleset, replicas: 1, rawMaxBytes: 16 * 1024 * 1024 });
  const stream = eventsStream(realm);
  const first = await lastOf(bus, worldStream(realm), subjects.snapshot(realm));
  const state = stateOf(JSON.parse(first!.text()) as WorldSnapshot);
  return {
    realm,
    write: async (subject, bodies) => {
      for (let start = 0; start < bodies.length; start += 25_000) {
        const batch = bodies.slice(start, start + 25_000);
        const bundles = Array.from({ length: Math.ceil(batch.length / 50) }, (_, i) => ({
          subject: subject(realm),
          data: JSON.stringify(batch.slice(i * 50, i * 50 + 50)),
        }));
        await publishBatch(bus, bundles);
      }
    },
    tick: async (key, forge) => {
      const due = key === undefined ? { kind: "scheduled" } : { kind: "manual", key };
      const marker = { realm, tick: state.world.public.tick + 1, ...due };
      const { seq } = await publishOne(bus, {
        subject: subjects.tickMarker(realm),
        data: JSON.stringify(marker),
      });
      const { created } = await streamEnds(bus, stream);
      const reader = new Reader(bus, {
        stream,
        subjects: movingSubjects(realm),
        created,
        from: state.readSeq + 1,
      });
      try {
        for (;;) {
          for (const message of await reader.take(1_000, AbortSignal.timeout(5_000))) {
            const atMs = message.atMs;
            const { tick } = advance(state, {
              subject: message.subject,
              seq: message.seq,
              data: message.data,
              atMs,
            });
            if (tick === undefined || message.seq !== seq) continue;
            if (forge !== undefined) state.last.record_hash = forged(tick.record, forge);
            await publishBatch(bus, [
              { subject: subjects.tick(realm), data: JSON.stringify(tick.record) },
              ...commandsParts(realm, tick.record.tick, tick.settled).map((data) => ({
                subject: subjects.settledCommands(realm),
                data,
              })),
              { subject: subjects.delta(realm), data: JSON.stringify(tick.delta) },
              { subject: subjects.snapshot(realm), data: JSON.stringify(tick.snapshot), rollup: true },
            ]);
            return tick.record;
          }
        }
      } finally {
        await reader.close();
      }
    },
  };
}

function forged(record: TickRecord, forge: (record: TickRecord) => void): string {
  forge(record);
  const { hash: _, ...content } = record;
  record.hash = canonicalHash(content);
  return record.hash;
}

/** A decision of the `n`-th of many players; every third one for the same faction. */
export function accepted(realm: string, n: number, given: Partial<Accepted> = {}): Accepted {
  const user_id = given.user_id ?? `user-${n % 1_000}`;
  const idempotency_key = `chapter-${n}-end`;
  return {
    ...SKIRMISH,
    idempotency_key,
    realm_id: realm,
    faction_id: ["empire", "freeholds", "veilborn"][(n % 1_000) % 3]!,
    user_id,
    device_id: `device-${n % 900}`,
    session_id: `session-${n % 2_000}`,
    occurred_at: "2026-03-01T09:59:58.000Z",
    event_id: eventId(realm, user_id, idempotency_key),
    received_at: "2026-03-01T10:00:00.000Z",
    source_seq: n + 1,
    factors: { quality_bp: 12_200, anti_spam_bp: 10_000, fairness_bp: 10_000 },
    normalized_points: 122_000 + (n % 7),
    clipped: [],
    daily_cap_bucket: "2026-03-01",
    ruleset_version: 1,
    validity_status: "accepted",
    ...given,
  };
}

/** The same candidate with another verdict. */
export const judged = (
  decision: Accepted,
  verdict: Pick<Decision, "validity_status" | "reason">,
): object => ({
  ...decision,
  normalized_points: 0,
  ...verdict,
});
