/** Waiting for the message of a stream that answers a request. */

import type { Bus } from "../../shared/stream/bus.ts";
import { streamEnds } from "../../shared/stream/last-message.ts";
import { Reader } from "../../shared/stream/reader.ts";
import { rawStream } from "../../shared/stream/subjects.ts";

export type Asked = {
  stream: string;
  subjects: string[];
  /** RFC 3339; what answers is not older. */
  since: string;
  /** Of `performance.now()`, ms. */
  deadline: number;
};

const TAKEN_AT_ONCE = 1_000;

/** The first message since a time that `pick` takes, or `undefined` at the deadline. */
export async function awaitMessage<Found>(
  bus: Bus,
  { stream, subjects, since, deadline }: Asked,
  pick: (subject: string, data: Uint8Array) => Found | undefined,
): Promise<Found | undefined> {
  const { created } = await streamEnds(bus, stream);
  const reader = new Reader(bus, { stream, subjects, created, from: { since } });
  const signal = AbortSignal.timeout(Math.ceil(Math.max(0, deadline - performance.now())));
  try {
    while (!signal.aborted) {
      for (const message of await reader.take(TAKEN_AT_ONCE, signal)) {
        const found = pick(message.subject, message.data);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  } finally {
    await reader.close();
  }
}

/** In a cluster the streams' leaders run on other hosts: an answer may have an older time than what it answers, ms. */
const CLOCKS_APART_MS = 10_000;

/** From when on an answer to RAW's message `seq` may stand in another stream, RFC 3339. */
export async function answersFrom(bus: Bus, realm: string, seq: number): Promise<string> {
  const sent = await bus.jsm.streams.getMessage(rawStream(realm), { seq });
  return new Date(sent === null ? 0 : sent.time.getTime() - CLOCKS_APART_MS).toISOString();
}
