import { pause } from "../process/pause.ts";
import type { Bus } from "../stream/bus.ts";
import { isGone } from "../stream/waiting.ts";
import type { RealmRefused } from "./refusal.ts";

/**
 * Pauses before a refused realm is checked again, ms: `look` whether the refused message is gone, `again` and `againInPlace` a
 * whole restore.
 */
const REFUSED_MS = { look: 1_000, again: 5_000, againInPlace: 30_000 };

/** Waits until the refusal may be over: its message is gone, or it is time to try a whole restore. */
export async function untilLookedAt(bus: Bus, { place }: RealmRefused, signal: AbortSignal): Promise<void> {
  if (place === undefined) return pause(REFUSED_MS.again, signal);
  for (let waitedMs = 0; waitedMs < REFUSED_MS.againInPlace; waitedMs += REFUSED_MS.look) {
    await pause(REFUSED_MS.look, signal);
    if (signal.aborted || (await isGone(bus, place))) return;
  }
}
