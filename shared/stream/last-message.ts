/** Single messages of a stream, asked of its leader: the last of a subject, the next from a sequence on, and the stream's ends. */
import { JetStreamApiError, type JetStreamManager } from "@nats-io/jetstream";
import type { Bus } from "./bus.ts";
import { REFUSED } from "./publish.ts";

export type Stored = { seq: number; atMs: number; data: Uint8Array; text(): string };

/** The last message of a subject, asked of the stream's leader; `undefined` where there is none. */
export const lastOf = (bus: Bus, stream: string, subject: string): Promise<Stored | undefined> =>
  storedAt(bus, stream, { last_by_subj: subject });

/** The last message of each subject, oldest first, from the leader. */
export async function lastOfEach(bus: Bus, stream: string, names: string[]) {
  const found = await Promise.all(names.map((name) => lastOf(bus, stream, name)));
  return found.filter((message) => message !== undefined).sort((a, b) => a.seq - b.seq);
}

/** The first message of a subject from a sequence on, asked of the stream's leader; `undefined` where there is none. */
export function nextOf(bus: Bus, stream: string, subject: string, seq: number): Promise<Stored | undefined> {
  // The client's types know no `next_by_subj`; the server does.
  const query = { seq, next_by_subj: subject };
  return storedAt(bus, stream, query);
}

async function storedAt(
  bus: Bus,
  stream: string,
  query: Parameters<JetStreamManager["streams"]["getMessage"]>[1],
): Promise<Stored | undefined> {
  try {
    const message = await bus.jsm.streams.getMessage(stream, query);
    if (message === null) return undefined;
    return {
      seq: message.seq,
      atMs: message.time.getTime(),
      data: message.data,
      text: () => new TextDecoder().decode(message.data),
    };
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === REFUSED.noMessage) return undefined;
    throw error;
  }
}

/** What the leader says of a stream: its identity and its ends. */
export async function streamEnds(bus: Bus, stream: string) {
  const info = await bus.jsm.streams.info(stream);
  return { created: `${info.created}`, firstSeq: info.state.first_seq, lastSeq: info.state.last_seq };
}
