/**
 * A whole state now and then, so that no past tick is far from one: WORLD keeps every delta, but the latest snapshot alone.
 * KV `world` holds a checkpoint for every 256 ticks at `<realm>.c.<tick>`. It is a cache like everything in KV: whoever reads one
 * holds it against the chain, and does without where it is missing or another realm's of that name.
 */

import type { TickRecord, WorldSnapshot } from "../contracts/world.ts";
import { canonicalHash } from "../exact/canonical.ts";
import type { Bus } from "../stream/bus.ts";
import { lastOf } from "../stream/last-message.ts";
import { publishOne } from "../stream/publish.ts";
import { subjects, worldStream } from "../stream/subjects.ts";
import { kvSubject } from "../stream/topology.ts";
import { messageOfTick } from "./tick-sequence.ts";

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
  try {
    const snapshot = JSON.parse(stored.text()) as WorldSnapshot;
    const right = snapshot.tick === tick && canonicalHash(snapshot.state.public) === publicHash;
    return right ? snapshot : undefined;
  } catch {
    return undefined; // Deleted by its key, which leaves an empty message, or torn.
  }
}

/** The latest checkpoint at or before `tick` that the record of its tick vouches for, private part included. */
export async function checkpointBefore(
  bus: Bus,
  realm: string,
  tick: number,
): Promise<WorldSnapshot | undefined> {
  for (let at = tick - (tick % CHECKPOINT_TICKS); at > 0; at -= CHECKPOINT_TICKS) {
    const found = await messageOfTick(bus, worldStream(realm), subjects.tick(realm), at);
    const record = found && (JSON.parse(found.text()) as TickRecord);
    if (record?.tick !== at) continue;
    const kept = await checkpointAt(bus, realm, at, record.public_hash);
    if (kept !== undefined && isVouchedFor(kept, record)) return kept;
  }
  return undefined;
}

/** False also where its private part is so broken that nothing can be said of it. */
function isVouchedFor(kept: WorldSnapshot, record: TickRecord): boolean {
  try {
    return whyNot(kept, record) === undefined;
  } catch {
    return false;
  }
}

/** Why a snapshot isn't the whole state that a record vouches for, in a few words; `undefined` where it is. */
export function whyNot(snapshot: WorldSnapshot, record: TickRecord): string | undefined {
  if (snapshot.tick !== record.tick) return `is of tick ${snapshot.tick}, not ${record.tick}`;
  if (snapshot.record_hash !== record.hash) return "names another record than its tick's";
  if (snapshot.through_seq !== record.through_seq)
    return `ends at ${snapshot.through_seq}, not ${record.through_seq}`;
  if (snapshot.waiting_from_seq !== (record.kind === "status" ? record.from_seq : undefined))
    return `has events wait from ${snapshot.waiting_from_seq}, not ${record.from_seq}`;
  if (canonicalHash(snapshot.state.public) !== record.public_hash)
    return "has another public state than its tick";
  if (canonicalHash(snapshot.state.private) !== record.private_hash)
    return "has another private state than its tick";
  return undefined;
}
