/**
 * Publishes candidates to `impact.raw.<realm>` as a story engine does: with message ids, many in flight, each acknowledged by
 * JetStream. While RAW is full or NATS is away it waits and sends again under the same message id; whatever it couldn't
 * publish it answers, so nothing is lost in silence.
 *
 * Acks are read from an inbox of its own: a request through the client costs eight times the CPU.
 */
import { headers, type Msg } from "@nats-io/transport-node";
import type { Bus } from "../../../shared/stream/bus.ts";
import { REFUSED } from "../../../shared/stream/publish.ts";
import { subjects } from "../../../shared/stream/subjects.ts";

export type Outgoing = { msgId: string; data: string | Uint8Array };
export type PublicationResult =
  | { kind: "published" }
  /** JetStream had a message of this id within its duplicate window. */
  | { kind: "duplicate" }
  /** It will never be taken. */
  | { kind: "refused"; reason: string };

export type PublishOptions<Item extends Outgoing> = {
  bus: Bus;
  realm: string;
  items: AsyncIterable<Item>;
  /** Called with the outcome of every item, once. */
  settled(item: Item, outcome: PublicationResult): void;
  /** Called with the reason each time before it sends again. */
  waiting?(reason: string): void;
  /** Ends the run: nothing more is taken, what is in flight may still be acknowledged for a second. */
  signal?: AbortSignal;
  /** Without one settled item for this long while some are pending, the run ends, ms. Absent: it never gives up. */
  patienceMs?: number;
};

export type PublishResult<Item> = {
  /** Taken from `items`, but neither acknowledged nor refused: whether RAW has them is unknown. */
  unsettled: Item[];
  /** Why the run ended before the items did. */
  gaveUp?: string;
};

/** Enough to keep a server busy that writes to disk before each ack, and little to send again. */
const WINDOW_MESSAGES = 512;
const WINDOW_BYTES = 4 * 1024 * 1024;
const ACK_TIMEOUT_MS = 5_000;
const LAST_ACKS_MS = 1_000;
const BACKOFF_MS = { first: 100, most: 5_000 } as const;
const WATCH_MS = 50;

/** JetStream's answer to a publish. `code` is like HTTP's: 400 is about this message, anything else about now. */
type Answer = {
  seq: number;
  duplicate?: boolean;
  error?: { code: number; err_code?: number; description: string };
};
const TROUBLES: Readonly<Record<number, string>> = {
  [REFUSED.maxBytes]: "RAW is full",
  [REFUSED.storeFull]: "the store of the NATS servers is full",
  [REFUSED.duplicateInFlight]: "the same message is on its way from elsewhere",
};

type Flight<Item> = {
  item: Item;
  bytes: number;
  sentAtMs: number;
  /** The highest sequence acknowledged before it was first sent: what it stored itself lies beyond. */
  afterSeq: number;
  /** An earlier attempt ended without an answer: it may have been stored. */
  unanswered: boolean;
};

/** Publishes all items, or ends early by its signal or its patience. Throws when the connection was closed for good. */
export async function publishCandidates<Item extends Outgoing>(
  options: PublishOptions<Item>,
): Promise<PublishResult<Item>> {
  const { bus, settled, signal } = options;
  const subject = subjects.rawCandidate(options.realm);
  const inbox = bus.inbox();
  const flights = new Map<number, Flight<Item>>();
  const again: [number, Flight<Item>][] = [];
  /** Sequences acknowledged to this run while anything was pending: tells its own repeats from a first attempt's echo. */
  const stored = new Set<number>();
  let nextId = 0;
  let bytes = 0;
  let highestSeq = 0;
  let trouble: string | undefined;
  let lastTrouble = "no acknowledgement came";
  let backoffMs: number = BACKOFF_MS.first;
  let lastSettledMs = Date.now();
  let connected = true;
  let wake = Promise.withResolvers<void>();
  const nudge = () => {
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };

  const acks = bus.nc.subscribe(`${inbox}.*`, {
    callback: (error, reply) => {
      if (error !== null) return;
      const id = Number(reply.subject.slice(inbox.length + 1));
      const flight = flights.get(id);
      if (flight !== undefined) answered(id, flight, reply);
      nudge();
    },
  });
  const watch = setInterval(nudge, WATCH_MS);
  void followConnection();

  const iterator = options.items[Symbol.asyncIterator]();
  const take = () => {
    const taking = iterator.next().then((result) => ({ result }));
    taking.catch(() => {}); // Met when it is awaited; until then nobody looks.
    return taking;
  };
  let next: ReturnType<typeof take> | undefined;
  let ended = false;
  try {
    while (true) {
      if (bus.nc.isClosed()) throw new Error("the NATS connection is closed");
      if (signal?.aborted) {
        await lastAcks();
        return { unsettled: pending() };
      }
      loseOverdue();
      const idle = flights.size === 0 && again.length === 0;
      if (idle) {
        if (ended) return { unsettled: [] };
        stored.clear();
        lastSettledMs = Date.now();
      } else if (options.patienceMs !== undefined && Date.now() - lastSettledMs > options.patienceMs) {
        return { unsettled: pending(), gaveUp: lastTrouble };
      }
      if (trouble !== undefined) {
        // What is still in flight is waited for first, so that a second attempt keeps the order of the first.
        if (flights.size === 0) await sendAgain();
        else await wake.promise;
        continue;
      }
      if (ended || flights.size >= WINDOW_MESSAGES || bytes >= WINDOW_BYTES) {
        await wake.promise;
        continue;
      }
      next ??= take();
      const taken = await Promise.race([next, wake.promise]);
      if (taken === undefined) continue;
      next = undefined;
      if (taken.result.done) ended = true;
      else start(taken.result.value);
    }
  } finally {
    clearInterval(watch);
    acks.unsubscribe();
    // Not awaited: an iterator that waits for its source would hold the end of the run.
    if (!ended) void iterator.return?.();
  }

  function start(item: Item): void {
    const size = typeof item.data === "string" ? Buffer.byteLength(item.data) : item.data.length;
    const most = (bus.nc.info?.max_payload ?? Number.POSITIVE_INFINITY) - 1_024; // Headers count too.
    if (size > most) {
      settled(item, { kind: "refused", reason: `larger than this NATS server takes (${size} bytes)` });
      return;
    }
    send(nextId++, { item, bytes: size, sentAtMs: 0, afterSeq: highestSeq, unanswered: false });
  }

  function send(id: number, flight: Flight<Item>): void {
    flight.sentAtMs = Date.now();
    flights.set(id, flight);
    bytes += flight.bytes;
    const h = headers();
    h.set("Nats-Msg-Id", flight.item.msgId);
    bus.nc.publish(subject, flight.item.data, { headers: h, reply: `${inbox}.${id}` });
  }

  function answered(id: number, flight: Flight<Item>, reply: Msg): void {
    if (reply.headers?.code === 503) {
      postpone(id, flight, `nothing takes ${subject} now`);
      return;
    }
    const answer = reply.json<Answer>();
    if (answer.error !== undefined && answer.error.code !== 400) {
      const { err_code, code, description } = answer.error;
      postpone(id, flight, TROUBLES[err_code ?? code] ?? description);
      return;
    }
    land(id, flight);
    lastSettledMs = Date.now();
    backoffMs = BACKOFF_MS.first;
    settled(flight.item, outcomeOf(flight, answer));
  }

  function outcomeOf(flight: Flight<Item>, { seq, duplicate, error }: Answer): PublicationResult {
    if (error !== undefined) return { kind: "refused", reason: `refused by NATS: ${error.description}` };
    const own = flight.unanswered && seq > flight.afterSeq && !stored.has(seq);
    if (duplicate === true && !own) return { kind: "duplicate" };
    stored.add(seq);
    highestSeq = Math.max(highestSeq, seq);
    if (stored.size > 8 * WINDOW_MESSAGES) forgetOld();
    return { kind: "published" };
  }

  /** Sequences from before every pending message tell nothing any more. */
  function forgetOld(): void {
    const oldest = Math.min(...[...again, ...flights].map(([, flight]) => flight.afterSeq));
    for (const seq of stored) if (seq <= oldest) stored.delete(seq);
  }

  /** Takes a message out of flight. */
  function land(id: number, flight: Flight<Item>): void {
    flights.delete(id);
    bytes -= flight.bytes;
  }

  function postpone(id: number, flight: Flight<Item>, reason: string): void {
    land(id, flight);
    again.push([id, flight]);
    trouble = reason;
    lastTrouble = reason;
  }

  /** Gives up waiting for answers that are overdue, or can't come any more. */
  function loseOverdue(): void {
    const overdue = connected ? Date.now() - ACK_TIMEOUT_MS : Number.POSITIVE_INFINITY;
    for (const [id, flight] of flights) {
      if (flight.sentAtMs > overdue) break; // Flights are in the order of their sending.
      flight.unanswered = true;
      postpone(id, flight, connected ? "NATS doesn't answer" : "NATS is away");
    }
  }

  async function sendAgain(): Promise<void> {
    options.waiting?.(lastTrouble);
    const until = Date.now() + backoffMs;
    backoffMs = Math.min(backoffMs * 2, BACKOFF_MS.most);
    while (Date.now() < until && !signal?.aborted) await wake.promise;
    if (!connected || signal?.aborted) return;
    trouble = undefined;
    for (const [id, flight] of again.splice(0).sort(([a], [b]) => a - b)) send(id, flight);
  }

  async function lastAcks(): Promise<void> {
    const until = Date.now() + LAST_ACKS_MS;
    while (flights.size > 0 && connected && Date.now() < until) await wake.promise;
  }

  function pending(): Item[] {
    return [...again, ...flights].sort(([a], [b]) => a - b).map(([, { item }]) => item);
  }

  async function followConnection(): Promise<void> {
    for await (const { type } of bus.nc.status()) {
      if (type !== "disconnect" && type !== "reconnect") continue;
      connected = type === "reconnect";
      nudge();
    }
  }
}
