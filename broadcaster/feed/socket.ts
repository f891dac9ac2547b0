/** The initial state of a socket. */
import type { Socket } from "./channel.ts";
import type { Admission } from "./upgrade.ts";

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
