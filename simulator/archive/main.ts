/**
 * Archive: every stream of every realm into Postgres, of which it is the only writer.
 *
 * Reads `impact.rejected`, `events.accepted|quarantined|rejected|command|tick`, `world.tick|delta`, and in KV `realms` what a
 * realm is called. Writes nothing to NATS but its announcement in KV `workers`. Keeps its positions in Postgres, beside the
 * rows: Postgres may be away for a day, nothing waits.
 */
import { setTimeout as delay } from "node:timers/promises";
import { listen, operationsServer } from "../../shared/http.ts";
import { runRealms, type Service, serve } from "../../shared/service.ts";
import { cutOnceAborted, type Database, openDatabase } from "./database.ts";
import { MigrationError, migrate } from "./migrate.ts";
import { archiveRealm } from "./realms.ts";
import { Troubles } from "./troubles.ts";

const RETRY_MS = 1_000;

await serve("archive", async (service) => {
  const { env, bus, log } = service;
  if (env.DATABASE_URL === undefined) {
    process.stderr.write("archive: DATABASE_URL is required to run it by itself; npm start starts all\n");
    process.exitCode = 1;
    return;
  }
  const troubles = new Troubles();
  troubles.begin("postgres", { reason: "not reached yet" });
  troubles.begin("realms", { reason: "none is provisioned" });
  const database = openDatabase(env.DATABASE_URL, log);
  cutOnceAborted(database, service.signal);
  const server = operationsServer({ notReady: () => (!bus.connected ? "NATS is away" : troubles.summary()) });
  const port = await listen(server, env.AMOI_HOST, env.ARCHIVE_PORT);
  try {
    await untilMigrated(service, database, troubles);
    const surroundings = { bus, database, log, troubles };
    await runRealms(service, {
      name: "archive",
      port,
      found: () => troubles.over("realms"),
      run: (realm, _, until) => archiveRealm(realm, surroundings, until),
    });
  } finally {
    await server.close();
    await database.end();
  }
  log.info("drained");
});

/** Tries until it is done: Postgres may come later than this process, and an operator may put a migration right. */
async function untilMigrated(
  { log, signal }: Service,
  database: Database,
  troubles: Troubles,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for (const name of await migrate(database)) log.info({ migration: name }, "migrated");
      return troubles.over("postgres");
    } catch (error) {
      const reason = error instanceof Error ? error.message || error.name : String(error);
      const refused = error instanceof MigrationError;
      troubles.begin("postgres", { reason, refused });
      if (refused) log.error({ reason }, "not archiving until an operator has looked");
      else log.warn({ reason }, "no Postgres yet; trying again");
      await delay(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }
}
