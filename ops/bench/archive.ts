/**
 * `npm run bench -- archive`: rows/s of the archive, working off a realm's streams, against a bare `COPY` of the same rows into
 * tables of the same definition, indexes included, in the same run; and its events/s against those of the pipeline that fed it,
 * each with the machine to itself.
 */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { pino } from "pino";
import { type Bus, openBus } from "../../shared/stream/bus.ts";
import { bodiesOf } from "../../shared/stream/codec.ts";
import { streamEnds } from "../../shared/stream/last-message.ts";
import { Reader } from "../../shared/stream/reader.ts";
import { eventsStream, subjects } from "../../shared/stream/subjects.ts";
import { type Database, openDatabase } from "../../simulator/archive/database/database.ts";
import { migrate } from "../../simulator/archive/database/migrate.ts";
import { startPostgres } from "../local/postgres.ts";
import { prepareDatabase } from "../local/prepare-database.ts";
import { startProvisioning, startTestNats } from "../testing/nats.ts";
import { startStage } from "../testing/stages.ts";
import { median } from "../tools/median.ts";
import { rateOf } from "./measure.ts";
import { inScratch, perSecond, REALM } from "./pipeline.ts";
import { record } from "./replay.ts";

export type ArchiveOptions = { events: number; rounds: number; say: (line: string) => void };

/** Each round has a Postgres of its own, durable as in production. */
export async function benchArchive({ events, rounds, say }: ArchiveOptions) {
  const dir = await mkdtemp(join(tmpdir(), "amoisekai-bench-"));
  const nats = await startTestNats({ dir });
  const bus = await openBus({ natsUrl: nats.url, name: "bench" });
  startProvisioning(bus);
  try {
    const fed = await record(bus, nats.url, events);
    const rows = await countRows(bus);
    const ratios: number[] = [];
    const paces: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      const { archived, bare } = await inScratch((scratch) => measure(scratch, nats.url, rows));
      ratios.push(archived / bare);
      paces.push((archived * events) / rows / fed);
      say(`round ${round}: bare COPY ${perSecond(bare)}, archive ${perSecond(archived)} of ${rows} rows`);
    }
    const ratio = median(ratios);
    const pace = median(paces);
    say(`archive / bare COPY                  ${ratio.toFixed(2)} (target 0.5)`);
    say(`archive / pipeline at ${perSecond(fed).padStart(8)}      ${pace.toFixed(2)} (target 1)`);
    return { ratio, pace };
  } finally {
    await bus.close();
    await nats.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

async function measure(
  dir: string,
  natsUrl: string,
  rows: number,
): Promise<{ archived: number; bare: number }> {
  const postgres = await startPostgres({ dir: join(dir, "postgres") });
  try {
    const urls = await prepareDatabase(postgres.url, pino({ level: "silent" }));
    const env = { NATS_URL: natsUrl, DATABASE_URL: urls.archive };
    const stage = await startStage("simulator/archive/main.ts", "ARCHIVE_PORT", env);
    const archived = await rateOf(rows, () => stage.metric("amoi_archive_rows_total")).finally(stage.stop);
    return { archived, bare: await bareRate(dir, urls.migrate, postgres.url) };
  } finally {
    await postgres.stop();
  }
}

/** What the archive makes of the realm's EVENTS: a row per body and marker, and one more in the ledger where it counts. */
async function countRows(bus: Bus): Promise<number> {
  const stream = eventsStream(REALM);
  const { created, lastSeq } = await streamEnds(bus, stream);
  const position = subjects.position("normalizer", REALM);
  const names = [
    ...[subjects.accepted, subjects.quarantined, subjects.rejected, subjects.command].map((of) => of(REALM)),
    subjects.tickMarker(REALM),
    position,
  ];
  const reader = new Reader(bus, { stream, subjects: names, created, from: 1 });
  const signal = AbortSignal.timeout(60_000);
  let rows = 0;
  for (let read = 0; read < lastSeq; ) {
    signal.throwIfAborted();
    for (const { subject, seq, data } of await reader.take(1_000, signal)) {
      read = seq;
      if (subject === position) continue;
      const bodies = subject === subjects.tickMarker(REALM) ? 1 : bodiesOf(data).length;
      rows += subject === subjects.accepted(REALM) ? 2 * bodies : bodies;
    }
  }
  await reader.close();
  return rows;
}

const TABLES = ["world_events", "influence_ledger"];

/** Copies what the archive wrote out, and into a schema of its own: one connection, one table after the other. */
async function bareRate(dir: string, url: string, adminUrl: string): Promise<number> {
  const log = pino({ level: "silent" });
  const source = openDatabase(url, { log });
  const bare = openDatabase(url, { log, schema: "bare" });
  const admin = openDatabase(adminUrl, { log });
  try {
    await migrate(bare, { schema: "bare" });
    await bare.query("SELECT open_partition($1)", [REALM]);
    let rows = 0;
    let ms = 0;
    for (const table of TABLES) {
      const file = join(dir, table);
      const columns = await columnsOf(source, table);
      await withClient(source, (client) =>
        pipeline(
          client.query(copyTo(`COPY (SELECT ${columns} FROM ${table}) TO STDOUT`)),
          createWriteStream(file),
        ),
      );
      await admin.query("CHECKPOINT");
      const startedMs = performance.now();
      const into = table === "world_events" ? `"world_events_${REALM}"` : table;
      rows += await withClient(bare, async (client) => {
        const copying = client.query(copyFrom(`COPY ${into} (${columns}) FROM STDIN`));
        await pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), copying);
        return copying.rowCount ?? 0;
      });
      ms += performance.now() - startedMs;
    }
    return (rows / ms) * 1_000;
  } finally {
    await Promise.all([source.end(), bare.end(), admin.end()]);
  }
}

/** All but those that the database numbers itself. */
async function columnsOf(database: Database, table: string): Promise<string> {
  const { rows } = await database.query<{ columns: string }>(
    `SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) AS columns
      FROM information_schema.columns
      WHERE table_schema = current_schema() AND table_name = $1 AND is_identity = 'NO'`,
    [table],
  );
  return rows[0]!.columns;
}

async function withClient<T>(database: Database, act: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await database.connect();
  try {
    return await act(client);
  } finally {
    client.release();
  }
}
