/** A stream's backlog, counted while there is no reader. */

import type { Bus } from "./bus.ts";
import { countFrom } from "./consumer.ts";
import { nextOf, streamEnds } from "./last-message.ts";
import { REFUSED } from "./publish.ts";

/** A message of a stream. */
export type MessagePlace = { stream: string; seq: number };

/** The backlog of a reader. */
export type Work = {
  /** Messages that are not read yet. */
  messages: number;
  /** When the stream got the oldest of them, Unix milliseconds, where that is known. */
  oldestAtMs?: number | undefined;
  /** The oldest of them, where that is known: its sequence in the stream. */
  seq?: number | undefined;
  /** Other work is under way that ends soon: a restore, a commit, the opening of a consumer. */
  busy?: boolean;
};

/** The backlog of these subjects from `from` on, counted by a consumer made for the purpose, where one can be made. */
export async function waitingFrom(bus: Bus, stream: string, names: string[], from: number): Promise<Work> {
  const most = await waitingAtMost(bus, stream, names, from);
  if (most.messages === 0) return most;
  const messages = await countFrom(bus, stream, names, from).catch(() => most.messages);
  return { ...most, messages };
}

/**
 * The same without a consumer. Whether there is a backlog, its oldest message and that message's time are exact; `messages`
 * includes later messages of other subjects.
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

/** Whether a message was taken out. False also where that can't be known at the moment. */
export async function isGone(bus: Bus, { stream, seq }: MessagePlace): Promise<boolean> {
  try {
    return (await bus.jsm.streams.getMessage(stream, { seq })) === null;
  } catch (error) {
    return (error as { code?: number }).code === REFUSED.noMessage;
  }
}
