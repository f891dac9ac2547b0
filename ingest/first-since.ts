/** Waiting for a message of a stream that answers something. */
import { DeliverPolicy } from "@nats-io/jetstream";
import type { Bus } from "../shared/bus.ts";
import { rawStream } from "../shared/subjects.ts";

export type Asked = {
  stream: string;
  subjects: string[];
  /** RFC 3339; what answers is not older. */
  since: string;
  /** Of `performance.now()`, ms. */
  deadline: number;
};

/** The first message since a time that `pick` takes, or `undefined` at the deadline. */
export async function firstSince<Found>(
  bus: Bus,
  { stream, subjects, since, deadline }: Asked,
  pick: (subject: string, data: Uint8Array) => Found | undefined,
): Promise<Found | undefined> {
  const consumer = await bus.js.consumers.get(stream, {
    filter_subjects: subjects,
    deliver_policy: DeliverPolicy.StartTime,
    opt_start_time: since,
  });
  const messages = await consumer.consume({ expires: 5_000, idle_heartbeat: 1_000 });
  const timer = setTimeout(() => messages.stop(), deadline - performance.now());
  try {
    for await (const message of messages) {
      const found = pick(message.subject, message.data);
      if (found !== undefined) return found;
    }
    return undefined;
  } finally {
    clearTimeout(timer);
    messages.stop();
  }
}

/** In a cluster the streams' leaders run on other hosts: an answer may have an older time than what it answers, ms. */
const CLOCKS_APART_MS = 10_000;

/** From when on an answer to RAW's message `seq` may stand in another stream, RFC 3339. */
export async function answersFrom(bus: Bus, realm: string, seq: number): Promise<string> {
  const sent = await bus.jsm.streams.getMessage(rawStream(realm), { seq });
  return new Date(sent === null ? 0 : sent.time.getTime() - CLOCKS_APART_MS).toISOString();
}
