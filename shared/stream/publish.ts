/**
 * Publishing to JetStream: single messages and atomic batches, and what the server's refusals mean.
 *
 * Batches are published by hand: the client's own batch drops message ids and expectations and hides the server's error.
 */
import { headers, type Msg } from "@nats-io/transport-node";
import { type Bus, request } from "./bus.ts";
import { randomName } from "./random-name.ts";
import { MAX_BATCH_MESSAGES } from "./topology.ts";

export type BatchMessage = {
  subject: string;
  data: string | Uint8Array;
  /** Replaces all earlier messages of the subject. */
  rollup?: boolean;
  /** In a bucket: the key is gone. */
  removes?: boolean;
  /** Seconds to live, whole. */
  ttlSeconds?: number;
  /** Commits only if the subject's last message has this sequence; 0: has none. */
  expectedLastSubjectSeq?: number;
  msgId?: string;
};

/** Messages of a batch besides its head: JetStream takes 1 000 in one. */
export const MAX_OUTPUTS = MAX_BATCH_MESSAGES - 1;

export type BatchAck = { stream: string; seq: number; batch?: string; count?: number; duplicate?: boolean };

/** JetStream answered, and the answer is no. */
export class Refusal extends Error {
  readonly code: number;
  constructor(code: number, description: string) {
    super(`JetStream refused: ${description} (${code})`);
    this.code = code;
  }
}

/** A message is larger than the servers take. Nothing of its batch was sent, and sending it again would not help. */
export class TooLarge extends Error {}

/** Room that headers take within the server's `max_payload`, bytes. */
const HEADERS_BYTES = 1_024;

function assertFits(bus: Bus, { subject, data }: BatchMessage): void {
  const most = bus.nc.info?.max_payload;
  // A character has three bytes at most, in UTF-8 and for what JavaScript calls a length.
  if (most === undefined || data.length * 3 + HEADERS_BYTES <= most) return;
  const bytes = typeof data === "string" ? Buffer.byteLength(data) : data.length;
  if (bytes + HEADERS_BYTES > most)
    throw new TooLarge(
      `a message on ${subject} has ${bytes} bytes, but NATS takes ${most} with its headers: raise max_payload of every server above that`,
    );
}

/** Error codes of JetStream that a caller branches on. */
export const REFUSED = {
  wrongLastSequence: 10071,
  wrongLastSequenceConstant: 10164,
  duplicateInBatch: 10201,
  duplicateInFlight: 10158,
  consumerNotFound: 10014,
  streamNotFound: 10059,
  noMessage: 10037,
  /** So many batches are open that another is not: nothing is stored. */
  tooManyBatches: 10210,
  /** A commit came for a batch that the server doesn't hold, or not whole: nothing is stored. */
  incompleteBatch: 10176,
  /** A stream holds as much as its own limit allows. */
  maxBytes: 10077,
  /** The servers' store is full: nothing is stored in any stream. */
  storeFull: 10023,
  /** A new stream would reserve more than the servers' store has left. */
  storeTooSmall: 10047,
  /** A stream takes nothing any more: its realm is ending. */
  sealed: 10109,
} as const;

/** Somebody else wrote first. */
export const isLostRace = (error: unknown): boolean =>
  error instanceof Refusal &&
  (error.code === REFUSED.wrongLastSequence || error.code === REFUSED.wrongLastSequenceConstant);

/** The stream takes nothing any more, and never will. */
export const isSealed = (error: unknown): boolean =>
  error instanceof Refusal && error.code === REFUSED.sealed;

function headersOf(message: BatchMessage) {
  const h = headers();
  if (message.msgId !== undefined) h.set("Nats-Msg-Id", message.msgId);
  if (message.removes) h.set("KV-Operation", "DEL");
  if (message.rollup) h.set("Nats-Rollup", "sub");
  if (message.ttlSeconds !== undefined) h.set("Nats-TTL", `${message.ttlSeconds}s`);
  if (message.expectedLastSubjectSeq !== undefined)
    h.set("Nats-Expected-Last-Subject-Sequence", `${message.expectedLastSubjectSeq}`);
  return h;
}

/** The acknowledgement in a reply, or the refusal in it as an error. */
function readAck(reply: Msg): BatchAck {
  const answer = reply.json<
    BatchAck & { error?: { err_code?: number; code: number; description: string } }
  >();
  if (answer.error !== undefined)
    throw new Refusal(answer.error.err_code ?? answer.error.code, answer.error.description);
  return answer;
}

/**
 * Publishes up to 1 000 messages as one atomic batch: all are stored, in order, or none.
 * Throws `Refusal` when the server says no, and `TooLarge` before anything is sent; any other error leaves the outcome unknown.
 */
export async function publishBatch(
  bus: Bus,
  messages: readonly BatchMessage[],
  timeoutMs = 5_000,
): Promise<BatchAck> {
  for (const message of messages) assertFits(bus, message);
  const id = randomName();
  const last = messages.length - 1;
  for (let i = 0; i < last; i++) {
    const h = headersOf(messages[i]!);
    h.set("Nats-Batch-Id", id);
    h.set("Nats-Batch-Sequence", `${i + 1}`);
    bus.nc.publish(messages[i]!.subject, messages[i]!.data, { headers: h });
  }
  const h = headersOf(messages[last]!);
  h.set("Nats-Batch-Id", id);
  h.set("Nats-Batch-Sequence", `${last + 1}`);
  h.set("Nats-Batch-Commit", "1");
  return readAck(
    await request(bus, messages[last]!.subject, messages[last]!.data, { headers: h, timeout: timeoutMs }),
  );
}

/** Publishes one message durably. Throws like `publishBatch`. */
export async function publishOne(bus: Bus, message: BatchMessage, timeoutMs = 5_000): Promise<BatchAck> {
  assertFits(bus, message);
  return readAck(
    await request(bus, message.subject, message.data, { headers: headersOf(message), timeout: timeoutMs }),
  );
}
