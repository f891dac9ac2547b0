/**
 * Has RAW purged behind ingest's position, so that its `max_bytes` bounds waiting messages and not the past.
 *
 * The provision service alone may purge, and holds every request against the committed position itself. Messages stay for ten
 * minutes longer: JetStream and the gateway find repeats among them.
 */

import { pause } from "../../shared/process/pause.ts";
import { askForPurge } from "../../shared/provision/ask-provision.ts";
import type { Owned } from "../../shared/stage/stage.ts";

/** How long a message stays behind the position, and how often that is looked at, ms. */
export type PurgePace = { keepMs: number; everyMs: number };
const PACE: PurgePace = { keepMs: 600_000, everyMs: 60_000 };

/** `taken`: sequence in RAW of the last message that ingest took. */
type Taking = { taken: number };

/** Until the signal. Nothing is asked for while nothing arrives. */
export async function purgeRaw(
  { bus, realm, state, log, signal }: Owned<Taking>,
  { keepMs, everyMs }: PurgePace = PACE,
): Promise<void> {
  /** Ingest's position at each look, oldest first: as many looks as fit into `keepMs`. */
  const looks: number[] = [];
  let purged = 0;
  while (!signal.aborted) {
    looks.push(state.taken);
    await pause(everyMs, signal);
    if (signal.aborted || looks.length * everyMs < keepMs) continue;
    const through = looks.shift()!;
    if (through <= purged) continue;
    try {
      await askForPurge(bus, { realm, through });
      purged = through;
    } catch (error) {
      log.warn(
        { through, reason: String(error) },
        "RAW was not purged behind ingest's position; ingest asks again in a minute",
      );
    }
  }
}
