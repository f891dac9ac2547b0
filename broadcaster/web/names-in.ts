/** The names that the map of a realm tells. */
import { mapById } from "../../shared/exact/by-id.ts";
import type { RealmNames } from "../../shared/world/names.ts";
import type { RealmMap } from "./reads.ts";

export function namesIn(map: RealmMap): RealmNames {
  return {
    faction: named(map.factions),
    territory: Object.fromEntries(map.territories.map(({ id, name }) => [id, name])),
    relic: named(map.relics),
    resource: named(map.resources),
    trigger: named(map.triggers),
    campaign: named(map.campaigns),
    action: named(map.actions),
    style: named(map.styles),
    quest_pool: named(map.quest_pools),
  };
}

const named = (things: RealmMap["factions"]): RealmNames["faction"] => mapById(things, ({ name }) => name);
