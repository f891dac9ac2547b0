/** One realm into Postgres: entered first, then each of its streams. Two archives at once are harmless, by the position. */

import { jittered } from "../../shared/process/backoff.ts";
import { metrics } from "../../shared/process/metrics.ts";
import { pause } from "../../shared/process/pause.ts";
import { ArchiveRefused } from "./database/position.ts";
import { tellArchived } from "./ending.ts";
import { follow, type Surroundings } from "./follow.ts";
import { registerRealm } from "./register.ts";
import { decisions, rejections } from "./rows/events.ts";
import { world } from "./rows/world.ts";

const RETRY_MS = 1_000;

/** Archives one realm until the signal. Once `ending` is aborted it tells how far it has the realm. */
export async function archiveRealm(
  realm: string,
  surroundings: Surroundings,
  signal: AbortSignal,
  ending: AbortSignal = new AbortController().signal,
): Promise<void> {
  const { database, bus, log, troubles } = surroundings;
  while (!signal.aborted) {
    try {
      await registerRealm(database, bus, realm);
      troubles.over(realm);
      break;
    } catch (error) {
      if (signal.aborted) break;
      const reason = error instanceof Error ? error.message || error.name : String(error);
      troubles.begin(realm, { realm, reason, refused: error instanceof ArchiveRefused });
      metrics.archiveErrors.inc({ realm });
      log.warn(
        { realm, reason },
        "the realm could not be registered in the archive; the archive tries again",
      );
      await pause(jittered(RETRY_MS), signal);
    }
  }
  const streams = [rejections(realm), decisions(realm), world(realm)];
  await Promise.all([
    ...streams.map((followed) => follow(realm, followed, surroundings, signal)),
    tellArchived(realm, surroundings, ending, signal),
  ]);
  troubles.left(realm);
}
