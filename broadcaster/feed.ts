/**
 * The feed: one WebSocket topic per realm. A frame is encoded once and handed to uWS once; nothing here goes through clients
 * one by one, except those that have to catch up: new ones, and those that read too slowly.
 *
 * A socket is either `live`, subscribed to the topic, or catching up: it gets what it misses as fast as it reads, and is
 * subscribed in the same turn of the event loop in which it is up to date, so nothing is published in between.
 */
import type { HttpRequest, HttpResponse, TemplatedApp, us_socket_context_t, WebSocket } from "uWebSockets.js";
import { type Place, type ResyncReason, Since } from "../shared/contracts/feed.ts";
import { metrics } from "../shared/metrics.ts";
import {
  type Answer,
  NO_SUCH_REALM,
  problemAnswer,
  REALM_NOT_READY,
  refusedBody,
  send,
  serveGet,
} from "./answer.ts";
import { CLOSE, type Close } from "./codes.ts";
import type { EncodedFrame } from "./encode.ts";
import type { Audience } from "./follow.ts";
import type { RealmView } from "./realm-view.ts";

export type FeedLimits = {
  /** Bytes waiting for a live socket above which further frames are dropped and the socket counts as slow. */
  maxBackpressureBytes: number;
  /** A socket that catches up is given no more while this many bytes wait for it. */
  catchUpBytes: number;
  /** How long a slow socket has to read what waits for it before it is closed. */
  slowGraceMs: number;
  /** How long a socket has to read up to its close code before it is cut without. */
  closeGraceMs: number;
  /** A socket that is slow again so soon is closed at once. */
  slowAgainMs: number;
  /** Without a sign of life for so long a socket is cut; pings go out before. */
  idleSeconds: number;
};
export const FEED_LIMITS: FeedLimits = {
  maxBackpressureBytes: 256 * 1024,
  catchUpBytes: 64 * 1024,
  slowGraceMs: 20_000,
  closeGraceMs: 10_000,
  slowAgainMs: 60_000,
  idleSeconds: 60,
};
/** Clients send nothing but, later, a token. */
const MAX_MESSAGE_BYTES = 4_096;

type Socket = {
  readonly channel: Channel;
  /** What it was sent up to, while it isn't live; `undefined`: nothing that counts. */
  place: Place | undefined;
  /** Why it has to drop its state before it gets another. */
  resync: ResyncReason | undefined;
  live: boolean;
  open: boolean;
  slowSinceMs: number | undefined;
  grace: NodeJS.Timeout | undefined;
  /** It is to be closed so as soon as the code fits behind what waits for it. */
  closing: Close | undefined;
};
type Client = WebSocket<Socket>;

/** One realm on the feed. */
export class Channel implements Audience {
  readonly realm: string;
  /** As the registry of realms has it. */
  name: string;
  /** Absent until it is restored for the first time. */
  view: RealmView | undefined;
  readonly topic: string;
  readonly #publish: (channel: Channel, frame: EncodedFrame) => void;

  constructor(realm: string, publish: Feed["publish"]) {
    this.realm = realm;
    this.name = realm;
    this.topic = `realm/${realm}`;
    this.#publish = publish;
  }

  /** Live clients get the deltas that lead from the view before to this one, or else a resync and its snapshot. */
  restored(view: RealmView): void {
    const earlier = this.view;
    this.view = view;
    if (earlier === undefined) return;
    if (!view.continues(earlier)) {
      for (const frame of view.resync(earlier.epoch === view.epoch ? "gap" : "epoch").frames)
        this.advanced(frame);
      return;
    }
    for (let step = view.next(earlier.place); step !== undefined; step = view.next(step.place))
      for (const frame of step.frames) this.advanced(frame);
  }

  advanced(frame: EncodedFrame): void {
    this.#publish(this, frame);
  }
}

export class Feed {
  readonly channels = new Map<string, Channel>();
  readonly #app: TemplatedApp;
  readonly #limits: FeedLimits;
  /** Told whenever a realm's view has moved: who isn't on a topic catches up by it. */
  onMoved: (channel: Channel) => void = () => {};
  /** Live sockets that missed a frame. */
  #fallen = new Set<Client>();

  constructor(app: TemplatedApp, limits: FeedLimits = FEED_LIMITS) {
    this.#app = app;
    this.#limits = limits;
    // The route comes first: publishing without one crashes the process.
    app.ws<Socket>("/feed/:realm", {
      maxPayloadLength: MAX_MESSAGE_BYTES,
      maxBackpressure: limits.maxBackpressureBytes,
      closeOnBackpressureLimit: false,
      idleTimeout: limits.idleSeconds,
      sendPingsAutomatically: true,
      upgrade: (res, req, context) => this.#upgrade(res, req, context),
      open: (client) => this.#opened(client),
      message: (client) => this.#end(client, CLOSE.unexpectedMessage),
      dropped: (client) => this.#dropped(client),
      drain: (client) => this.#drained(client),
      close: (client) => this.#closed(client),
    });
    const headers = { Upgrade: "websocket" };
    const upgradeRequired = problemAnswer(426, "this is a WebSocket feed", { headers });
    serveGet(app, "/feed/:realm", () => upgradeRequired);
  }

  /** Adds a realm, which answers 503 until it is restored. */
  open(realm: string): Channel {
    const channel = new Channel(realm, this.publish);
    this.channels.set(realm, channel);
    return channel;
  }

  /** One frame to every live client of a realm. */
  readonly publish = (channel: Channel, { type, bytes }: EncodedFrame): void => {
    // Whoever missed a frame must not get a later one, so it leaves the topic first.
    this.#conflateFallen();
    this.#app.publish(channel.topic, bytes, true);
    metrics.frames.inc({ realm: channel.realm, type }, this.#app.numSubscribers(channel.topic));
    this.onMoved(channel);
  };

  #upgrade(res: HttpResponse, req: HttpRequest, context: us_socket_context_t): void {
    if (refusedBody(res, req)) return;
    const admitted = this.#admit(req);
    if ("status" in admitted) {
      send(res, admitted);
      return;
    }
    const header = (name: string) => req.getHeader(`sec-websocket-${name}`);
    res.upgrade(admitted, header("key"), header("protocol"), header("extensions"), context);
  }

  /** The socket that a request opens, or the answer that refuses it. */
  #admit(req: HttpRequest): Socket | Answer {
    const channel = this.channels.get(req.getParameter(0) ?? "");
    if (channel === undefined) return NO_SUCH_REALM;
    if (channel.view === undefined) return REALM_NOT_READY;
    const given = req.getQuery("since");
    const place = given === undefined ? undefined : Since.safeParse(given);
    if (place?.success === false) {
      const errors = place.error.issues.map(({ message }) => ({ path: "since", message }));
      return problemAnswer(400, "since is not a place on the feed", { errors });
    }
    return {
      channel,
      place: place?.data,
      resync: undefined,
      live: false,
      open: true,
      slowSinceMs: undefined,
      grace: undefined,
      closing: undefined,
    };
  }

  #opened(client: Client): void {
    metrics.connections.inc({ realm: client.getUserData().channel.realm });
    this.#catchUp(client);
  }

  #closed(client: Client): void {
    const socket = client.getUserData();
    socket.open = false;
    clearTimeout(socket.grace);
    this.#fallen.delete(client);
    metrics.connections.dec({ realm: socket.channel.realm });
  }

  /** Sends what the socket misses until enough waits for it, and makes it live when it misses nothing. */
  #catchUp(client: Client): void {
    const socket = client.getUserData();
    client.cork(() => {
      while (
        !socket.live &&
        socket.closing === undefined &&
        client.getBufferedAmount() <= this.#limits.catchUpBytes
      ) {
        const { realm, topic, view } = socket.channel;
        // Once restored, a channel keeps a view.
        const step = socket.resync === undefined ? view!.next(socket.place) : view!.resync(socket.resync);
        if (step === undefined) {
          client.subscribe(topic);
          socket.live = true;
          clearTimeout(socket.grace);
          return;
        }
        for (const { type, bytes } of step.frames) {
          client.send(bytes, true);
          metrics.frames.inc({ realm, type });
        }
        socket.place = step.place;
        socket.resync = undefined;
      }
    });
  }

  /**
   * Not within uWS' own turn: what is sent there and doesn't fit the kernel's buffer waits for ever, because the socket is no
   * longer polled afterwards (us_socket_write2 doesn't record that its write fell short).
   */
  #drained(client: Client): void {
    const { live } = client.getUserData();
    if (live) return;
    setImmediate(() => {
      const { open, closing } = client.getUserData();
      if (!open) return;
      if (closing === undefined) this.#catchUp(client);
      else this.#end(client, closing);
    });
  }

  /** uWS goes through the topic's sockets at this moment, so none may leave it before that is over. */
  #dropped(client: Client): void {
    if (!client.getUserData().live) return;
    if (this.#fallen.size === 0) setImmediate(() => this.#conflateFallen());
    this.#fallen.add(client);
  }

  /** Takes slow sockets off the topic: each gets the newest snapshot when it has read what waits for it, or is closed. */
  #conflateFallen(): void {
    const fallen = this.#fallen;
    if (fallen.size === 0) return;
    this.#fallen = new Set();
    const nowMs = performance.now();
    for (const client of fallen) {
      const socket = client.getUserData();
      client.unsubscribe(socket.channel.topic);
      socket.live = false;
      const again = socket.slowSinceMs !== undefined && nowMs - socket.slowSinceMs < this.#limits.slowAgainMs;
      if (again) {
        this.#end(client, CLOSE.slow);
        continue;
      }
      socket.slowSinceMs = nowMs;
      socket.resync = "slow";
      socket.grace = setTimeout(() => this.#end(client, CLOSE.slow), this.#limits.slowGraceMs);
      this.#catchUp(client);
    }
  }

  /** Closes it with a code. uWS drops a code, like any message, while too much waits: the socket has to read that first. */
  #end(client: Client, close: Close): void {
    const socket = client.getUserData();
    if (client.getBufferedAmount() > this.#limits.maxBackpressureBytes) {
      if (socket.closing !== undefined) return;
      socket.closing = close;
      clearTimeout(socket.grace);
      socket.grace = setTimeout(() => client.close(), this.#limits.closeGraceMs);
      return;
    }
    metrics.closes.inc({ realm: socket.channel.realm, code: close.code });
    client.end(close.code, close.reason);
  }
}
