/**
 * A whole state now and then, so that no past tick is far from one: WORLD keeps every delta, but the latest snapshot alone.
 * KV `world` holds a checkpoint for every 256 ticks at `<realm>.c.<tick>`. It is a cache like everything in KV: whoever reads one
 * holds it against the chain, and does without where it is missing or another realm's of that name.
 */
import { type Bus, lastOf, publishOne } from "./bus.ts";
import { canonicalHash } from "./canonical.ts";
import type { WorldSnapshot } from "./contracts/world.ts";
import { kvSubject } from "./topology.ts";

export const CHECKPOINT_TICKS = 256;

const subjectOf = (realm: string, tick: number): string => kvSubject("world", `${realm}.c.${tick}`);

export const isCheckpoint = (tick: number): boolean => tick % CHECKPOINT_TICKS === 0;

/** Writes a checkpoint. Its bytes follow from the tick, so it doesn't matter who is last. */
export async function keepCheckpoint(bus: Bus, snapshot: WorldSnapshot): Promise<void> {
  const subject = subjectOf(snapshot.realm, snapshot.tick);
  await publishOne(bus, { subject, data: JSON.stringify(snapshot) });
}

/**
 * The checkpoint of a tick whose public state has the hash that the chain states; `undefined` where there is none. `tick` is a
 * multiple of `CHECKPOINT_TICKS`.
 */
export async function checkpointAt(
  bus: Bus,
  realm: string,
  tick: number,
  publicHash: string,
): Promise<WorldSnapshot | undefined> {
  const stored = await lastOf(bus, "KV_world", subjectOf(realm, tick)).catch(() => undefined);
  if (stored === undefined) return undefined;
  const snapshot = JSON.parse(stored.text()) as WorldSnapshot;
  const right = snapshot.tick === tick && canonicalHash(snapshot.state.public) === publicHash;
  return right ? snapshot : undefined;
}
