/**
 * The feed: one WebSocket topic per realm. A frame is encoded once and handed to uWS once; nothing here goes through clients
 * one by one, except those that have to catch up (`backpressure.ts`), and players with new notices.
 */

import {
  type FeedPlayer,
  readFeedToken,
  type TokenRefusal,
  type TokenSecrets,
} from "../../shared/feed/feed-token.ts";
import { metrics } from "../../shared/process/metrics.ts";
import { Connections } from "../http/connections.ts";
import type { Engine, SocketEvents } from "../http/engine.ts";
import type { FeedLimits } from "../http/limits.ts";
import { problemAnswer } from "../http/response.ts";
import type { Routes } from "../http/routes.ts";
import type { Visit } from "../http/visit.ts";
import { Channels } from "../realm/channels.ts";
import type { EncodedFrame } from "../realm/encode.ts";
import { Backpressure } from "./backpressure.ts";
import { Channel, type FeedSocket, type Notify, type Publish, type Socket } from "./channel.ts";
import { CLOSE } from "./close-codes.ts";
import { floods, tokenOf } from "./inbound.ts";
import type { Openings } from "./openings.ts";
import { newSocket } from "./socket.ts";
import { admit, TOO_MANY_CONNECTIONS } from "./upgrade.ts";

export const FEED_PATH = "/feed/{realm}";
const NOT_ASKED_FOR = problemAnswer(426, "this path is a WebSocket: open it with an upgrade", {
  headers: { Upgrade: "websocket" },
});

export class Feed {
  readonly channels = new Channels();
  readonly #engine: () => Engine;
  readonly #limits: FeedLimits;
  readonly #secret: TokenSecrets;
  readonly #pace: Backpressure;
  readonly #keepAlive: NodeJS.Timeout;
  /** Open connections by address: sockets and event streams. */
  readonly connections: Connections;
  /** Called with each frame, after the realm's view has moved: event streams, which have no topics, read from the view. */
  onFrame: (channel: Channel, frame: EncodedFrame) => void = () => {};
  /** Called with each realm that has ended. */
  onEnded: (channel: Channel) => void = () => {};

  /** Handlers of the sockets' events. */
  readonly events: SocketEvents<Socket> = {
    opened: (client) => this.#opened(client),
    message: (client, message, isBinary) => this.#message(client, message, isBinary),
    control: (client, message) => void this.#heard(client, message),
    dropped: (client, message) => this.#pace.dropped(client, message),
    drained: (client) => this.#pace.drained(client),
    closed: (client) => this.#closed(client),
  };

  /** `tokenSecret`: what players' tokens are signed with; during a change, both. `engine`: there once anything is published. */
  constructor(
    routes: Routes<Socket>,
    engine: () => Engine,
    openings: Openings,
    limits: FeedLimits,
    tokenSecret: TokenSecrets,
  ) {
    this.#engine = engine;
    this.#limits = limits;
    this.#secret = tokenSecret;
    this.#pace = new Backpressure(limits, openings);
    this.connections = new Connections(limits.connectionsPerAddress);
    this.#keepAlive = setInterval(() => {
      for (const channel of this.channels.values()) channel.keepAlive(limits.silenceMs);
    }, limits.silenceMs / 2);
    this.#keepAlive.unref();
    routes.get(FEED_PATH, (visit) => this.#upgrade(visit), openings.limit);
  }

  /** Adds a realm, which answers 503 until it is restored. */
  open(realm: string): Channel {
    const channel = new Channel(realm, this.publish, this.notify);
    this.channels.set(realm, channel);
    return channel;
  }

  /**
   * The realm has ended: its clients get a final close code, and it answers 410 from now on. Returns its channel, if it had one.
   */
  end(realm: string): Channel | undefined {
    const channel = this.channels.get(realm);
    this.channels.ended.add(realm);
    this.channels.delete(realm);
    if (channel === undefined) return undefined;
    channel.pulses.close();
    for (const client of channel.clients) this.#pace.end(client, CLOSE.realmEnded);
    this.onEnded(channel);
    return channel;
  }

  close(): void {
    clearInterval(this.#keepAlive);
    for (const { pulses } of this.channels.values()) pulses.close();
  }

  /** One frame to every live client of a realm. */
  readonly publish: Publish = (channel, frame) => {
    const { type, bytes } = frame;
    this.#pace.takeOffFallen();
    const engine = this.#engine();
    engine.publish(channel.topic, bytes);
    metrics.frames.inc({ realm: channel.realm, type }, engine.numSubscribers(channel.topic));
    this.onFrame(channel, frame);
  };

  /** To each of these its player's new notices. */
  readonly notify: Notify = (clients) => {
    for (const client of clients) this.#pace.notify(client);
  };

  #upgrade(visit: Visit<Socket>): void {
    const { upgrade, address } = visit;
    const admitted =
      upgrade === undefined
        ? NOT_ASKED_FOR
        : this.connections.full(address)
          ? TOO_MANY_CONNECTIONS
          : admit(visit, this.channels, this.#limits);
    // At once, whatever its token says: an upgrade that waits for anything is either a warning of uWS on stderr or, within a
    // cork, a socket that uWS may take for a response still, and close.
    if ("status" in admitted) visit.send(admitted);
    else upgrade?.(newSocket(admitted));
  }

  #read(channel: Channel, token: string): Promise<FeedPlayer | TokenRefusal> {
    return readFeedToken(this.#secret, channel.realm, token, Date.now()).catch(() => "refused" as const);
  }

  /** A socket with a token is sent nothing until the token is verified. */
  #opened(client: FeedSocket): void {
    const { channel, address, token } = client.getUserData();
    this.connections.opened(address);
    metrics.connections.inc({ realm: channel.realm });
    channel.clients.add(client);
    if (this.channels.ended.has(channel.realm)) this.#pace.end(client, CLOSE.realmEnded);
    else if (token === undefined) this.#pace.catchUp(client);
    else this.#identify(client, token);
  }

  #closed(client: FeedSocket): void {
    const socket = client.getUserData();
    socket.open = false;
    clearTimeout(socket.expiry);
    this.#pace.closed(client);
    socket.channel.players.remove(client);
    socket.channel.clients.delete(client);
    this.connections.closed(socket.address);
    metrics.connections.dec({ realm: socket.channel.realm });
  }

  /** Whether a frame of the client is still to be handled. */
  #heard(client: FeedSocket, message: ArrayBuffer): boolean {
    const socket = client.getUserData();
    if (socket.closing !== undefined) return false;
    if (!floods(socket, message.byteLength, this.#limits)) return true;
    this.#pace.end(client, CLOSE.flood);
    return false;
  }

  #message(client: FeedSocket, message: ArrayBuffer, isBinary: boolean): void {
    if (!this.#heard(client, message)) return;
    const token = tokenOf(message, isBinary);
    if (token === undefined) {
      this.#pace.end(client, CLOSE.unexpectedMessage);
      return;
    }
    // A message without a token changes nothing: the socket stays public, or its player's until that token expires.
    if (token !== null) this.#identify(client, token);
  }

  #identify(client: FeedSocket, token: string): void {
    const socket = client.getUserData();
    void this.#read(socket.channel, token).then((player) => {
      if (!socket.open || socket.closing !== undefined) return;
      const another = typeof player === "object" && socket.player && socket.player.user !== player.user;
      if (player === "unknown") this.#pace.end(client, CLOSE.tokenUnknown);
      else if (player === "expired") this.#pace.end(client, CLOSE.tokenExpired);
      else if (player === "refused" || another) this.#pace.end(client, CLOSE.tokenRefused);
      else this.#become(client, player);
    });
  }

  /** The socket is a player's from now on, or for longer. */
  #become(client: FeedSocket, player: FeedPlayer): void {
    const socket = client.getUserData();
    socket.player = player;
    this.#expire(client, player);
    if (!socket.live) {
      this.#pace.catchUp(client);
      return;
    }
    socket.channel.players.add(client);
    this.#pace.notify(client);
  }

  #expire(client: FeedSocket, { expiresMs }: FeedPlayer): void {
    const socket = client.getUserData();
    clearTimeout(socket.expiry);
    // A timer holds at most some 24 days; a longer token ends then.
    const leftMs = Math.min(expiresMs - Date.now(), 2 ** 31 - 1);
    socket.expiry = setTimeout(() => this.#pace.end(client, CLOSE.tokenExpired), leftMs);
  }
}
