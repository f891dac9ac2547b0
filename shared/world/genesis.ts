/** The start of a realm: its state of tick 0, and how anything starts that a ruleset names. */

import type { Ruleset } from "../contracts/ruleset.ts";
import type {
  FactionState,
  RelicState,
  TerritoryState,
  TickRecord,
  TriggerState,
  WorldSnapshot,
  WorldState,
} from "../contracts/world.ts";
import { mapById } from "../exact/by-id.ts";
import { apportion, sortedKeys } from "../exact/integers.ts";
import { calendarFrom } from "./calendar.ts";
import { NO_HASH, seal } from "./chain.ts";

/** A faction without influence or stock; its share follows from the prior. */
export const newFaction = (rules: Ruleset): FactionState => ({
  influence: 0,
  share_bp: 0,
  trend_bp: 0,
  resources: Object.fromEntries([...rules.resources].sort().map((id) => [id, 0])),
  modifiers: {},
});

/** A territory under its first control; every faction has an entry, also one without any control. */
export const newTerritory = (
  rules: Ruleset,
  start: Ruleset["territories"][string],
  tick: number,
): TerritoryState => ({
  ...(start.controller === undefined ? {} : { controller: start.controller }),
  control: mapById(rules.factions, (_, id) => (Object.hasOwn(start.control, id) ? start.control[id]! : 0)),
  instability: 0,
  strategic_value: start.strategic_value,
  contested: 0,
  last_changed_tick: tick,
});

export const newRelic = (start: Ruleset["relics"][string]): RelicState => ({
  territory: start.territory,
  contested: 0,
});

export const newTrigger = (): TriggerState => ({ armed: 1, streak: 0 });

/**
 * State, record and snapshot of tick 0. `at`: RFC 3339 with milliseconds. `throughSeq`: the EVENTS sequence that the first
 * tick starts after; the command that carries the first ruleset may lie behind it, since its version is known already.
 */
export function genesis(
  realm: string,
  ruleset: Ruleset,
  at: string,
  rulesetVersion = 1,
  throughSeq = 0,
): { state: WorldState; record: TickRecord; snapshot: WorldSnapshot } {
  const shares = apportion(10_000, new Map(sortedKeys(ruleset.factions).map((id) => [id, 1])));
  const state: WorldState = {
    public: {
      realm,
      season: 1,
      calendar: calendarFrom(0, ruleset),
      status: "active",
      tick: 0,
      at,
      ruleset_version: rulesetVersion,
      factions: mapById(ruleset.factions, (_, id) => ({ ...newFaction(ruleset), share_bp: shares.get(id)! })),
      territories: mapById(ruleset.territories, (start) => newTerritory(ruleset, start, 0)),
      relics: mapById(ruleset.relics, newRelic),
      meters: { global_tension: 0, catastrophe_meter: 0 },
      triggers: Object.fromEntries(
        ruleset.triggers
          .map(({ key }) => key)
          .sort()
          .map((key) => [key, newTrigger()]),
      ),
      effects: {},
      actions: {},
      campaigns: {},
      councils: {},
    },
    private: {
      ruleset,
      fronts: mapById(ruleset.territories, () => ({ streak: 0 })),
      claims: mapById(ruleset.relics, () => ({ points: {} })),
      manual_ticks: [],
      starting: [],
    },
  };
  const from_seq = Math.min(1, throughSeq);
  const sealed = seal(state, {
    kind: "genesis",
    from_seq,
    through_seq: throughSeq,
    factions: {},
    events: [],
    prev_hash: NO_HASH,
  });
  return { state, ...sealed };
}
