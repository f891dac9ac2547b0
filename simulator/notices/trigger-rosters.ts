/**
 * Whose points brought a trigger about: those that moved what its condition reads, since its streak began or it fired last. A streak
 * that began without players, by a decree, a correction, a ruleset or the clock, has no roster.
 */

import type { Condition } from "../../shared/contracts/trigger.ts";
import type { PublicState, Roster, Rosters, WorldState } from "../../shared/contracts/world.ts";
import { find } from "../../shared/exact/by-id.ts";
import { clamp, mul } from "../../shared/exact/integers.ts";
import { resolveCondition } from "../../shared/world/conditions.ts";
import type { Influenced } from "../steps/influence.ts";
import { tensionTarget } from "../steps/meters.ts";
import { withoutAnyone } from "./leave-one-out.ts";
import { NO_ROSTERS, rosterOf } from "./roster.ts";
import { type Read, readsOf } from "./trigger-reads.ts";
import { named, type UserContributions } from "./user-contributions.ts";

/** A tick whose steps 4 to 6 are done. */
export type Turned = {
  /** As the tick before left it. */
  last: WorldState;
  /** As the contests found it: under this tick's rules and effects, before anything moved. */
  before: WorldState;
  influenced: Influenced;
  after: PublicState;
  /** What steps 4 to 6 make of other influence. */
  again: (influenced: Influenced) => { state: WorldState };
};

/** By trigger whose streak runs and began with players. `rosters`: with this tick's users. */
export function gatherTriggers(
  held: Rosters["triggers"],
  turned: Turned,
  rosters: Omit<Rosters, "triggers">,
): Rosters["triggers"] {
  const { after, before } = turned;
  const rules = before.private.ruleset;
  const gathered: [string, Roster][] = [];
  for (const { key, when } of rules.triggers) {
    const { streak } = after.triggers[key]!;
    if (streak === 0) continue;
    const isFirst = streak === 1;
    const known: Roster | undefined = isFirst ? {} : find(held, key);
    if (known === undefined) continue;
    const reads = readsOf(when, after, rules);
    const moved = reads.flatMap((read) => sourcesOf(read, after));
    const sources = [...new Map(moved.map((each) => [keyOf(each), each])).values()];
    if (isFirst && beganWithoutPlayers(when, sources, turned, rosters.lifted)) continue;
    const came = sources.flatMap((source) =>
      isFirst && !source.onlyNow ? rememberedAt(source, rosters) : cameTo(source, turned),
    );
    gathered.push([key, rosterOf(known, came, 0)]);
  }
  return Object.fromEntries(gathered);
}

/** Whether a condition that begins to hold in this tick does so whatever players did. */
function beganWithoutPlayers(
  when: Condition,
  sources: readonly Source[],
  { before, influenced, after, again }: Turned,
  lifted: Rosters["lifted"],
): boolean {
  const rules = before.private.ruleset;
  const holds = resolveCondition(when, rules);
  // A command, an effect or a ruleset did it before any points counted.
  if (holds(before.public)) return true;
  // Nothing is remembered of the ticks before, and the points of this one didn't make the difference.
  const earlier = before.private.rosters ?? NO_ROSTERS;
  if (sources.every((source) => source.onlyNow || rememberedAt(source, earlier).length === 0))
    return holds(again(withoutAnyone(influenced, rules)).state.public);
  if (!sources.some(({ of }) => of === "strife")) return false;
  // Effects and commands raised a meter, and without that it would not hold.
  const { global_tension, catastrophe_meter } = after.meters;
  const unlifted = {
    global_tension: global_tension - (lifted.global_tension ?? 0),
    catastrophe_meter: catastrophe_meter - (lifted.catastrophe_meter ?? 0),
  };
  if (!holds({ ...after, meters: unlifted })) return true;
  // Shares that lie close together make a tension of their own, which rises on quiet land too.
  const quiet = Object.values(after.territories).map((land) => ({ ...land, instability: 0 }));
  const quietTension = tensionTarget(quiet, Object.values(after.factions), rules);
  const calm = {
    global_tension: Math.min(global_tension, quietTension),
    catastrophe_meter: quietTension > rules.meters.catastrophe_from_bp ? catastrophe_meter : 0,
  };
  return holds({ ...after, meters: calm });
}

/** Where points were brought that moved something. `onlyNow`: what they moved is of this tick alone. */
type Source = {
  of: "faction" | "territory" | "relic" | "campaign" | "strife";
  id: string;
  faction: string;
  onlyNow: boolean;
};
const keyOf = ({ of, id, faction }: Source): string => `${of} ${id} ${faction}`;

function sourcesOf({ of, id, field, direction }: Read, world: PublicState): Source[] {
  const factions = Object.keys(world.factions);
  const at = (place: "territory" | "relic", whose: readonly string[], onlyNow = false): Source[] =>
    whose.map((faction) => ({ of: place, id, faction, onlyNow }));
  switch (of) {
    case "faction": {
      const rises = direction === "up";
      // Influence falls by itself; a share falls as others rise.
      const whose = rises ? [id] : field === "influence" ? [] : factions.filter((each) => each !== id);
      return field === "id" ? [] : whose.map((faction) => ({ of, id: faction, faction, onlyNow: true }));
    }
    case "territory": {
      const land = world.territories[id]!;
      if (field === "controller") return at(of, land.controller === undefined ? [] : [land.controller]);
      if (field.startsWith("control.")) {
        const whose = field.slice("control.".length);
        return at(of, direction === "up" ? [whose] : factions.filter((each) => each !== whose));
      }
      if (direction === "down") return [];
      if (field === "instability") return at(of, factions);
      if (field === "contested") return land.contested === 1 ? at(of, factions, true) : [];
      return field === "last_changed_tick" ? at(of, factions, true) : [];
    }
    case "relic": {
      const { holder, contested } = world.relics[id]!;
      if (field === "holder") return at(of, holder === undefined ? [] : [holder]);
      return field === "contested" && contested === 1 ? at(of, factions, true) : [];
    }
    case "campaign":
      return direction === "up" && CAMPAIGN_COUNTS.has(field)
        ? [{ of, id, faction: "", onlyNow: false }]
        : [];
    case "meter":
      return direction === "up" ? [{ of: "strife", id: "", faction: "", onlyNow: false }] : [];
    default:
      return of satisfies never;
  }
}
const CAMPAIGN_COUNTS: ReadonlySet<string> = new Set(["points", "contributors", "stage"]);

/** Milli-points that are remembered there, this tick's among them. */
function rememberedAt({ of, id, faction }: Source, rosters: Omit<Rosters, "triggers">): [string, number][] {
  const roster = () => {
    switch (of) {
      case "territory":
        return find(find(rosters.territories, id) ?? {}, faction);
      case "relic":
        return find(find(rosters.relics, id) ?? {}, faction);
      case "campaign":
        return find(rosters.campaigns, id);
      case "faction":
        return find(rosters.factions, faction);
      case "strife":
        return rosters.strife;
      default:
        return of satisfies never;
    }
  };
  return Object.entries(roster() ?? {});
}

/** Milli-points that this tick brought there. */
function cameTo({ of, id, faction }: Source, { influenced, after }: Turned): [string, number][] {
  const people = influenced.crowd.get(faction);
  switch (of) {
    case "faction":
      return people === undefined ? [] : people.names.map((user, number) => [user, people.applied[number]!]);
    case "territory":
      return people === undefined ? [] : named(people, people.pushes.get(id));
    case "relic":
      return people === undefined ? [] : named(people, people.claims.get(id));
    case "campaign":
      return [...(influenced.campaigns.get(id)?.users ?? [])].map(([user, { points }]) => [user, points]);
    case "strife":
      return strifeOf(influenced.crowd, after);
    default:
      return of satisfies never;
  }
}

/** What effects and commands added to the meters, this tick's with what is left of the ticks before. */
export function liftedOf(held: Rosters["lifted"], { last, before }: Turned): Rosters["lifted"] {
  const keptBp = 10_000 - before.private.ruleset.contest.instability_decay_bp;
  const meters = ["global_tension", "catastrophe_meter"] as const;
  const sums = meters.map((meter) => {
    const change = before.public.meters[meter] - last.public.meters[meter];
    return [meter, clamp(mul(held[meter] ?? 0, keptBp) + change, 0, 10_000)] as const;
  });
  return Object.fromEntries(sums.filter(([, added]) => added > 0));
}

/** What each user pushed and claimed where it made for unrest: where control moved, or where a contest was open. */
export function strifeOf(crowd: Influenced["crowd"], after: PublicState): [user: string, points: number][] {
  const isMoved = (id: string) => {
    const land = find(after.territories, id);
    return land !== undefined && (land.contested === 1 || land.last_changed_tick === after.tick);
  };
  const isContested = (id: string) => find(after.relics, id)?.contested === 1;
  const at = (
    people: UserContributions,
    places: UserContributions["pushes"],
    counts: (id: string) => boolean,
  ) => [...places].flatMap(([id, amounts]) => (counts(id) ? named(people, amounts) : []));
  return [...crowd.values()].flatMap((people) => [
    ...at(people, people.pushes, isMoved),
    ...at(people, people.claims, isContested),
  ]);
}
