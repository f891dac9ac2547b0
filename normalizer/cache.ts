/** The normalizer's state as entries of the KV bucket `caps`, and back. */
import type { CacheEntry, CacheSpec } from "../shared/cache.ts";
import type { NormalizerState } from "./state.ts";

/** A player's entry outlives everything in it: 7 day buckets and 25 hours of keys. */
const PLAYER_TTL_SECONDS = 8 * 86_400;

function entryOf(state: NormalizerState, key: string): CacheEntry {
  const id = key.slice(2);
  if (key.startsWith("u.")) {
    const { through, days, seen } = state.players.get(id)!;
    const recent = [...seen].map(([event, { hash, atMs }]) => [event, hash, atMs]);
    const value = JSON.stringify({ through, days: Object.fromEntries(days), seen: recent });
    return { key, value, ttlSeconds: PLAYER_TTL_SECONDS };
  }
  if (key.startsWith("m.")) return { key, value: JSON.stringify(state.members.get(id)!) };
  const rules = state.rules!;
  return { key, value: JSON.stringify({ ...rules, commands: [...rules.commands] }) };
}

export const cacheSpec: CacheSpec<NormalizerState> = {
  bucket: "caps",

  load(state, key, text) {
    const id = key.slice(2);
    const value = JSON.parse(text);
    if (key.startsWith("u."))
      state.players.set(id, {
        through: value.through,
        days: new Map(Object.entries(value.days)),
        seen: new Map(
          value.seen.map(([event, hash, atMs]: [string, string, number]) => [event, { hash, atMs }]),
        ),
      });
    else if (key.startsWith("m.")) state.members.set(id, value);
    else if (key === "r.realm") state.rules = { ...value, commands: new Set(value.commands) };
  },

  takeChanged(state) {
    const entries = [...state.changed].map((key) => entryOf(state, key));
    state.changed.clear();
    return entries;
  },
};
