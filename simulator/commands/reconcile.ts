/**
 * A world under another ruleset. What stays keeps its state, what is new starts as the ruleset says, what is gone takes
 * along all that hung on it: effects, fronts, claims, actions and councils.
 */

import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { Happening, TerritoryState, WorldState } from "../../shared/contracts/world.ts";
import { type ById, entries, find, mapById } from "../../shared/exact/by-id.ts";
import { apportion } from "../../shared/exact/integers.ts";
import { calendarUnder } from "../../shared/world/calendar.ts";
import { newFaction, newRelic, newTerritory, newTrigger } from "../../shared/world/genesis.ts";
import { isAimed } from "../steps/effects.ts";
import { cancelOrphans } from "./cancel-orphans.ts";

export function reconcile(
  { public: world, private: privateState }: WorldState,
  version: number,
  rules: Ruleset,
): { state: WorldState; happenings: Happening[] } {
  const known = (faction: string | undefined): faction is string =>
    faction !== undefined && Object.hasOwn(rules.factions, faction);
  const effects = entries(world.effects);
  const gone = effects.filter(([, effect]) => !isAimed(effect, rules));
  const politics = cancelOrphans(
    {
      public: {
        ...world,
        ruleset_version: version,
        calendar: calendarUnder(world.calendar, privateState.ruleset, rules, world.tick + 1),
        factions: mapById(rules.factions, (_, id) => {
          const held = find(world.factions, id);
          if (held === undefined) return newFaction(rules);
          const stocks = newFaction(rules).resources;
          return {
            ...held,
            resources: mapById(stocks, (none, resource) => find(held.resources, resource) ?? none),
          };
        }),
        territories: mapById(rules.territories, (start, id) => {
          const held = find(world.territories, id);
          return held === undefined
            ? newTerritory(rules, start, world.tick + 1)
            : landOf(held, newTerritory(rules, start, held.last_changed_tick), known);
        }),
        relics: mapById(rules.relics, (start, id) => {
          const held = find(world.relics, id);
          if (held === undefined) return newRelic(start);
          return {
            ...newRelic(start),
            ...(known(held.holder) ? { holder: held.holder } : {}),
            contested: held.contested,
          };
        }),
        triggers: mapById(
          Object.fromEntries(rules.triggers.map(({ key }) => [key, newTrigger()])),
          (start, key) => find(world.triggers, key) ?? start,
        ),
        effects: Object.fromEntries(effects.filter(([, effect]) => isAimed(effect, rules))),
      },
      private: {
        ...privateState,
        ruleset: rules,
        fronts: mapById(rules.territories, (_, id) => {
          const front = find(privateState.fronts, id) ?? { streak: 0 };
          if (front.leader === undefined || known(front.leader)) return front;
          const { leader: _gone, ...rest } = front;
          return { ...rest, streak: 0 };
        }),
        claims: mapById(rules.relics, (_, id) => {
          const claim = find(privateState.claims, id) ?? { points: {} };
          return {
            ...claim,
            points: Object.fromEntries(entries(claim.points).filter(([faction]) => known(faction))),
          };
        }),
      },
    },
    rules,
  );
  return {
    state: politics.state,
    happenings: [
      { kind: "ruleset", version },
      ...gone.map(([id]): Happening => ({ kind: "effect_end", id })),
      ...politics.happenings,
    ],
  };
}

/**
 * A territory that stays: control is divided again among the factions that are left, in proportion to what they held;
 * where none of them held any, as at the start. A new faction starts without control here.
 */
function landOf(
  held: TerritoryState,
  start: TerritoryState,
  known: (faction: string | undefined) => faction is string,
): TerritoryState {
  const { controller, ...rest } = held;
  const left: ById<number> = mapById(start.control, (_, faction) => find(held.control, faction) ?? 0);
  const any = Object.values(left).some((control) => control > 0);
  const control = apportion(10_000, new Map(entries(any ? left : start.control)));
  return {
    ...rest,
    ...(known(controller) ? { controller } : {}),
    control: Object.fromEntries(control),
    strategic_value: start.strategic_value,
  };
}
