/**
 * The feed as server-sent events: the frames of the WebSocket feed as JSON, each with its place as `id`, so that a browser comes
 * back with `Last-Event-ID` and misses nothing.
 *
 * Nothing is queued for a stream: it keeps its place, and is given the next frames as fast as it reads. HTTP has no topics, so
 * the streams of a realm are gone through one by one; a frame's text is made once.
 */
import type { HttpRequest, HttpResponse } from "uWebSockets.js";
import { type Place, Since } from "../shared/contracts/feed.ts";
import { metrics } from "../shared/metrics.ts";
import { TOO_MANY_CONNECTIONS } from "./admit.ts";
import { type Answer, NO_SUCH_REALM, problemAnswer, REALM_NOT_READY, send } from "./answer.ts";
import { pathOf } from "./catalogue.ts";
import type { Connections } from "./connections.ts";
import type { EncodedFrame } from "./encode.ts";
import type { Channel } from "./feed.ts";
import type { Reading } from "./read.ts";
import type { Routes } from "./routes.ts";

/** A comment goes out this often, so that nobody between takes the stream for dead. */
const HEARTBEAT_MS = 15_000;
/** What a browser waits before it comes back, milliseconds. */
const RETRY_MS = 2_000;
/** A stream that reads nothing for so long is cut. */
const STUCK_MS = 60_000;
const HEARTBEAT = ": \n\n";
const HEADERS = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store",
  // nginx would hold the events back.
  "X-Accel-Buffering": "no",
  "Access-Control-Allow-Origin": "*",
  "X-Content-Type-Options": "nosniff",
};
const TOO_MANY = problemAnswer(503, "too many streams are open", { headers: { "Retry-After": "5" } });

/** Frames that no place leads to: whoever keeps up gets them as they come. */
const ADDED: ReadonlySet<EncodedFrame["type"]> = new Set(["pulse", "resync", "alive"]);

type Stream = {
  readonly res: HttpResponse;
  readonly channel: Channel;
  readonly address: string;
  place: Place | undefined;
  open: boolean;
  /** Since when it hasn't taken what was written, milliseconds of the process' clock. */
  stuckSinceMs: number | undefined;
};

export class Streams {
  readonly #byRealm = new Map<string, Set<Stream>>();
  readonly #max: number;
  readonly #connections: Connections;
  readonly #heart: NodeJS.Timeout;
  #count = 0;

  /** `max`: streams that may be open at once, over all realms. An address' streams count with its sockets. */
  constructor(routes: Routes, { channels, addressOf }: Reading, connections: Connections, max: number) {
    this.#max = max;
    this.#connections = connections;
    routes.get(pathOf("stream"), (res, req) => this.#open(res, req, channels, addressOf(res, req)));
    this.#heart = setInterval(() => this.#beat(), HEARTBEAT_MS);
    this.#heart.unref();
  }

  /**
   * A frame for a realm's clients: everybody who keeps up is given what is new. A pulse is for those alone who miss nothing.
   * After a resync no place counts, since it may be of another past: a snapshot follows, for one that doesn't read just now too.
   */
  advanced(channel: Channel, frame: EncodedFrame): void {
    for (const stream of this.#byRealm.get(channel.realm) ?? []) {
      if (frame.type === "resync") stream.place = undefined;
      else this.#catchUp(stream);
      if (ADDED.has(frame.type) && isReading(stream)) this.#send(stream, [frame]);
    }
  }

  close(): void {
    clearInterval(this.#heart);
  }

  #open(res: HttpResponse, req: HttpRequest, channels: ReadonlyMap<string, Channel>, address: string): void {
    const admitted = this.#connections.full(address) ? TOO_MANY_CONNECTIONS : this.#admit(req, channels);
    if ("status" in admitted) {
      send(res, admitted);
      return;
    }
    const stream: Stream = { res, address, ...admitted, open: true, stuckSinceMs: undefined };
    this.#hold(stream);
    res.onAborted(() => this.#release(stream));
    res.onWritable(() => {
      stream.stuckSinceMs = undefined;
      // Not within uWS' own turn, for the reason that `Feed` has.
      setImmediate(() => this.#catchUp(stream));
      return true;
    });
    res.cork(() => {
      res.writeStatus("200 OK");
      for (const [name, value] of Object.entries(HEADERS)) res.writeHeader(name, value);
      this.#write(stream, `retry: ${RETRY_MS}\n\n`);
    });
    this.#catchUp(stream);
  }

  /** Where a stream begins, or the answer that refuses it. */
  #admit(
    req: HttpRequest,
    channels: ReadonlyMap<string, Channel>,
  ): Pick<Stream, "channel" | "place"> | Answer {
    const channel = channels.get(req.getParameter(0) ?? "");
    if (channel === undefined) return NO_SUCH_REALM;
    if (channel.view === undefined) return REALM_NOT_READY;
    if (this.#count >= this.#max) return TOO_MANY;
    // A browser that comes back asks for the same address, so what it adds says where it is now.
    const header = req.getHeader("last-event-id");
    const given = header === "" ? req.getQuery("since") : header;
    if (given === undefined) return { channel, place: undefined };
    const place = Since.safeParse(given);
    if (place.success) return { channel, place: place.data };
    const path = header === "" ? "since" : "Last-Event-ID";
    const errors = place.error.issues.map(({ message }) => ({ path, message }));
    return problemAnswer(400, `${path} is not a place on the feed`, { errors });
  }

  /** Gives the stream what it misses, until it reads too slowly or misses nothing. One write per cork: see `answer.ts`. */
  #catchUp(stream: Stream): void {
    const { view } = stream.channel;
    while (isReading(stream)) {
      const step = view!.next(stream.place);
      if (step === undefined) return;
      stream.place = step.place;
      this.#send(stream, step.frames);
    }
  }

  #send(stream: Stream, frames: readonly EncodedFrame[]): void {
    const text = frames.map(textOf).join("");
    stream.res.cork(() => this.#write(stream, text));
    for (const { type } of frames) metrics.frames.inc({ realm: stream.channel.realm, type });
  }

  #write(stream: Stream, text: string): void {
    if (!stream.res.write(text)) stream.stuckSinceMs = performance.now();
  }

  #beat(): void {
    const nowMs = performance.now();
    for (const streams of this.#byRealm.values())
      for (const stream of streams) {
        if (isReading(stream)) stream.res.cork(() => this.#write(stream, HEARTBEAT));
        else if (nowMs - stream.stuckSinceMs! > STUCK_MS) stream.res.close();
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
