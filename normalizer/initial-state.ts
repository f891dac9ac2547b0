import { deviceCodec, memberCodec, openEventCodec, playerCodec, sessionCodec } from "./entries.ts";
import { Shelf } from "./shelf.ts";
import type { NormalizerState } from "./state.ts";

/** A realm of which nothing is known yet. */
export function initialState(realm: string): NormalizerState {
  const changed = new Set<string>();
  return {
    realm,
    rules: undefined,
    week: { through: 0, day: 0, days: [], before: { points: 0, users: 0 } },
    players: new Shelf("u.", playerCodec, changed),
    devices: new Shelf("d.", deviceCodec, changed),
    sessions: new Shelf("s.", sessionCodec, changed),
    members: new Shelf("m.", memberCodec, changed),
    quarantine: new Shelf("q.", openEventCodec, changed),
    shadow: { through: 0, running: undefined },
    open: new Map(),
    openTotal: 0,
    nowMs: 0,
    changed,
  };
}
