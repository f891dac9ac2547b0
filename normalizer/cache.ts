/** The normalizer's state as entries of the KV bucket `caps`, and back. */

import { Ruleset } from "../shared/contracts/ruleset.ts";
import { OPEN } from "../shared/judgement/admission.ts";
import { coldAtOf } from "../shared/judgement/caps-entry.ts";
import { readRuleset } from "../shared/past/upcast.ts";
import type { CacheEntry, CacheSpec } from "../shared/stage/cache.ts";
import { shadowOf, shadowText } from "./shadow/shadow-entry.ts";
import { storesOf, takeChanged } from "./state/changed.ts";
import type { EntryStore } from "./state/entry-store.ts";
import { COMMANDS_KNOWN_MS } from "./state/known-commands.ts";
import type { NormalizerState, RealmRules } from "./state/state.ts";

/**
 * An entry stays in KV for so long after it is cold: what RAW holds may be seven days old when it is decided, and a stage may
 * be away for a day before it no longer trusts its cache.
 */
const TTL_SLACK_MS = 8 * 86_400_000;

/** Before the hour in which the commands came. */
const COMMANDS = "c.";

function commandsEntry(state: NormalizerState, key: string): CacheEntry | undefined {
  const value = state.commands.text(Number(key.slice(COMMANDS.length)));
  if (value === undefined) return undefined;
  return { key, value, ttlSeconds: (COMMANDS_KNOWN_MS + TTL_SLACK_MS) / 1_000 };
}

const shelfOf = (state: NormalizerState, key: string): EntryStore<object> | undefined =>
  storesOf(state).find(({ prefix }) => key.startsWith(prefix));

export const cacheSpec: CacheSpec<NormalizerState> = {
  bucket: "caps",

  load(state, key, text) {
    if (key === "r.realm") {
      const { commands, ...value } = JSON.parse(text);
      if (commands !== undefined) state.commands.loadUndated(commands);
      // Written before some numbers existed, rules get their defaults, as they do from EVENTS.
      state.rules = {
        ...OPEN,
        ...value,
        ruleset: readRuleset(value.ruleset),
        judgements: value.judgements.map(({ version, judgement }: RealmRules["judgements"][number]) => ({
          version,
          judgement: Ruleset.shape.judgement.parse(judgement),
        })),
        councils: value.councils ?? [],
      };
    } else if (key === "r.week") state.week = JSON.parse(text);
    else if (key === "r.shadow") state.shadow = shadowOf(text);
    else if (key.startsWith(COMMANDS)) state.commands.load(Number(key.slice(COMMANDS.length)), text);
    else {
      const id = key.slice(2);
      shelfOf(state, key)?.load(id, text);
      if (!key.startsWith(state.quarantine.prefix)) return;
      const { user, closed } = state.quarantine.get(id)!;
      if (closed === 1) return;
      state.open.set(user, (state.open.get(user) ?? 0) + 1);
      state.openTotal++;
    }
  },

  takeChanged,

  entry(state, key): CacheEntry | undefined {
    if (key === "r.realm") return { key, value: JSON.stringify(state.rules!) };
    if (key === "r.week") return { key, value: JSON.stringify(state.week) };
    if (key === "r.shadow") return { key, value: shadowText(state.shadow) };
    if (key.startsWith(COMMANDS)) return commandsEntry(state, key);
    const value = shelfOf(state, key)?.text(key.slice(2));
    if (value === undefined) return undefined;
    const coldAtMs = coldAtOf(value);
    if (coldAtMs === 0) return { key, value };
    const ttlSeconds = Math.ceil((Math.max(0, coldAtMs - state.nowMs) + TTL_SLACK_MS) / 1_000);
    return { key, value, ttlSeconds };
  },
};
