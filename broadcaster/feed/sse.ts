/**
 * The feed as server-sent events: the frames of the WebSocket feed as JSON, each with its place as `id`, so that a browser
 * reconnects with `Last-Event-ID` and misses nothing.
 *
 * Nothing is queued for a stream: it keeps its place, and is given the next frames as fast as it reads. HTTP has no topics, so
 * the streams of a realm are gone through one by one; a frame's text is made once.
 */
import { type Place, Since } from "../../shared/contracts/feed.ts";
import { metrics } from "../../shared/process/metrics.ts";
import type { Connections } from "../http/connections.ts";
import type { Answer, EventStream, Request } from "../http/engine.ts";
import { problemAnswer } from "../http/response.ts";
import type { Routes } from "../http/routes.ts";
import type { Visit } from "../http/visit.ts";
import { pathOf } from "../reads/catalogue.ts";
import type { Channels } from "../realm/channels.ts";
import type { EncodedFrame } from "../realm/encode.ts";
import type { Channel, Socket } from "./channel.ts";
import type { Openings } from "./openings.ts";
import { TOO_MANY_CONNECTIONS } from "./upgrade.ts";

/** Interval of comments, so that no proxy takes the stream for dead. */
const HEARTBEAT_MS = 15_000;
/** What a browser waits before it comes back, milliseconds: up to twice as long, so that not all of them come at once. */
const RETRY_MS = 1_500;
/** A stream that reads nothing for so long is cut. */
const STUCK_MS = 60_000;
const HEARTBEAT = ": \n\n";
const HEAD = {
  status: "200 OK",
  headers: {
    "Content-Type": "text/event-stream",
    // A proxy that compresses would hold events back until it has enough of them, and nginx any event.
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
  },
};
const TOO_MANY = problemAnswer(503, "too many streams are open", { headers: { "Retry-After": "5" } });

/** Frames without a place: streams that are up to date get them as they come. */
const ADDED: ReadonlySet<EncodedFrame["type"]> = new Set(["pulse", "resync", "alive"]);

type Stream = {
  /** Set as it is opened. */
  out: EventStream | undefined;
  /** Sent with the first event, since alone it breaks some readers. */
  retry: string;
  readonly channel: Channel;
  readonly address: string;
  place: Place | undefined;
  open: boolean;
  /** It is up to date. */
  joined: boolean;
  /** Since when written bytes are unread, milliseconds of the process' clock. */
  stuckSinceMs: number | undefined;
};

export class Streams {
  readonly #byRealm = new Map<string, Set<Stream>>();
  readonly #max: number;
  readonly #connections: Connections;
  readonly #openings: Openings;
  readonly #heart: NodeJS.Timeout;
  #count = 0;

  /** `max`: streams that may be open at once, over all realms. An address' streams count with its sockets. */
  constructor(
    routes: Routes<Socket>,
    channels: Channels,
    connections: Connections,
    openings: Openings,
    max: number,
  ) {
    this.#max = max;
    this.#connections = connections;
    this.#openings = openings;
    routes.get(pathOf("stream"), (visit) => this.#open(visit, channels), openings.limit);
    this.#heart = setInterval(() => this.#beat(), HEARTBEAT_MS);
    this.#heart.unref();
  }

  /**
   * A frame for a realm's clients: everybody who keeps up is given what is new. A pulse is for those alone who miss nothing.
   * After a resync no place counts, since it may be of another past: a snapshot follows, also for a client that isn't reading at the moment.
   */
  advanced(channel: Channel, frame: EncodedFrame): void {
    for (const stream of this.#byRealm.get(channel.realm) ?? []) {
      if (frame.type === "resync") stream.place = undefined;
      else this.#catchUp(stream);
      if (ADDED.has(frame.type) && isReading(stream)) this.#send(stream, [frame]);
    }
  }

  /** The realm has ended: its streams are cut, and reconnects get 410. */
  ended({ realm }: Channel): void {
    for (const stream of [...(this.#byRealm.get(realm) ?? [])]) stream.out?.close();
    this.#byRealm.delete(realm);
  }

  close(): void {
    clearInterval(this.#heart);
  }

  #open(visit: Visit, channels: Channels): void {
    const { address } = visit;
    const admitted = this.#connections.full(address) ? TOO_MANY_CONNECTIONS : this.#admit(visit, channels);
    if ("status" in admitted || visit.request.method === "HEAD") {
      visit.send("status" in admitted ? admitted : HEAD);
      return;
    }
    const retry = `retry: ${RETRY_MS + Math.floor(Math.random() * RETRY_MS)}\n`;
    const state = { out: undefined, retry, open: true, joined: false, stuckSinceMs: undefined };
    const stream: Stream = { address, ...admitted, ...state };
    this.#hold(stream);
    stream.out = visit.stream(HEAD, {
      closed: () => this.#release(stream),
      drained: () => {
        stream.stuckSinceMs = undefined;
        // Not within uWS' own turn, for the reason in `backpressure.ts`.
        setImmediate(() => this.#catchUp(stream));
      },
    });
    if (!this.#step(stream)) this.#write(stream, HEARTBEAT);
    setImmediate(() => this.#catchUp(stream));
  }

  /** Where a stream begins, or the answer that refuses it. */
  #admit({ request, realm }: Visit, channels: Channels): Pick<Stream, "channel" | "place"> | Answer {
    const channel = channels.shown(realm);
    if ("status" in channel) return channel;
    if (this.#count >= this.#max) return TOO_MANY;
    // A browser that comes back asks for the same address, so what it adds says where it is now.
    const header = lastEventIdOf(request);
    const given = header ?? new URLSearchParams(request.query).get("since");
    if (given === null) return { channel, place: undefined };
    const place = Since.safeParse(given);
    if (place.success) return { channel, place: place.data };
    const path = header === undefined ? "since" : "Last-Event-ID";
    const errors = place.error.issues.map(({ message }) => ({ path, message }));
    return problemAnswer(400, `${path} is not a place on the feed`, { errors });
  }

  /** Writes missed frames until the stream reads too slowly or is up to date. */
  #catchUp(stream: Stream): void {
    while (isReading(stream) && this.#step(stream));
  }

  /** Writes the next missed frames. Returns whether there were any. */
  #step(stream: Stream): boolean {
    const step = stream.channel.view!.next(stream.place);
    if (step === undefined) {
      stream.joined = true;
      return false;
    }
    stream.place = step.place;
    const bytes = this.#send(stream, step.frames);
    if (!stream.joined) this.#openings.caughtUp(stream.address, bytes);
    return true;
  }

  /** Returns its length. */
  #send(stream: Stream, frames: readonly EncodedFrame[]): number {
    const text = stream.retry + frames.map(textOf).join("");
    stream.retry = "";
    this.#write(stream, text);
    for (const { type } of frames) metrics.frames.inc({ realm: stream.channel.realm, type });
    return text.length;
  }

  #write(stream: Stream, text: string): void {
    if (stream.out?.write(text) === false) stream.stuckSinceMs = performance.now();
  }

  #beat(): void {
    const nowMs = performance.now();
    for (const streams of this.#byRealm.values())
      for (const stream of streams) {
        if (isReading(stream)) this.#write(stream, HEARTBEAT);
        else if (nowMs - stream.stuckSinceMs! > STUCK_MS) stream.out?.close();
      }
  }

  #hold(stream: Stream): void {
    const { realm } = stream.channel;
    const streams = this.#byRealm.get(realm) ?? new Set();
    this.#byRealm.set(realm, streams.add(stream));
    this.#count++;
    this.#connections.opened(stream.address);
    metrics.streams.inc({ realm });
  }

  #release(stream: Stream): void {
    const { realm } = stream.channel;
    stream.open = false;
    this.#byRealm.get(realm)?.delete(stream);
    this.#count--;
    this.#connections.closed(stream.address);
    metrics.streams.dec({ realm });
  }
}

const isReading = ({ open, stuckSinceMs }: Stream): boolean => open && stuckSinceMs === undefined;

/** An empty header counts too: no browser sends it, and uWS turns a header of bytes beyond ASCII into it. */
function lastEventIdOf(request: Request): string | undefined {
  let found: string | undefined;
  request.eachHeader((name, value) => {
    if (name === "last-event-id") found ??= value;
  });
  return found;
}

const texts = new WeakMap<EncodedFrame, string>();

/** One event. A resync has no place of its own, since the snapshot after it has, and a pulse none at all. */
function textOf(encoded: EncodedFrame): string {
  let text = texts.get(encoded);
  if (text === undefined) {
    const { frame } = encoded;
    const id =
      frame.type === "snapshot" || frame.type === "delta" ? `id: ${frame.epoch}:${frame.tick}\n` : "";
    text = `${id}data: ${JSON.stringify(frame)}\n\n`;
    texts.set(encoded, text);
  }
  return text;
}
