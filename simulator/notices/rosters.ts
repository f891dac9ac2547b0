/**
 * Rosters: who worked towards what may soon happen to a territory or a relic. A tick sees its own users alone; the rosters,
 * part of the private state, remember those of the ticks before. They change nothing in the world.
 */

import type { Happening, PublicState, Roster, Rosters } from "../../shared/contracts/world.ts";
import { type ById, entries, find } from "../../shared/exact/by-id.ts";
import { sortedKeys } from "../../shared/exact/integers.ts";
import { runningOf } from "../commands/campaigns.ts";
import type { WorldCommand } from "../steps/fold.ts";
import { gatherActions } from "./action-rosters.ts";
import { NO_ROSTERS, rosterOf } from "./roster.ts";
import { gatherTriggers, liftedOf, strifeOf, type Turned } from "./trigger-rosters.ts";
import { named, type UserContributions } from "./user-contributions.ts";

/** Users whom a faction's own roster remembers: all of those are told how a season ended. */
const FACTION_USERS = 512;
/** What a push loses with each tick, however late. A claim fades as the relic's own claims do; a campaign's points don't. */
const PUSH_DECAY_BP = 100;

/** The rosters with a tick's users added to what faded since the last one. */
export function gatherRosters(
  turned: Turned,
  commands: readonly WorldCommand[],
  happenings: readonly Happening[],
): Rosters {
  const { influenced } = turned;
  const { public: world, private: privateState } = turned.before;
  const rules = privateState.ruleset;
  const held = withoutCorrected(privateState.rosters ?? NO_ROSTERS, happenings);
  const byFaction = (
    known: ById<Roster>,
    decayBp: number,
    brought: (people: UserContributions) => ReadonlyMap<number, number> | undefined,
  ): ById<Roster> =>
    filled(rules.factions, (faction) => {
      const people = influenced.crowd.get(faction);
      const came = people === undefined ? [] : named(people, brought(people));
      return rosterOf(find(known, faction) ?? {}, came, decayBp);
    });
  const gathered = {
    territories: filled(rules.territories, (id) =>
      byFaction(find(held.territories, id) ?? {}, PUSH_DECAY_BP, ({ pushes }) => pushes.get(id)),
    ),
    relics: filled(rules.relics, (id) =>
      byFaction(find(held.relics, id) ?? {}, rules.claims.decay_bp, ({ claims }) => claims.get(id)),
    ),
    campaigns: filled(world.campaigns, (id) => {
      const opened = runningOf(privateState)[id]!.opened_tick === world.tick;
      const came = [...(influenced.campaigns.get(id)?.users ?? [])];
      return rosterOf(
        opened ? {} : (find(held.campaigns, id) ?? {}),
        came.map(([user, { points }]) => [user, points]),
        0,
      );
    }),
    actions: gatherActions(held.actions, commands, happenings),
    factions: filled(rules.factions, (id) => {
      const people = influenced.crowd.get(id);
      const came =
        people?.names.map((user, number): [string, number] => [user, people.applied[number]!]) ?? [];
      return rosterOf(find(held.factions, id) ?? {}, came, rules.influence.decay_bp, FACTION_USERS);
    }),
    holders: Object.fromEntries(
      entries(held.holders).filter(([id, { faction }]) => find(world.relics, id)?.holder === faction),
    ),
    strife: rosterOf(
      held.strife,
      strifeOf(influenced.crowd, turned.after),
      rules.contest.instability_decay_bp,
    ),
    lifted: liftedOf(held.lifted, turned),
  };
  return { ...gathered, triggers: gatherTriggers(held.triggers, turned, gathered) };
}

/** What is made of each id, in code-unit order, without what is empty. */
function filled<Value extends object>(ids: object, make: (id: string) => Value): ById<Value> {
  const made = sortedKeys(ids).map((id): [string, Value] => [id, make(id)]);
  return Object.fromEntries(made.filter(([, value]) => sortedKeys(value).length > 0));
}

/** What a game master set right at a place isn't the feat of those who acted there before. */
export function withoutCorrected(rosters: Rosters, happenings: readonly Happening[]): Rosters {
  const territories = new Set<string>();
  const relics = new Set<string>();
  for (const each of happenings) {
    if (each.kind !== "correct") continue;
    if ("territory" in each.of) territories.add(each.of.territory);
    if ("relic" in each.of) relics.add(each.of.relic);
  }
  return {
    ...rosters,
    territories: without(rosters.territories, territories),
    relics: without(rosters.relics, relics),
  };
}

const without = <Value>(record: ById<Value>, ids: ReadonlySet<string>): ById<Value> =>
  Object.fromEntries(entries(record).filter(([id]) => !ids.has(id)));

/**
 * What led to a flip, a capture or a trigger is told and forgotten, an action with its end; who captured a relic is remembered until
 * it is lost. `open`: the actions after the tick.
 */
export function clearedRosters(
  rosters: Rosters,
  happenings: readonly Happening[],
  open: PublicState["actions"],
): { rosters?: Rosters } {
  const territories = new Map(entries(rosters.territories));
  const relics = new Map(entries(rosters.relics));
  const holders = new Map(entries(rosters.holders));
  const triggers = new Map(entries(rosters.triggers));
  for (const each of happenings) {
    if (each.kind === "flip") territories.delete(each.territory);
    if (each.kind === "trigger" && triggers.has(each.key)) triggers.set(each.key, {});
    if (each.kind !== "capture") continue;
    const { relic, faction } = each;
    const users = find(relics.get(relic) ?? {}, faction);
    relics.delete(relic);
    if (users === undefined) holders.delete(relic);
    else holders.set(relic, { faction, users });
  }
  const left: Rosters = {
    ...rosters,
    territories: Object.fromEntries(territories),
    relics: Object.fromEntries(relics),
    holders: Object.fromEntries(holders),
    triggers: Object.fromEntries(triggers),
    actions: Object.fromEntries(
      entries(rosters.actions).filter(([id]) => find(open, id)?.status === "proposed"),
    ),
  };
  return Object.values(left).every((each) => sortedKeys(each).length === 0) ? {} : { rosters: left };
}
