import { deviceCodec, memberCodec, openEventCodec, playerCodec, sessionCodec } from "./entry-codecs.ts";
import { Shelf } from "./entry-store.ts";
import { KnownCommands } from "./known-commands.ts";
import type { NormalizerState } from "./state.ts";

/** A realm of which nothing is known yet. */
export function initialState(realm: string): NormalizerState {
  return {
    realm,
    rules: undefined,
    week: { through: 0, day: 0, days: [], before: { points: 0, users: 0 } },
    players: new Shelf("u.", playerCodec),
    devices: new Shelf("d.", deviceCodec),
    sessions: new Shelf("s.", sessionCodec),
    members: new Shelf("m.", memberCodec),
    quarantine: new Shelf("q.", openEventCodec),
    commands: new KnownCommands(),
    shadow: { through: 0, running: undefined },
    open: new Map(),
    openTotal: 0,
    nowMs: 0,
    changed: new Set(),
  };
}
