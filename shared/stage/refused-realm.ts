import { pause } from "../process/pause.ts";
import type { Bus } from "../stream/bus.ts";
import { isGone } from "../stream/waiting.ts";
import type { RealmRefused } from "./refusal.ts";

/** A realm that is refused is looked at again after this, ms: soon whether the message that it is about is gone, later all of it. */
const REFUSED_MS = { look: 1_000, again: 5_000, againInPlace: 30_000 };

/** Waits until a refusal may be over: the message that it is about is gone, or what else was wrong may have been mended. */
export async function untilLookedAt(bus: Bus, { place }: RealmRefused, signal: AbortSignal): Promise<void> {
  if (place === undefined) return pause(REFUSED_MS.again, signal);
  for (let waitedMs = 0; waitedMs < REFUSED_MS.againInPlace; waitedMs += REFUSED_MS.look) {
    await pause(REFUSED_MS.look, signal);
    if (signal.aborted || (await isGone(bus, place))) return;
  }
}
