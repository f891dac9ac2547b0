/**
 * Lets each socket read at its own speed, with almost nothing buffered for it. A socket is either `live`, subscribed to its realm's
 * topic, or catching up: it is sent missed frames out of the realm's view, which holds them once for all sockets, as fast as it
 * reads. It is subscribed in the same turn of the event loop in which it is up to date.
 *
 * A live socket for which anything waits in this process, beyond the kernel's own buffers, is not sent another frame: it leaves
 * the topic and catches up. Where the missed frames are larger than the newest snapshot the socket gets that instead, once. A
 * socket that isn't live again in time, or has to be conflated again soon, is closed. So at most one frame waits for a socket.
 */
import type { Place } from "../../shared/contracts/feed.ts";
import { metrics } from "../../shared/process/metrics.ts";
import { type FeedLimits, MAX_WAITING_BYTES } from "../http/limits.ts";
import { typeOf } from "../realm/encode.ts";
import type { RealmView } from "../realm/realm-view.ts";
import type { FeedSocket, Socket } from "./channel.ts";
import { CLOSE, type Close } from "./close-codes.ts";
import type { Openings } from "./openings.ts";

export class Backpressure {
  readonly #limits: FeedLimits;
  readonly #openings: Openings;
  /** Live sockets that missed a frame. */
  #fallen = new Set<FeedSocket>();

  constructor(limits: FeedLimits, openings: Openings) {
    this.#limits = limits;
    this.#openings = openings;
  }

  /** Sends what the socket misses until something waits for it, and makes it live when it misses nothing. */
  catchUp(client: FeedSocket): void {
    const socket = client.getUserData();
    client.cork(() => {
      while (!socket.live && socket.closing === undefined && client.getBufferedAmount() === 0) {
        const view = socket.channel.view!;
        const outpaced = isOutpaced(socket, view);
        if (outpaced && this.#wasConflated(socket)) {
          this.end(client, CLOSE.slow);
          return;
        }
        const step = outpaced ? view.resync("slow") : view.next(socket.place);
        if (step === undefined) {
          this.#goLive(client);
          return;
        }
        // Where only the first of two frames fits, both are sent again.
        if (!step.frames.every(({ bytes }) => client.send(bytes, true) !== DROPPED)) return;
        for (const { type, bytes } of step.frames) {
          metrics.frames.inc({ realm: view.realm, type });
          if (!socket.joined) this.#openings.caughtUp(socket.address, bytes.length);
        }
        socket.place = step.place;
        if (outpaced) socket.conflatedMs = performance.now();
        socket.resync = false;
      }
    });
  }

  /** Gives a live socket the notices of its player that it hasn't got yet. */
  notify(client: FeedSocket): void {
    const socket = client.getUserData();
    const view = socket.channel.view!;
    if (socket.player === undefined || !socket.live) return;
    if (socket.noticed.epoch !== view.epoch) socket.noticed = { epoch: view.epoch, order: 0 };
    for (const { order, bytes } of view.notices.of(socket.player.user, socket.noticed.order)) {
      if (client.send(bytes, true) === DROPPED) {
        this.#fall(client, view.place);
        return;
      }
      socket.noticed.order = order;
      metrics.frames.inc({ realm: socket.channel.realm, type: "notice" });
    }
  }

  /**
   * A frame that was published didn't go to this socket. uWS goes through the topic's sockets at this moment, so none may
   * leave it before that is over. Further drops change nothing.
   */
  dropped(client: FeedSocket, message: ArrayBuffer): void {
    const socket = client.getUserData();
    if (!socket.live || this.#fallen.has(client)) return;
    const bytes = new Uint8Array(message);
    const type = typeOf(bytes);
    if (type === "delta") this.#fall(client, socket.channel.view!.before(bytes));
    // The dropped frame was a resync, or the socket awaits one. Pulses are not repeated; notices are handled where they are sent.
    else if (type === "snapshot" || type === "resync") this.#fall(client, undefined);
  }

  /**
   * Not within uWS' own turn: what is sent there and doesn't fit the kernel's buffer waits for ever, because the socket is no
   * longer polled afterwards (us_socket_write2 doesn't record that its write fell short).
   */
  drained(client: FeedSocket): void {
    const socket = client.getUserData();
    if (socket.live) return;
    setImmediate(() => {
      // A socket that was closed meanwhile must not be touched: uWS throws.
      if (!socket.open) return;
      if (socket.closing !== undefined) this.end(client, socket.closing);
      else this.catchUp(client);
    });
  }

  /** Unsubscribes sockets that missed a frame. Called before every publish: they must not get a later one. */
  takeOffFallen(): void {
    const fallen = this.#fallen;
    if (fallen.size === 0) return;
    this.#fallen = new Set();
    for (const client of fallen) {
      const socket = client.getUserData();
      client.unsubscribe(socket.channel.topic);
      socket.channel.players.remove(client);
      socket.live = false;
      socket.grace ??= setTimeout(() => this.end(client, CLOSE.slow), this.#limits.slowGraceMs);
      this.catchUp(client);
    }
  }

  /**
   * Closes it with a code. Not within a cork, as in `open`: uWS then sends the code and leaves the connection open. It drops a
   * code, like any message, while something waits: the socket has to read that first.
   */
  end(client: FeedSocket, close: Close): void {
    const socket = client.getUserData();
    const known = socket.closing !== undefined;
    socket.closing ??= close;
    setImmediate(() => {
      if (!socket.open) return;
      if (client.getBufferedAmount() <= MAX_WAITING_BYTES) {
        metrics.closes.inc({ realm: socket.channel.realm, code: close.code });
        client.end(close.code, close.reason);
      } else if (!known) {
        clearTimeout(socket.grace);
        socket.grace = setTimeout(() => client.close(), this.#limits.closeGraceMs);
      }
    });
  }

  closed(client: FeedSocket): void {
    const socket = client.getUserData();
    clearTimeout(socket.grace);
    this.#fallen.delete(client);
  }

  #wasConflated({ conflatedMs }: Socket): boolean {
    return conflatedMs !== undefined && performance.now() - conflatedMs < this.#limits.slowAgainMs;
  }

  #goLive(client: FeedSocket): void {
    const socket = client.getUserData();
    const { topic, players, pulses } = socket.channel;
    client.subscribe(topic);
    socket.live = true;
    socket.joined = true;
    clearTimeout(socket.grace);
    socket.grace = undefined;
    players.add(client);
    this.notify(client);
    if (pulses.latest !== undefined) client.send(pulses.latest, true);
  }

  /** A live socket couldn't take a frame. `place`: up to where it got every frame, if known. */
  #fall(client: FeedSocket, place: Place | undefined): void {
    if (this.#fallen.has(client)) return;
    const socket = client.getUserData();
    socket.place = place;
    socket.resync = place === undefined;
    if (this.#fallen.size === 0) setImmediate(() => this.takeOffFallen());
    this.#fallen.add(client);
  }
}

/** The result of `send` where nothing was sent. */
const DROPPED = 2;

/** Whether the newest snapshot serves a socket better than what it missed. */
function isOutpaced({ resync, grace, place }: Socket, view: RealmView): boolean {
  if (resync) return true;
  return grace !== undefined && place !== undefined && place.epoch === view.epoch && view.outweighs(place);
}
