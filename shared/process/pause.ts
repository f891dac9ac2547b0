/** A pause that a signal ends. */
import { setTimeout as delay } from "node:timers/promises";

/** Waits for `ms`, or until the signal is aborted, whichever comes first. Never rejects. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {});
}
