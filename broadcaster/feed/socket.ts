/** What the feed knows of a socket. */
import type { Place } from "../../shared/contracts/feed.ts";
import type { FeedPlayer } from "../../shared/feed/feed-token.ts";
import type { Close } from "./close-codes.ts";
import type { Channel } from "./feed.ts";
import type { Admission } from "./upgrade.ts";

export type Socket = {
  readonly channel: Channel;
  readonly address: string;
  /** What it opened with, if anything. */
  readonly token: string | undefined;
  /** What it was sent up to, while it isn't live; `undefined`: nothing that counts. */
  place: Place | undefined;
  /** Nobody knows where it stands: it has to drop its state before it gets another. */
  resync: boolean;
  live: boolean;
  /** It was live once: what it is sent from then on to catch up, it was owed. */
  joined: boolean;
  open: boolean;
  /** When it was conflated last. */
  conflatedMs: number | undefined;
  /** Runs while it is behind: it was live once, and a frame was dropped. */
  grace: NodeJS.Timeout | undefined;
  /** It is to be closed so as soon as the code fits behind what waits for it. */
  closing: Close | undefined;
  /** Whose notices it gets. */
  player: FeedPlayer | undefined;
  expiry: NodeJS.Timeout | undefined;
  /** Up to where it was given notices: an order of `notices.ts` in an epoch. */
  noticed: { epoch: string; order: number };
  /** What it sent since `sinceMs`. */
  readonly sent: { sinceMs: number; frames: number; bytes: number };
};

export function newSocket({ channel, address, place, token }: Admission): Socket {
  return {
    channel,
    address,
    token,
    place,
    resync: false,
    live: false,
    joined: false,
    open: true,
    conflatedMs: undefined,
    grace: undefined,
    closing: undefined,
    player: undefined,
    expiry: undefined,
    // Once restored, a channel keeps a view.
    noticed: channel.view!.noticesFrom(place),
    sent: { sinceMs: performance.now(), frames: 0, bytes: 0 },
  };
}
