/**
 * Leave-one-out: a tick as if one user had brought nothing. What the burst cap left to everyone else stays as it was, so
 * where the cap cut nothing this is the tick that there would have been.
 */

import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { entries, mapById } from "../../shared/exact/by-id.ts";
import { type Influenced, type PointsByPlace, withInfluence } from "../steps/influence.ts";

/** What step 3 would have handed on without the user. */
export function withoutUser(influenced: Influenced, user: string, rules: Ruleset): Influenced {
  const influence = new Map(entries(influenced.factions).map(([id, faction]) => [id, faction.influence]));
  let pushes = influenced.pushes;
  let claims = influenced.claims;
  for (const [faction, people] of influenced.crowd) {
    const number = people.numbers.get(user);
    if (number === undefined) continue;
    influence.set(faction, influence.get(faction)! - people.applied[number]!);
    pushes = less(pushes, faction, number, people.pushes);
    claims = less(claims, faction, number, people.claims);
  }
  const campaigns = new Map(
    [...influenced.campaigns].map(([id, { points, firsts, users }]) => {
      const own = users.get(user) ?? { points: 0, firsts: 0 };
      return [id, { points: points - own.points, firsts: firsts - own.firsts, users }];
    }),
  );
  const factions = withInfluence(beforeInfluence(influenced), influence, rules);
  return { ...influenced, factions, pushes, claims, campaigns };
}

/** What step 3 would have handed on without anybody. */
export function withoutAnyone(influenced: Influenced, rules: Ruleset): Influenced {
  const influence = new Map(
    entries(influenced.factions).map(([id, faction]) => {
      const applied = [...(influenced.crowd.get(id)?.applied ?? [])];
      return [id, applied.reduce((held, points) => held - points, faction.influence)];
    }),
  );
  return {
    ...influenced,
    factions: withInfluence(beforeInfluence(influenced), influence, rules),
    pushes: new Map(),
    claims: new Map(),
    campaigns: new Map(),
  };
}

/** The factions with the shares of the tick before, so that trends are told from there. */
const beforeInfluence = ({ factions }: Influenced): Influenced["factions"] =>
  mapById(factions, (faction) => ({ ...faction, share_bp: faction.share_bp - faction.trend_bp }));

function less(
  pressure: PointsByPlace,
  faction: string,
  user: number,
  amounts: ReadonlyMap<string, ReadonlyMap<number, number>>,
): PointsByPlace {
  const rest = new Map(pressure);
  for (const [place, byUser] of amounts) {
    const amount = byUser.get(user);
    if (amount === undefined) continue;
    const held = rest.get(place)!;
    rest.set(place, new Map(held).set(faction, held.get(faction)! - amount));
  }
  return rest;
}
