/** A realm on the feed, and the state of each of its sockets. */
import type { Place, Pulse } from "../../shared/contracts/feed.ts";
import type { Forecast } from "../../shared/contracts/forecast.ts";
import type { FeedPlayer } from "../../shared/feed/feed-token.ts";
import type { Client } from "../http/engine.ts";
import { type EncodedFrame, encodeFrame } from "../realm/encode.ts";
import type { Audience } from "../realm/follow.ts";
import { Pulses } from "../realm/pulses.ts";
import type { RealmView } from "../realm/realm-view.ts";
import type { Close } from "./close-codes.ts";
import { PlayerSockets } from "./player-sockets.ts";

export type Socket = {
  readonly channel: Channel;
  readonly address: string;
  /** The token of its URL, if any. */
  readonly token: string | undefined;
  /** The place up to which it was sent frames while it isn't live; `undefined`: none. */
  place: Place | undefined;
  /** Its place is unknown: it has to drop its state before it gets another. */
  resync: boolean;
  live: boolean;
  /** It was live once, so frames to catch up from then on don't count towards its address's limit. */
  joined: boolean;
  open: boolean;
  /** Time of its last conflation. */
  conflatedMs: number | undefined;
  /** Runs while it is behind: it was live once, and a frame was dropped. */
  grace: NodeJS.Timeout | undefined;
  /** The close code that is sent as soon as it fits behind the waiting bytes. */
  closing: Close | undefined;
  /** The player whose notices it gets. */
  player: FeedPlayer | undefined;
  expiry: NodeJS.Timeout | undefined;
  /** The last notices it was sent: an order of `notices.ts` in an epoch. */
  noticed: { epoch: string; order: number };
  /** Frames and bytes that it sent since `sinceMs`. */
  readonly sent: { sinceMs: number; frames: number; bytes: number };
};

/** An open WebSocket of the feed. */
export type FeedSocket = Client<Socket>;

/** Sends one frame to every live client of a realm. */
export type Publish = (channel: Channel, frame: EncodedFrame) => void;
/** Sends each of these its player's new notices. */
export type Notify = (sockets: Iterable<FeedSocket>) => void;

/** One realm on the feed. */
export class Channel implements Audience {
  readonly realm: string;
  /** The display name in KV `realms`. */
  name: string;
  /** Absent until it is restored for the first time. */
  view: RealmView | undefined;
  readonly topic: string;
  readonly players = new PlayerSockets<FeedSocket>();
  /** Every open socket. */
  readonly clients = new Set<FeedSocket>();
  readonly pulses: Pulses;
  /** When the last frame was published, milliseconds of the process' clock. */
  #publishedMs = Number.NEGATIVE_INFINITY;
  readonly #publish: Publish;
  readonly #notify: Notify;

  constructor(realm: string, publish: Publish, notify: Notify = () => {}) {
    this.realm = realm;
    this.name = realm;
    this.topic = `realm/${realm}`;
    this.#publish = publish;
    this.#notify = notify;
    this.pulses = new Pulses(
      () => this.view?.tick ?? Number.POSITIVE_INFINITY,
      (frame) => this.advanced(frame),
    );
  }

  /** Live clients get the deltas that lead from the view before to this one, or else a resync and its snapshot. */
  restored(view: RealmView): void {
    const earlier = this.view;
    this.view = view;
    view.forecast ??= earlier?.forecast;
    if (earlier === undefined) return;
    if (view.continues(earlier))
      for (let step = view.next(earlier.place); step !== undefined; step = view.next(step.place))
        for (const frame of step.frames) this.advanced(frame);
    else
      for (const frame of view.resync(earlier.epoch === view.epoch ? "gap" : "epoch").frames)
        this.advanced(frame);
    this.noticed(view.notices.usersAfter(earlier.epoch === view.epoch ? earlier.notices.end : 0));
  }

  advanced(frame: EncodedFrame): void {
    this.#publishedMs = performance.now();
    this.#publish(this, frame);
  }

  /** Tells the clients of a realm that was silent for `silenceMs` that their connections work. */
  keepAlive(silenceMs: number): void {
    if (this.view === undefined || performance.now() - this.#publishedMs < silenceMs) return;
    this.advanced(encodeFrame({ type: "alive", realm: this.realm, ...this.view.place }));
  }

  noticed(users: Iterable<string>): void {
    this.#notify(this.players.of(users));
  }

  pulsed(pulse: Pulse): void {
    if (this.view !== undefined) this.view.pulse = pulse;
    this.pulses.heard(pulse);
  }

  forecasted(forecast: Forecast): void {
    if (this.view !== undefined) this.view.forecast = forecast;
  }
}
