/** Fronts: where a faction's players push, given the map and who controls what. Pure. */
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import { byCodeUnit, sortedKeys } from "../../../shared/exact/integers.ts";
import type { Chance } from "./chance.ts";

/** Controller by territory; a territory that nobody controls is absent. */
export type Controllers = ReadonlyMap<string, string>;

export type Front = { territory: string; relic?: { id: string; territory: string } };

export function controllersOf(territories: Record<string, { controller?: string | undefined }>): Controllers {
  const controllers = new Map<string, string>();
  for (const [id, { controller }] of Object.entries(territories))
    if (controller !== undefined) controllers.set(id, controller);
  return controllers;
}

/** The map at the start of a season. */
export const firstControllers = (ruleset: Ruleset): Controllers => controllersOf(ruleset.territories);

/**
 * A place to push: usually a foreign territory beside the faction's own land, sometimes its own border. A devoted player
 * goes where the faction's objective is, its most valuable front. A faction without any land pushes anywhere.
 */
export function chooseFront(
  ruleset: Ruleset,
  controllers: Controllers,
  factionId: string,
  devoted: boolean,
  chance: Chance,
): Front {
  const { territories } = ruleset;
  const ids = sortedKeys(territories);
  const own = (id: string) => controllers.get(id) === factionId;
  const besideOwn = ids.filter((id) => !own(id) && territories[id]!.adjacent.some(own));
  const foreign = besideOwn.length > 0 ? besideOwn : ids.filter((id) => !own(id));
  const border = ids.filter((id) => own(id) && !territories[id]!.adjacent.every(own));
  const fronts = foreign.length > 0 ? foreign : ids;

  const defends = chance.happens(devoted ? 500 : 2_500) && border.length > 0;
  const objective = fronts.reduce((best, id) =>
    territories[id]!.strategic_value > territories[best]!.strategic_value ? id : best,
  );
  const territory = defends
    ? chance.pick(border)
    : devoted && chance.happens(8_500)
      ? objective
      : chance.pick(fronts);

  const relics = Object.entries(ruleset.relics)
    .map(([id, relic]) => ({ id, territory: relic.territory }))
    .sort((a, b) => byCodeUnit(a.id, b.id));
  const within = relics.filter((relic) => own(relic.territory) || fronts.includes(relic.territory));
  if (relics.length === 0) return { territory };
  return { territory, relic: chance.pick(within.length > 0 ? within : relics) };
}
