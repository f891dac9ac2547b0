/**
 * Everything that a condition may look at, with its type. An absent id, such as the controller of open land, reads as
 * the empty string.
 */

import type { Ruleset } from "../contracts/ruleset.ts";
import { EFFECT_KINDS, isLasting, type Literal } from "../contracts/trigger.ts";
import type {
  CampaignState,
  EffectState,
  FactionState,
  PublicState,
  RelicState,
  TerritoryState,
} from "../contracts/world.ts";
import { find } from "../exact/by-id.ts";

/** `text` is missing for an integer; otherwise the literals that it can equal. */
export type Field<Subject> = { read: (subject: Subject) => Literal; text?: ReadonlySet<string> | "any" };
export type FieldAt<Subject> = (path: string) => Field<Subject> | undefined;

/** A thing of the world with its id. */
export type Item<State> = { id: string; state: State };

/** Looks a path up in a table whose keys the code wrote. */
const from =
  <Subject>(table: Record<string, Field<Subject>>): FieldAt<Subject> =>
  (path) =>
    find(table, path);

const setOf = (record: object, ...more: string[]) => new Set([...Object.keys(record), ...more]);

export const factionField = (rules: Ruleset): FieldAt<Item<FactionState>> =>
  from({
    id: { read: ({ id }) => id, text: setOf(rules.factions) },
    influence: { read: ({ state }) => state.influence },
    share_bp: { read: ({ state }) => state.share_bp },
    trend_bp: { read: ({ state }) => state.trend_bp },
  });

const stockField = (rules: Ruleset, resource: string): Field<Item<FactionState>> | undefined =>
  rules.resources.includes(resource) ? { read: ({ state }) => state.resources[resource]! } : undefined;

/** `control.<faction>` beside the table. */
export const territoryField = (rules: Ruleset): FieldAt<Item<TerritoryState>> => {
  const field = from<Item<TerritoryState>>({
    id: { read: ({ id }) => id, text: setOf(rules.territories) },
    controller: { read: ({ state }) => state.controller ?? "", text: setOf(rules.factions, "") },
    instability: { read: ({ state }) => state.instability },
    strategic_value: { read: ({ state }) => state.strategic_value },
    contested: { read: ({ state }) => state.contested },
    last_changed_tick: { read: ({ state }) => state.last_changed_tick },
  });
  return (path) => {
    const [head, faction, ...rest] = path.split(".");
    if (head !== "control" || faction === undefined || rest.length > 0) return field(path);
    if (!Object.hasOwn(rules.factions, faction)) return undefined;
    return { read: ({ state }) => state.control[faction]! };
  };
};

export const relicField = (rules: Ruleset): FieldAt<Item<RelicState>> =>
  from({
    id: { read: ({ id }) => id, text: setOf(rules.relics) },
    territory: { read: ({ state }) => state.territory, text: setOf(rules.territories) },
    holder: { read: ({ state }) => state.holder ?? "", text: setOf(rules.factions, "") },
    contested: { read: ({ state }) => state.contested },
  });

export const effectField = (): FieldAt<Item<EffectState>> =>
  from({
    id: { read: ({ id }) => id, text: "any" },
    kind: { read: ({ state }) => state.kind, text: new Set(EFFECT_KINDS.filter(isLasting)) },
    source: { read: ({ state }) => state.source, text: "any" },
    faction: { read: ({ state }) => state.faction ?? "", text: "any" },
    territory: { read: ({ state }) => state.territory ?? "", text: "any" },
    name: { read: ({ state }) => state.name ?? "", text: "any" },
    add: { read: ({ state }) => state.add ?? 0 },
    until_tick: { read: ({ state }) => state.until_tick },
  });

export const campaignField = (): FieldAt<Item<CampaignState>> =>
  from({
    id: { read: ({ id }) => id, text: "any" },
    goal: { read: ({ state }) => state.goal },
    points: { read: ({ state }) => state.points },
    contributors: { read: ({ state }) => state.contributors },
    min_contributors: { read: ({ state }) => state.min_contributors },
    faction: { read: ({ state }) => state.faction ?? "", text: "any" },
    stage: { read: ({ state }) => state.stage },
    until_tick: { read: ({ state }) => state.until_tick },
  });

const realmField = from<PublicState>({
  "realm.season": { read: ({ season }) => season },
  "realm.tick": { read: ({ tick }) => tick },
  "meter.tension": { read: ({ meters }) => meters.global_tension },
  "meter.catastrophe": { read: ({ meters }) => meters.catastrophe_meter },
});

/**
 * `realm.<field>`, `meter.<name>`, `faction.<id>.<field>`, `territory.<id>.<field>`, `relic.<id>.<field>`,
 * `control.<territory>.<faction>` (basis points) and `resource.<faction>.<resource>` (thousandths).
 */
export function worldField(rules: Ruleset): FieldAt<PublicState> {
  return (path) => {
    const [head, id, name, ...rest] = path.split(".");
    if (id === undefined || name === undefined || rest.length > 0) return realmField(path);
    switch (head) {
      case "faction":
        return within(rules.factions, id, factionField(rules)(name), (world) => world.factions);
      case "territory":
        return within(rules.territories, id, territoryField(rules)(name), (world) => world.territories);
      case "control":
        return within(
          rules.territories,
          id,
          territoryField(rules)(`control.${name}`),
          (world) => world.territories,
        );
      case "relic":
        return within(rules.relics, id, relicField(rules)(name), (world) => world.relics);
      case "resource":
        return within(rules.factions, id, stockField(rules, name), (world) => world.factions);
      default:
        return undefined;
    }
  };
}

/** The field of one thing, if the ruleset has that thing: then every state under it has it too. */
function within<State>(
  known: object,
  id: string,
  field: Field<Item<State>> | undefined,
  all: (world: PublicState) => Record<string, State>,
): Field<PublicState> | undefined {
  if (field === undefined || !Object.hasOwn(known, id)) return undefined;
  return { ...field, read: (world) => field.read({ id, state: all(world)[id]! }) };
}
