/**
 * Rosters: who worked towards what may soon happen to a territory or a relic. A tick sees its own users alone; the rosters,
 * part of the private state, remember those of the ticks before. They change nothing in the world.
 */
import { type ById, find } from "../shared/by-id.ts";
import type { Ruleset } from "../shared/contracts/ruleset.ts";
import type { Happening, Roster, Rosters } from "../shared/contracts/world.ts";
import { byCodeUnit, mul, sortedKeys } from "../shared/integers.ts";
import { largest } from "./largest.ts";
import { type Crowd, named, type People } from "./people.ts";

/** Users on a roster. Whoever has the least gives way to a 65th with more; ties by id, the first stays. */
export const ROSTER_USERS = 64;
/** What a push loses with each tick, however late the tick is. A claim fades as the relic's own claim does. */
const PUSH_DECAY_BP = 100;

/** The rosters with a tick's users added to what faded since the last one. */
export function gatherRosters(before: Rosters, crowd: Crowd, rules: Ruleset): Rosters {
  const gathered = (
    places: object,
    held: ById<ById<Roster>>,
    decayBp: number,
    brought: (people: People) => ReadonlyMap<string, ReadonlyMap<number, number>>,
  ): ById<ById<Roster>> => {
    const all = sortedKeys(places).map((place): [string, ById<Roster>] => {
      const rosters = sortedKeys(rules.factions).map((faction): [string, Roster] => {
        const people = crowd.get(faction);
        const came = people === undefined ? [] : named(people, brought(people).get(place));
        return [faction, rosterOf(find(find(held, place) ?? {}, faction) ?? {}, came, decayBp)];
      });
      return [place, Object.fromEntries(rosters.filter(([, roster]) => sortedKeys(roster).length > 0))];
    });
    return Object.fromEntries(all.filter(([, rosters]) => sortedKeys(rosters).length > 0));
  };
  return {
    territories: gathered(rules.territories, before.territories, PUSH_DECAY_BP, ({ pushes }) => pushes),
    relics: gathered(rules.relics, before.relics, rules.claims.decay_bp, ({ claims }) => claims),
  };
}

function rosterOf(before: Roster, came: readonly [string, number][], decayBp: number): Roster {
  const points = new Map<string, number>();
  for (const user of Object.keys(before)) points.set(user, mul(before[user]!, 10_000 - decayBp));
  for (const [user, more] of came) points.set(user, (points.get(user) ?? 0) + more);
  return Object.fromEntries(largest(points, ROSTER_USERS).sort(([a], [b]) => byCodeUnit(a, b)));
}

/** What led to a flip or a capture is told and forgotten. */
export function clearedRosters({ territories, relics }: Rosters, happenings: readonly Happening[]): Rosters {
  const reached = new Set<string>();
  for (const each of happenings) {
    if (each.kind === "flip") reached.add(`territory ${each.territory}`);
    if (each.kind === "capture") reached.add(`relic ${each.relic}`);
  }
  const left = (what: string, places: ById<ById<Roster>>) =>
    Object.fromEntries(Object.entries(places).filter(([place]) => !reached.has(`${what} ${place}`)));
  return { territories: left("territory", territories), relics: left("relic", relics) };
}
