/** KV `world`: the latest snapshot of each realm, for readers. A cache of WORLD. */

import type { TickRecord, WorldSnapshot } from "../contracts/world.ts";
import type { Bus } from "../stream/bus.ts";
import { lastOf, type Stored } from "../stream/last-message.ts";
import { isLostRace, publishOne } from "../stream/publish.ts";
import { subjects, worldStream } from "../stream/subjects.ts";
import { kvSubject } from "../stream/topology.ts";
import { messageOfTick } from "./tick-sequence.ts";

/**
 * Puts the snapshot into KV `world` unless this WORLD's own is there, of the same tick or a later one. What else is there, of a
 * realm that was restored or had the name before, or nothing readable, gives way.
 */
export async function refreshKv(bus: Bus, snapshot: WorldSnapshot): Promise<void> {
  const subject = kvSubject("world", snapshot.realm);
  const held = await lastOf(bus, "KV_world", subject);
  if (held !== undefined && (await isAhead(bus, held, snapshot))) return;
  try {
    await publishOne(bus, {
      subject,
      data: JSON.stringify(snapshot),
      expectedLastSubjectSeq: held?.seq ?? 0,
    });
  } catch (error) {
    if (!isLostRace(error)) throw error;
  }
}

/** Whether an entry is at least as late as a snapshot, and of a tick that WORLD has a record of. */
async function isAhead(
  bus: Bus,
  held: Stored,
  { realm, tick, record_hash }: WorldSnapshot,
): Promise<boolean> {
  const found = placeIn(held);
  if (found === undefined || found.tick < tick) return false;
  if (found.tick === tick) return found.record_hash === record_hash;
  // Only another owner, who has committed that tick, is ahead.
  const stored = await messageOfTick(bus, worldStream(realm), subjects.tick(realm), found.tick);
  const record = stored && (JSON.parse(stored.text()) as TickRecord);
  return record?.tick === found.tick && record.hash === found.record_hash;
}

/** The tick and record that an entry names; `undefined` where it can't be read. */
function placeIn(held: Stored): Pick<WorldSnapshot, "tick" | "record_hash"> | undefined {
  try {
    const { tick, record_hash } = JSON.parse(held.text()) as WorldSnapshot;
    return Number.isSafeInteger(tick) ? { tick, record_hash } : undefined;
  } catch {
    return undefined;
  }
}
