/** A realm while nobody reads it: how far it is behind, and whether what it is refused for is gone. */
import { setTimeout as delay } from "node:timers/promises";
import { type Bus, nextOf, REFUSED, streamEnds } from "../stream/bus.ts";
import { countFrom } from "../stream/consumer.ts";
import type { Input, Reader } from "../stream/reader.ts";
import type { Work } from "./realm-health.ts";
import type { Place, RealmRefused } from "./refusal.ts";

/** What waits of these subjects from `from` on, and when the oldest came: counted by a consumer made for the question, if one can be made. */
export async function waitingFrom(bus: Bus, stream: string, names: string[], from: number): Promise<Work> {
  const most = await waitingAtMost(bus, stream, names, from);
  if (most.messages === 0) return most;
  const messages = await countFrom(bus, stream, names, from).catch(() => most.messages);
  return { ...most, messages };
}

/**
 * The same without a consumer, for when none can be made. Whether something waits, which is the oldest and when it came are exact;
 * `messages` includes those of other subjects that came after it.
 */
export async function waitingAtMost(bus: Bus, stream: string, names: string[], from: number): Promise<Work> {
  const next = await Promise.all(names.map((subject) => nextOf(bus, stream, subject, from)));
  const found = next.flatMap((message) => message ?? []);
  if (found.length === 0) return { messages: 0 };
  const oldest = found.reduce((first, message) => (message.seq < first.seq ? message : first));
  const { lastSeq } = await streamEnds(bus, stream);
  const messages = Math.max(found.length, lastSeq - oldest.seq + 1);
  return { messages, seq: oldest.seq, oldestAtMs: oldest.atMs };
}

/** Whether a message was taken out. False also where nobody can tell at the moment. */
export async function isGone(bus: Bus, { stream, seq }: Place): Promise<boolean> {
  try {
    return (await bus.jsm.streams.getMessage(stream, { seq })) === null;
  } catch (error) {
    return (error as { code?: number }).code === REFUSED.noMessage;
  }
}

/** A realm that is refused is looked at again after this, ms: soon whether the message that it is about is gone, later all of it. */
const REFUSED_MS = { look: 1_000, again: 5_000, againInPlace: 30_000 };

/** Waits until a refusal may be over: the message that it is about is gone, or what else was wrong may have been mended. */
export async function untilLookedAt(bus: Bus, { place }: RealmRefused, signal: AbortSignal): Promise<void> {
  const pause = (ms: number) => delay(ms, undefined, { signal }).catch(() => {});
  if (place === undefined) return pause(REFUSED_MS.again);
  for (let waitedMs = 0; waitedMs < REFUSED_MS.againInPlace; waitedMs += REFUSED_MS.look) {
    await pause(REFUSED_MS.look);
    if (signal.aborted || (await isGone(bus, place))) return;
  }
}

/** Up to `max` messages, or none after `ms` without one or once the signal is aborted. Throws as `take` does. */
export async function takeWithin(
  reader: Reader,
  max: number,
  ms: number,
  signal: AbortSignal,
): Promise<Input[]> {
  const patience = new AbortController();
  const give = () => patience.abort();
  const timer = setTimeout(give, ms);
  signal.addEventListener("abort", give);
  if (signal.aborted) give();
  try {
    return await reader.take(max, patience.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", give);
  }
}
