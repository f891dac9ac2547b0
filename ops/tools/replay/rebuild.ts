/**
 * WORLD made anew from EVENTS, for when a part of it is lost. It is only begun again, at tick 0: the simulator that owns the realm
 * then plays every marker that EVENTS holds, and leaves the same records. Whatever WORLD still holds has to agree before it goes.
 */

import type { TickRecord } from "../../../shared/contracts/world.ts";
import { handedOver } from "../../../shared/past/starts.ts";
import { firstCommand, provisionRealm } from "../../../shared/provision/provision.ts";
import type { Bus } from "../../../shared/stream/bus.ts";
import { REFUSED } from "../../../shared/stream/publish.ts";
import { eventsStream, worldStream } from "../../../shared/stream/subjects.ts";
import { genesis } from "../../../shared/world/genesis.ts";
import { advance, stateOf } from "../../../simulator/advance.ts";
import { differenceOf } from "./differences.ts";
import { EarlierEngine } from "./replay.ts";
import { eventsOf, recordsOf } from "./streams.ts";

type Rebuilt = {
  /** Records that WORLD still held, all of them as EVENTS gives them, and those that it lacked. */
  held: number;
  missing: number[];
  /** What the simulator has to arrive at. */
  tick: number;
  hash: string;
};

/** Throws where a record that is left differs from what EVENTS gives: then neither stream can be trusted to make the other. */
export async function rebuildWorld(bus: Bus, realm: string): Promise<Rebuilt> {
  const handover = await handedOver(bus, realm);
  if (handover !== undefined)
    throw new EarlierEngine(
      `ticks up to ${handover.record.tick} of ${realm} are of engine ${handover.record.engine}, which this release can't play: restore ${worldStream(realm)} from any backup that has tick ${handover.record.tick}, and the simulator plays the rest`,
    );
  const { ruleset, at } = await firstCommand(bus, realm);
  const start = genesis(realm, ruleset, at);
  const state = stateOf(start.snapshot);
  const left = new Map<number, TickRecord>();
  for await (const record of recordsOf(bus, realm)) left.set(record.tick, record);
  const missing: number[] = [];
  const held = left.size;
  const compare = (recomputed: TickRecord) => {
    const record = left.get(recomputed.tick);
    left.delete(recomputed.tick);
    if (record === undefined) missing.push(recomputed.tick);
    if (record !== undefined && record.engine < recomputed.engine)
      throw new EarlierEngine(
        `tick ${record.tick} of ${realm} is of engine ${record.engine}: the release of that engine makes it anew, and this one goes on from there`,
      );
    const difference = record && differenceOf(record, recomputed, undefined);
    if (difference !== undefined)
      throw new Error(
        `${difference.text}: what ${worldStream(realm)} holds isn't what ${eventsStream(realm)} gives, so it is left alone; restore both from one backup`,
      );
  };
  compare(start.record);
  for await (const messages of eventsOf(bus, realm))
    for (const message of messages) {
      const { tick } = advance(state, message);
      if (tick !== undefined) compare(tick.record);
    }
  const [beyond] = left.keys();
  if (beyond !== undefined)
    throw new Error(
      `${worldStream(realm)} holds tick ${beyond}, for which ${eventsStream(realm)} has no marker: it lost its end; restore both from one backup`,
    );
  const { config } = await bus.jsm.streams.info(eventsStream(realm));
  await bus.jsm.streams.delete(worldStream(realm)).catch((error: { code?: number }) => {
    if (error.code !== REFUSED.streamNotFound) throw error;
  });
  const replicas = config.num_replicas;
  await provisionRealm(bus, { realm, name: realm, ruleset, replicas, rawMaxBytes: 2 ** 30 });
  return { held, missing, tick: state.world.public.tick, hash: state.last.public_hash };
}
