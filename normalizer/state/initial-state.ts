import { deviceCodec, memberCodec, openEventCodec, playerCodec, sessionCodec } from "./entry-codecs.ts";
import { EntryStore } from "./entry-store.ts";
import { KnownCommands } from "./known-commands.ts";
import type { NormalizerState } from "./state.ts";

/** A realm of which nothing is known yet. */
export function initialState(realm: string): NormalizerState {
  return {
    realm,
    rules: undefined,
    week: { through: 0, day: 0, days: [], before: { points: 0, users: 0 } },
    players: new EntryStore("u.", playerCodec),
    devices: new EntryStore("d.", deviceCodec),
    sessions: new EntryStore("s.", sessionCodec),
    members: new EntryStore("m.", memberCodec),
    quarantine: new EntryStore("q.", openEventCodec),
    commands: new KnownCommands(),
    shadow: { through: 0, running: undefined },
    open: new Map(),
    openTotal: 0,
    nowMs: 0,
    changed: new Set(),
  };
}
