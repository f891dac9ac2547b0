/**
 * Broadcaster: the world to every client, as it changes. Any number of them may run; each follows every realm by itself.
 *
 * Reads WORLD (deltas, notices, and the last snapshot to start from), the pulses on core NATS, and KV: `realms`, and of `world` the
 * forecasts. Writes only its announcement in `workers`. Keeps, per realm and in memory, the public state, the deltas and notices
 * of the last 256 ticks, and 100 000 events of the public log: no client costs a read of anything else, but for one who asks for
 * an earlier tick. That is read from WORLD's past, the checkpoints in KV `world` and, for the first chapter, the
 * ruleset that EVENTS begins with; chapters stay in memory.
 */

import { hostCheck } from "../shared/auth/hosts.ts";
import { tokenSecrets } from "../shared/feed/feed-token.ts";
import { listen, operationsServer } from "../shared/process/http.ts";
import { metrics } from "../shared/process/metrics.ts";
import { Announcement } from "../shared/stage/ownership.ts";
import { serve } from "../shared/stage/service.ts";
import { chooseEngine } from "./http/choose-engine.ts";
import { PortTaken } from "./http/engine.ts";
import { limitsOf, readLimitsOf } from "./http/limits.ts";
import { PublicServer } from "./public.ts";
import { Realms } from "./realm/realms.ts";

await serve("broadcaster", async (service) => {
  const { env, bus, log } = service;
  const stop = new AbortController();
  const signal = AbortSignal.any([service.signal, stop.signal]);
  const engine = await chooseEngine(env.AMOI_FEED_ENGINE);
  metrics.engine.set({ engine: engine.name }, 1);
  if (engine.instead !== undefined)
    log.warn(
      { reason: engine.instead },
      "the public port is served by ws instead of uWebSockets.js, and slower",
    );
  const server = new PublicServer(
    engine.make,
    tokenSecrets(env),
    limitsOf(env),
    readLimitsOf(env),
    hostCheck(env),
  );
  const realms = new Realms({ ...service, signal }, server.feed);
  let port: number | undefined;
  // Once it serves, one realm that can't be restored is no reason to send the clients of all others away.
  const operations = operationsServer(
    {
      notReady: () => (port === undefined ? (realms.missing() ?? "not listening yet") : undefined),
    },
    hostCheck(env),
  );
  const following = realms.follow();
  let announcement: Announcement | undefined;
  try {
    const operationsPort = await listen(operations, env.AMOI_HOST, env.BROADCASTER_PORT);
    await realms.restored();
    if (!signal.aborted) {
      announcement = new Announcement(bus, "broadcaster", env.AMOI_WORKER_TTL_SECONDS, {
        port: operationsPort,
      });
      announcement.start();
      port = await server.listen(env.AMOI_HOST, env.FEED_PORT);
      log.info({ port, operations_port: operationsPort }, "up");
    }
    await following;
    log.info("drained");
  } catch (error) {
    if (!(error instanceof PortTaken)) throw error;
    log.fatal(error.message);
    process.exitCode = 1;
  } finally {
    stop.abort();
    server.close();
    await operations.close();
    await announcement?.stop();
    await following;
  }
});
