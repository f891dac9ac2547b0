/** Where a realm can be played from: whole states that this engine goes on from, each vouched for by the chain. */

import { ENGINE } from "../contracts/ruleset.ts";
import { Handover, type WorldSnapshot } from "../contracts/world.ts";
import { firstCommand } from "../provision/provision.ts";
import type { Bus } from "../stream/bus.ts";
import { lastOf } from "../stream/last-message.ts";
import { eventsStream, subjects } from "../stream/subjects.ts";
import { genesis } from "../world/genesis.ts";
import { checkpointBefore, whyNot } from "./checkpoints.ts";

/** What an earlier engine left to this one; nothing where this one played the realm from the beginning, or none yet. */
export async function handedOver(bus: Bus, realm: string): Promise<Handover | undefined> {
  const stored = await lastOf(bus, eventsStream(realm), subjects.handover(realm));
  if (stored === undefined) return undefined;
  const handover = Handover.parse(JSON.parse(stored.text()));
  const problem = whyNot(handover.snapshot, handover.record);
  if (problem !== undefined)
    throw new Error(`the handover at ${stored.seq} of ${eventsStream(realm)} ${problem}`);
  return handover.engine === ENGINE ? handover : undefined;
}

/**
 * The latest whole state at or before a tick that this engine can go on from: a checkpoint, what the earlier engine left, or tick 0.
 * Where the tick is an earlier engine's, that is the last state which that one left.
 */
export async function startBefore(bus: Bus, realm: string, tick: number): Promise<WorldSnapshot> {
  const handover = await handedOver(bus, realm);
  const checkpoint = await checkpointBefore(bus, realm, tick);
  const first = handover?.snapshot.tick ?? 0;
  if (checkpoint !== undefined && checkpoint.tick >= first) return checkpoint;
  if (handover !== undefined) return handover.snapshot;
  const { ruleset, at } = await firstCommand(bus, realm);
  return genesis(realm, ruleset, at).snapshot;
}
