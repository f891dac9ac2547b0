/** What the archive says of a realm that is ending: up to where it has each stream, so that none goes before its rows are there. */

import { pause } from "../../shared/process/pause.ts";
import { type ArchivedThrough, archivedKey } from "../../shared/provision/realm-entries.ts";
import { streamEnds } from "../../shared/stream/last-message.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { kvSubject } from "../../shared/stream/topology.ts";
import type { Surroundings } from "./follow.ts";

/** How often the positions are looked at, and after how long they are said again, since the bucket forgets, ms. */
const LOOK_MS = 250;
const AGAIN_MS = 60_000;

/** From the time when the realm is ending until the signal. */
export async function tellArchived(
  realm: string,
  surroundings: Pick<Surroundings, "bus" | "database" | "log">,
  ending: AbortSignal,
  signal: AbortSignal,
): Promise<void> {
  await whenAborted(AbortSignal.any([ending, signal]));
  let told = { text: "", ms: Number.NEGATIVE_INFINITY };
  while (!signal.aborted) {
    try {
      const text = JSON.stringify(await archivedThrough(realm, surroundings));
      if (text !== told.text || performance.now() - told.ms > AGAIN_MS) {
        await publishOne(surroundings.bus, { subject: kvSubject("workers", archivedKey(realm)), data: text });
        told = { text, ms: performance.now() };
      }
    } catch (error) {
      const reason = String(error);
      if (!signal.aborted)
        surroundings.log.info(
          { realm, reason },
          "the archive could not announce how far the realm is archived; it tries again",
        );
    }
    await pause(LOOK_MS, signal);
  }
}

/** Positions that count in another stream of the name say nothing of this one. */
async function archivedThrough(
  realm: string,
  { bus, database }: Pick<Surroundings, "bus" | "database">,
): Promise<ArchivedThrough> {
  const { rows } = await database.query<{ stream: string; created: string; through: number }>(
    "SELECT stream, created, through FROM archive_positions WHERE realm_id = $1 ORDER BY stream",
    [realm],
  );
  const ends = await Promise.all(rows.map(({ stream }) => streamEnds(bus, stream)));
  const own = rows.filter(({ created }, i) => created === ends[i]!.created);
  return Object.fromEntries(own.map(({ stream, through }) => [stream, through]));
}

const whenAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
