/** The map of a realm: neighbours and places, and what players call things. It comes from the ruleset and from the campaigns that run. */
import { z } from "zod";
import { Id } from "../../shared/contracts/ids.ts";
import type { PublicState } from "../../shared/contracts/public-state.ts";
import { Point, type Ruleset } from "../../shared/contracts/ruleset.ts";
import { type Language, type Name, Title } from "../../shared/contracts/text.ts";
import { type ById, mapById } from "../../shared/exact/by-id.ts";
import { nameFor } from "../../shared/world/name-for.ts";
import { namesOf } from "../../shared/world/names.ts";

const Shown = Title.describe("As the ruleset has it; with `?lang=` text of that language");
const named = z.record(Id, z.strictObject({ name: Shown }));

export const RealmMap = z.strictObject({
  factions: named,
  /** In the ruleset's order, which is the order around the wheel. */
  territories: z.array(
    z.strictObject({
      id: Id,
      name: Shown,
      at: Point.exactOptional(),
      shape: z.array(Point).exactOptional(),
      adjacent: z.array(Id),
    }),
  ),
  relics: named,
  resources: named,
  triggers: named,
  campaigns: named,
  actions: named,
  styles: named,
  quest_pools: named,
});
export type RealmMap = z.infer<typeof RealmMap>;

/** `lang`: names are texts of that language; absent: as the ruleset has them. */
export function mapOf(rules: Ruleset, campaigns: PublicState["campaigns"], lang?: Language): RealmMap {
  const shown = (name: Name): Name => (lang === undefined ? name : nameFor(name, lang));
  const named = (names: ById<Name>) => mapById(names, (name) => ({ name: shown(name) }));
  const names = namesOf(rules, campaigns);
  return {
    factions: named(names.faction),
    territories: Object.entries(rules.territories).map(([id, { name, at, shape, adjacent }]) => ({
      id,
      name: shown(name),
      ...(at === undefined ? {} : { at }),
      ...(shape === undefined ? {} : { shape }),
      adjacent,
    })),
    relics: named(names.relic),
    resources: named(names.resource),
    triggers: named(names.trigger),
    campaigns: named(names.campaign),
    actions: named(names.action),
    styles: named(names.style),
    quest_pools: named(names.quest_pool),
  };
}
