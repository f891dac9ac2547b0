/**
 * The realm's clock: its owner writes the tick marker into EVENTS when one is due, fenced on the previous marker, so of
 * several owners one succeeds. The world itself never looks at a clock: a tick's time is its marker's stream timestamp.
 */

import { ENGINE } from "../../shared/contracts/ruleset.ts";
import type { TickMarker } from "../../shared/contracts/world.ts";
import { pause } from "../../shared/process/pause.ts";
import type { Owned } from "../../shared/stage/stage.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import { isLostRace, isSealed, publishBatch, publishOne } from "../../shared/stream/publish.ts";
import { eventsStream, subjects } from "../../shared/stream/subjects.ts";
import type { SimulatorState } from "../advance.ts";
import { handoverOf } from "./handover.ts";
import { effectiveEngine, effectiveStatus, nextTickAt, pendingManualTicks } from "./pending.ts";

/** How often the clock looks again at most: commands may change the cadence meanwhile. */
const LOOK_MS = 100;
/** A marker that was written, or lost to another writer, comes back through EVENTS; after this the clock tries again. */
const PATIENCE_MS = 5_000;
/** How soon a tick of a realm that is ending follows the one before, ms. */
const ENDING_TICK_MS = 1_000;

type Due = { kind: "manual"; key: string } | { kind: "status" } | { kind: "scheduled"; dueMs: number };

/** Writes markers until the signal. */
export async function keepTime(owned: Owned<SimulatorState>): Promise<void> {
  const { state, signal, log } = owned;
  while (!signal.aborted) {
    const due = dueOf(state, isLastTickDue(owned));
    const waitMs = due === undefined ? LOOK_MS : due.kind === "scheduled" ? due.dueMs - Date.now() : 0;
    if (due === undefined || waitMs > 0) await pause(Math.min(LOOK_MS, waitMs), signal);
    else {
      try {
        await writeMarker(owned, due);
      } catch (error) {
        if (isSealed(error)) return log.info("the realm is ending: its last tick was written");
        if (!signal.aborted)
          log.warn({ reason: String(error) }, "the clock could not write the tick marker; it tries again");
        await pause(LOOK_MS, signal);
      }
    }
  }
}

/**
 * What calls for a marker. A season's end and beginning are ordinary ticks at once, whatever else was said since. Then a change of
 * status, at once; in maintenance nothing more, and keys wait; else the oldest unanswered `tick.run`, or the schedule. A world
 * that an earlier engine left stands still until its rules are this engine's. `isLastDue`: what waits in a
 * realm that is ending is ticked soon, since nothing more comes that would be worth waiting for.
 */
export function dueOf(
  { world, folding }: Pick<SimulatorState, "world" | "folding">,
  isLastDue = false,
): Due | undefined {
  if (effectiveEngine(world, folding) !== ENGINE) return undefined;
  if (folding.commands.some(({ kind }) => kind === "season.close" || kind === "season.open"))
    return { kind: "scheduled", dueMs: 0 };
  const status = effectiveStatus(world, folding);
  if (status !== world.public.status) return { kind: "status" };
  if (status === "maintenance") return undefined;
  const key = pendingManualTicks(world, folding)[0];
  if (key !== undefined) return { kind: "manual", key };
  const scheduledMs = nextTickAt(world, folding);
  const lastMs = isLastDue ? Date.parse(world.public.at) + ENDING_TICK_MS : scheduledMs;
  return { kind: "scheduled", dueMs: Math.min(scheduledMs, lastMs) };
}

/** Whether the realm is ending while something is judged that no tick has counted. */
const isLastTickDue = ({ ending, state }: Owned<SimulatorState>): boolean => {
  const { readSeq, markerSeq, folding } = state;
  const waits = readSeq > markerSeq || folding.factions.size > 0 || folding.commands.length > 0;
  return ending?.aborted === true && waits;
};

/** `due`: what the state calls for as it is at the call. */
async function writeMarker(owned: Owned<SimulatorState>, due: Due): Promise<void> {
  const { bus, realm, state, signal } = owned;
  // Taken together with what is due, before anything is awaited: another owner's marker may come meanwhile, and answer it.
  const expected = state.markerSeq;
  const marker: TickMarker = {
    realm,
    tick: state.world.public.tick + 1,
    kind: due.kind,
    ...(due.kind === "manual" ? { key: due.key } : {}),
  };
  const last = await lastOf(bus, eventsStream(realm), subjects.command(realm));
  if (last !== undefined && last.seq > state.readSeq) return pause(LOOK_MS, signal); // It may stop the world or its clock.

  const message = {
    subject: subjects.tickMarker(realm),
    data: JSON.stringify(marker),
    expectedLastSubjectSeq: expected,
  };
  try {
    if (state.plays) await publishOne(bus, message);
    else await publishBatch(bus, [await handoverOf(owned), message]);
  } catch (error) {
    if (!isLostRace(error)) throw error;
  }
  for (
    let waited = 0;
    state.markerSeq === expected && waited < PATIENCE_MS && !signal.aborted;
    waited += LOOK_MS / 10
  )
    await pause(LOOK_MS / 10, signal);
}
