/**
 * Whether Postgres takes rows, asked every five seconds whether there are any or not: an archive that has nothing to write must notice
 * too that it couldn't. The question takes the locks of a write, changes nothing, and has a connection of its own, so that it waits
 * behind no commit.
 */

import type { Log } from "../../shared/process/log.ts";
import { pause } from "../../shared/process/pause.ts";
import type { BlockedStreams } from "./blocked-streams.ts";
import { cutOnceAborted, type Database, openDatabase } from "./database/database.ts";
import { assertUpToDate, MigrationError } from "./database/migrate.ts";
import { excessOf } from "./database/rights.ts";

const CHECK_MS = 5_000;
const RETRY_MS = 1_000;
/** The question's bounds; a lock that is held for longer than this is told of. */
const ASK_MS = { connect: 4_000, lock: 2_000, statement: 4_000 };

const WOULD_WRITE = `BEGIN;
  LOCK TABLE archive_positions, world_events, influence_ledger, world_state_snapshots IN ROW EXCLUSIVE MODE;
  UPDATE archive_positions SET through = through WHERE false;
  ROLLBACK`;

export type Watch = {
  /** Resolves once the database is there, as this version needs it; without effect where the signal comes first. */
  ready: Promise<void>;
  /** Resolves when the signal has ended the watch. */
  done: Promise<void>;
};

/** Keeps the trouble `postgres` true until the signal. `strict`: a role that may do more than archive is refused. */
export function watchPostgres(
  url: string,
  {
    log,
    troubles,
    strict,
    signal,
  }: { log: Log; troubles: BlockedStreams; strict: boolean; signal: AbortSignal },
): Watch {
  const database = openDatabase(url, {
    log,
    name: "archive-watch",
    max: 1,
    connectMs: ASK_MS.connect,
    statementMs: ASK_MS.statement + 500,
    settings: { lock_timeout: `${ASK_MS.lock}`, statement_timeout: `${ASK_MS.statement}` },
  });
  cutOnceAborted(database, signal);
  const ready = Promise.withResolvers<void>();
  const watch = async () => {
    let checked = false;
    let said: string | undefined;
    while (!signal.aborted) {
      try {
        if (!checked) await assertUsable(database, strict, log);
        checked = true;
        await ask(database);
        troubles.over("postgres");
        if (said !== undefined) log.info("Postgres accepts rows again");
        said = undefined;
        ready.resolve();
      } catch (error) {
        const reason = error instanceof Error ? error.message || error.name : String(error);
        const refused = error instanceof MigrationError || error instanceof RoleRefused;
        troubles.begin("postgres", { reason, refused });
        const again = "asking again until it does";
        if (reason !== said) log[refused ? "error" : "warn"]({ reason }, `Postgres takes no rows; ${again}`);
        said = reason;
      }
      const pauseMs = troubles.has("postgres") ? RETRY_MS : CHECK_MS;
      await pause(pauseMs, signal);
    }
    await database.end();
  };
  const done = watch().finally(() => ready.resolve());
  return { ready: ready.promise, done };
}

/** Production doesn't archive with a role that could rewrite what happened. */
class RoleRefused extends Error {}

async function assertUsable(database: Database, strict: boolean, log: Log): Promise<void> {
  await assertUpToDate(database);
  const excess = await excessOf(database);
  if (excess === undefined) return;
  const remedy = "give DATABASE_URL the role amoi_archive (npm run archive:migrate makes it)";
  if (strict) throw new RoleRefused(`${excess}, which an archive must not: ${remedy}`);
  log.warn({ excess }, `the archive's role may change archived history: ${remedy}`);
}

async function ask(database: Database): Promise<void> {
  const client = await database.connect();
  try {
    await client.query(WOULD_WRITE);
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}
