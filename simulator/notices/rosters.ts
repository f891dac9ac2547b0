/**
 * Rosters: who worked towards what may soon happen to a territory or a relic. A tick sees its own users alone; the rosters,
 * part of the private state, remember those of the ticks before. They change nothing in the world.
 */

import type { Happening, PublicState, Roster, Rosters, WorldState } from "../../shared/contracts/world.ts";
import { type ById, find } from "../../shared/exact/by-id.ts";
import { byCodeUnit, mul, sortedKeys } from "../../shared/exact/integers.ts";
import { runningOf } from "../commands/campaigns.ts";
import type { WorldCommand } from "../steps/fold.ts";
import type { Influenced } from "../steps/influence.ts";
import { gatherActions } from "./action-rosters.ts";
import { topN } from "./top-n.ts";
import { named, type UserContributions } from "./user-contributions.ts";

/** Users on a roster. Whoever has the least gives way to a 65th with more; ties by id, the first stays. */
export const ROSTER_USERS = 64;
/** What a push loses with each tick, however late. A claim fades as the relic's own claims do; a campaign's points don't. */
const PUSH_DECAY_BP = 100;

/** The rosters with a tick's users added to what faded since the last one. `before`: the state at the tick's beginning. */
export function gatherRosters(
  { public: world, private: privateState }: WorldState,
  influenced: Influenced,
  commands: readonly WorldCommand[],
  happenings: readonly Happening[],
): Rosters {
  const rules = privateState.ruleset;
  const { territories = {}, relics = {}, campaigns = {}, actions = {} } = privateState.rosters ?? {};
  const byFaction = (
    held: ById<Roster>,
    decayBp: number,
    brought: (people: UserContributions) => ReadonlyMap<number, number> | undefined,
  ): ById<Roster> =>
    filled(rules.factions, (faction) => {
      const people = influenced.crowd.get(faction);
      const came = people === undefined ? [] : named(people, brought(people));
      return rosterOf(find(held, faction) ?? {}, came, decayBp);
    });
  return {
    territories: filled(rules.territories, (id) =>
      byFaction(find(territories, id) ?? {}, PUSH_DECAY_BP, ({ pushes }) => pushes.get(id)),
    ),
    relics: filled(rules.relics, (id) =>
      byFaction(find(relics, id) ?? {}, rules.claims.decay_bp, ({ claims }) => claims.get(id)),
    ),
    campaigns: filled(world.campaigns, (id) => {
      const opened = runningOf(privateState)[id]!.opened_tick === world.tick;
      const came = [...(influenced.campaigns.get(id)?.users ?? [])];
      const held = opened ? {} : (find(campaigns, id) ?? {});
      return rosterOf(
        held,
        came.map(([user, { points }]) => [user, points]),
        0,
      );
    }),
    actions: gatherActions(actions, commands, happenings),
  };
}

/** What is made of each id, in code-unit order, without what is empty. */
function filled<Value extends object>(ids: object, make: (id: string) => Value): ById<Value> {
  const made = sortedKeys(ids).map((id): [string, Value] => [id, make(id)]);
  return Object.fromEntries(made.filter(([, value]) => sortedKeys(value).length > 0));
}

function rosterOf(before: Roster, came: readonly [string, number][], decayBp: number): Roster {
  const points = new Map<string, number>();
  for (const user of Object.keys(before)) points.set(user, mul(before[user]!, 10_000 - decayBp));
  for (const [user, more] of came) points.set(user, (points.get(user) ?? 0) + more);
  return Object.fromEntries(topN(points, ROSTER_USERS).sort(([a], [b]) => byCodeUnit(a, b)));
}

/** What led to a flip or a capture is told and forgotten, an action with its end; `open`: those after the tick. */
export function clearedRosters(
  { territories, relics, campaigns, actions }: Rosters,
  happenings: readonly Happening[],
  open: PublicState["actions"],
): { rosters?: Rosters } {
  const reached = new Set<string>();
  for (const each of happenings) {
    if (each.kind === "flip") reached.add(`territory ${each.territory}`);
    if (each.kind === "capture") reached.add(`relic ${each.relic}`);
  }
  const left = (what: string, places: ById<ById<Roster>>) =>
    Object.fromEntries(Object.entries(places).filter(([place]) => !reached.has(`${what} ${place}`)));
  const rosters = {
    territories: left("territory", territories),
    relics: left("relic", relics),
    campaigns,
    actions: Object.fromEntries(
      Object.entries(actions).filter(([id]) => find(open, id)?.status === "proposed"),
    ),
  };
  return Object.values(rosters).every((places) => sortedKeys(places).length === 0) ? {} : { rosters };
}
