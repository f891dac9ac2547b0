/**
 * Archive: every stream of every realm into Postgres, of which it is the only writer.
 *
 * Reads `impact.rejected`, `events.accepted|quarantined|rejected|command|tick`, `world.tick|delta`, and in KV `realms` what a
 * realm is called. Writes to NATS in KV `workers` alone: its announcement, and how far it has a realm that is ending. Keeps its positions in Postgres, beside the
 * rows: Postgres may be away for a day, nothing waits. Its role there adds rows and makes no tables: npm run archive:migrate does.
 */
import { hostCheck } from "../../shared/auth/hosts.ts";
import { listen, operationsServer } from "../../shared/process/http.ts";
import { runRealms, serve } from "../../shared/stage/service.ts";
import { BlockedStreams } from "./blocked-streams.ts";
import { cutOnceAborted, openDatabase } from "./database/database.ts";
import { archiveRealm } from "./realms.ts";
import { watchPostgres } from "./watch.ts";

await serve("archive", async (service) => {
  const { env, bus, log } = service;
  if (env.DATABASE_URL === undefined) {
    process.stderr.write("archive: DATABASE_URL is required to run it by itself; npm start starts all\n");
    process.exitCode = 1;
    return;
  }
  const troubles = new BlockedStreams();
  troubles.begin("postgres", { reason: "not reached yet" });
  troubles.begin("realms", { reason: "none is provisioned" });
  const database = openDatabase(env.DATABASE_URL, { log });
  cutOnceAborted(database, service.signal);
  const server = operationsServer(
    { notReady: () => (!bus.connected ? "NATS is away" : troubles.notReady()) },
    hostCheck(env),
  );
  const port = await listen(server, env.AMOI_HOST, env.ARCHIVE_PORT);
  const over = new AbortController();
  const signal = AbortSignal.any([service.signal, over.signal]);
  const strict = env.MODE === "production";
  const watch = watchPostgres(env.DATABASE_URL, { log, troubles, strict, signal });
  try {
    await watch.ready;
    const surroundings = { bus, database, log, troubles };
    await runRealms(service, {
      name: "archive",
      port,
      found: () => troubles.over("realms"),
      run: (realm, { signal, ending }) => archiveRealm(realm, surroundings, signal, ending),
    });
  } finally {
    over.abort();
    await server.close();
    await Promise.all([database.end(), watch.done]);
  }
  log.info("drained");
});
