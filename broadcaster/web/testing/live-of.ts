/** What the page follows, held still at one tick. */
import type { Pulse } from "../../../shared/contracts/feed.ts";
import type { PublicState } from "../../../shared/contracts/world.ts";
import type { Told } from "../../../shared/web/happenings.ts";
import { Names } from "../../../shared/web/names.ts";
import type { LiveView } from "../live.ts";
import { namesIn } from "../names-in.ts";
import { Past } from "../past.ts";
import { type Outlook, Reads, type RealmLine, type RealmMap } from "../reads.ts";

export const CHOSEN: RealmLine = {
  realm: "amoi-1",
  name: "Amoi",
  status: "active",
  season: 1,
  tick: 0,
  at: "2026-01-01T00:00:00.000Z",
  hash: "0".repeat(64),
};

export type Seen = {
  state: PublicState;
  outlooks: Record<string, Outlook>;
  map: RealmMap | undefined;
  pressure: Pulse["pressure"];
  events: Told[];
  tickSeconds: number | undefined;
};

export function liveOf({ state, events, ...seen }: Seen): LiveView {
  const past = new Past();
  past.append({ state, hash: "0".repeat(64), events });
  return {
    ...seen,
    reads: new Reads("http://127.0.0.1", "amoi-1"),
    status: "open",
    world: { epoch: "e", tick: state.tick, hash: "0".repeat(64), state },
    past,
    noPast: undefined,
    names: new Names(seen.map === undefined ? {} : namesIn(seen.map)),
    nextTickMs: undefined,
    healed: 0,
    hashes: true,
    subscribe: () => () => {},
    close: () => {},
  };
}
