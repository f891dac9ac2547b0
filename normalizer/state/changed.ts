/** Which entries of a state changed. */
import type { EntryStore } from "./entry-store.ts";
import type { NormalizerState } from "./state.ts";

export const storesOf = (state: NormalizerState): EntryStore<object>[] => [
  state.players,
  state.devices,
  state.sessions,
  state.members,
  state.quarantine,
];

/** KV keys, without the realm, of what changed since the last call. */
export function takeChanged(state: NormalizerState): string[] {
  const keys = [...state.changed];
  state.changed.clear();
  for (const shelf of storesOf(state)) for (const key of shelf.takeChanged()) keys.push(key);
  return keys;
}
