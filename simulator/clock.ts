/**
 * The realm's clock: its owner writes the tick marker into EVENTS when one is due, fenced on the previous marker, so of
 * several owners one succeeds. The world itself never looks at a clock: a tick's time is its marker's stream timestamp.
 */
import { setTimeout as delay } from "node:timers/promises";
import { isLostRace, lastOf, publishOne } from "../shared/bus.ts";
import type { TickMarker } from "../shared/contracts/world.ts";
import type { Owned } from "../shared/stage.ts";
import { eventsStream, subjects } from "../shared/subjects.ts";
import type { SimulatorState } from "./advance.ts";
import { effectiveStatus, nextTickAt, pendingManualTicks } from "./pending.ts";

/** How often the clock looks again at most: commands may change the cadence meanwhile. */
const LOOK_MS = 100;
/** A marker that was written, or lost to another writer, comes back through EVENTS; after this the clock tries again. */
const PATIENCE_MS = 5_000;

type Due = { kind: "manual"; key: string } | { kind: "scheduled"; dueMs: number };

/** Writes markers until the signal. */
export async function keepTime(owned: Owned<SimulatorState>): Promise<void> {
  const { state, signal, log } = owned;
  while (!signal.aborted) {
    const due = dueOf(state);
    const waitMs = due === undefined ? LOOK_MS : due.kind === "manual" ? 0 : due.dueMs - Date.now();
    if (due === undefined || waitMs > 0) await pause(Math.min(LOOK_MS, waitMs), signal);
    else {
      try {
        await writeMarker(owned, due);
      } catch (error) {
        if (!signal.aborted)
          log.warn({ reason: String(error) }, "the tick marker was not written; trying again");
        await pause(LOOK_MS, signal);
      }
    }
  }
}

const pause = (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }).catch(() => {});

/** What calls for a marker: the oldest unanswered `tick.run`, or the schedule. In maintenance nothing does, and keys wait. */
export function dueOf(state: Pick<SimulatorState, "world" | "folding">): Due | undefined {
  if (effectiveStatus(state.world, state.folding) === "maintenance") return undefined;
  const key = pendingManualTicks(state.world, state.folding)[0];
  if (key !== undefined) return { kind: "manual", key };
  return { kind: "scheduled", dueMs: nextTickAt(state.world, state.folding) };
}

async function writeMarker(owned: Owned<SimulatorState>, due: Due): Promise<void> {
  const { bus, realm, state, signal } = owned;
  const stream = eventsStream(realm);
  const last = await lastOf(bus, stream, subjects.command(realm));
  if (last !== undefined && last.seq > state.readSeq) return pause(LOOK_MS, signal); // It may stop the world or its clock.

  const expected = state.markerSeq;
  const marker: TickMarker = {
    realm,
    tick: state.world.public.tick + 1,
    kind: due.kind,
    ...(due.kind === "manual" ? { key: due.key } : {}),
  };
  try {
    await publishOne(bus, {
      subject: subjects.tickMarker(realm),
      data: JSON.stringify(marker),
      expectedLastSubjectSeq: expected,
    });
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
