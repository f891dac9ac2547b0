/** KV `world`: the latest snapshot of each realm, for readers. A cache of WORLD. */
import { type Bus, isLostRace, lastOf, publishOne } from "../shared/bus.ts";
import type { WorldSnapshot } from "../shared/contracts/world.ts";
import { kvSubject } from "../shared/topology.ts";

/** Puts the snapshot into KV `world` unless a later one is there. */
export async function refreshKv(bus: Bus, snapshot: WorldSnapshot): Promise<void> {
  const subject = kvSubject("world", snapshot.realm);
  const held = await lastOf(bus, "KV_world", subject);
  if (held !== undefined && (JSON.parse(held.text()) as WorldSnapshot).tick >= snapshot.tick) return;
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
