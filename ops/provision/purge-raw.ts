/** Purges RAW behind ingest's committed position, on ingest's request. */

import { Position } from "../../shared/contracts/position.ts";
import type { PurgeRequest } from "../../shared/contracts/provisioning.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import { rawStream, subjects, validStream } from "../../shared/stream/subjects.ts";

/**
 * Answers how many messages went. The message at the position stays, since a stream that lost it would look as if it had lost
 * what comes next too. Never goes beyond the position on VALID's leader, whatever the request says.
 */
export async function purgeRaw(bus: Bus, { realm, through }: PurgeRequest): Promise<number> {
  // Of a realm that is ending nothing is removed any more.
  const { config } = await bus.jsm.streams.info(rawStream(realm));
  if (config.sealed) return 0;
  const position = await lastOf(bus, validStream(realm), subjects.position("ingest", realm));
  if (position === undefined) throw new Error(`${validStream(realm)} has no position of ingest`);
  const committed = Position.parse(JSON.parse(position.text())).through;
  const { purged } = await bus.jsm.streams.purge(rawStream(realm), { seq: Math.min(through, committed) });
  return purged;
}
