/** Outcomes of a tick that players bring about, each with who worked towards it and whether it needed one of them. */

import { ACTION_RESULTS, type ActionResult } from "../../shared/contracts/notice.ts";
import { sovereignRules } from "../../shared/contracts/politics.ts";
import type { ActionRoster, Happening, Roster, Rosters } from "../../shared/contracts/world.ts";
import { find } from "../../shared/exact/by-id.ts";
import { countCampaigns } from "../commands/campaigns.ts";
import { clockworkOf } from "../steps/elapsed.ts";
import type { Influenced } from "../steps/influence.ts";
import { resolveRelics } from "../steps/relics.ts";
import { resolveTerritory } from "../steps/territories.ts";
import { withoutUser } from "./leave-one-out.ts";
import { NO_ROSTERS, ROSTER_USERS } from "./roster.ts";
import { topN } from "./top-n.ts";
import type { Turned } from "./trigger-rosters.ts";
import { named, type UserContributions } from "./user-contributions.ts";

/** What a tick brought, as far as players are told of it. */
export type Resolving = Pick<Turned, "last" | "before" | "influenced"> & {
  happenings: readonly Happening[];
  /** With this tick's users, nothing cleared yet. */
  rosters: Rosters;
  /** What steps 4 to 6 make of other influence. */
  again: (influenced: Influenced) => readonly Happening[];
};

/** Players are told what came about; its cause is in the public log. */
type Uncaused<Caused> = Omit<Caused, "cause">;
const uncaused = <Caused extends { cause?: unknown }>({ cause: _, ...what }: Caused): Uncaused<Caused> =>
  what;

type Told =
  | Flip
  | Trigger
  | (Capture & { from?: string })
  | Campaign
  | { kind: "season"; season: number; faction: string; rank: number }
  | (Result & Pick<ActionRoster, "action_type" | "faction">);

export type Outcome = {
  what: Told;
  /** Of everyone who worked towards it. */
  rosters: readonly Roster[];
  /** Of those who lose by it what they had worked for. */
  losers?: readonly Roster[];
  /** It concerns everybody on the rosters, however small a part they had. */
  isForAll?: true;
  /** Who had a hand in it in this very tick, at most 64 of those with the most points. */
  acted: readonly string[];
  /** Whether it comes about without one user's points. */
  holdsWithout: (user: string) => boolean;
};

/** In the order in which they happened. */
export const outcomesOf = (resolving: Resolving): Outcome[] =>
  resolving.happenings.flatMap((happening) => {
    switch (happening.kind) {
      case "flip":
        return [flip(uncaused(happening), resolving)];
      case "capture":
        return [capture(uncaused(happening), resolving)];
      case "campaign":
        return campaign(happening, resolving);
      case "action":
        return isResult(happening) ? action(happening, resolving) : [];
      case "trigger":
        return [trigger(uncaused(happening), resolving)];
      case "season":
        return happening.step === "close" ? season(happening, resolving) : [];
      // No player's feat.
      case "effect_start":
      case "effect_end":
      case "effect_refused":
      case "council":
      case "resource":
      case "correct":
      case "void":
      case "restore":
      case "ban":
      case "unban":
      case "decree":
      case "refused":
      case "status":
      case "ruleset":
        return [];
      default:
        return happening satisfies never;
    }
  });

type Flip = Uncaused<Extract<Happening, { kind: "flip" }>>;
type Capture = Uncaused<Extract<Happening, { kind: "capture" }>>;
type Campaign = Extract<Happening, { kind: "campaign" }>;
type SeasonEnd = Extract<Happening, { kind: "season"; step: "close" }>;
type Result = Extract<Happening, { kind: "action" }> & { status: ActionResult };
type Trigger = Uncaused<Extract<Happening, { kind: "trigger" }>>;

function flip(what: Flip, resolving: Resolving): Outcome {
  const { territory, from, to } = what;
  return {
    what,
    rosters: rosterAt(resolving.rosters.territories, territory, to),
    losers: from === undefined ? [] : rosterAt(resolving.rosters.territories, territory, from),
    acted: actors(resolving.influenced.crowd.get(to), ({ pushes }) => pushes.get(territory)),
    holdsWithout: (user) => territoryWithout(user, territory, resolving).flip?.to === to,
  };
}

function capture(what: Capture, resolving: Resolving): Outcome {
  const { relic: id, faction } = what;
  const { before, influenced } = resolving;
  const relic = before.public.relics[id]!;
  const rules = before.private.ruleset;
  const { holder } = relic;
  const holders = find(resolving.rosters.holders, id);
  return {
    what: { ...what, ...(holder === undefined ? {} : { from: holder }) },
    rosters: rosterAt(resolving.rosters.relics, id, faction),
    losers:
      holder === undefined
        ? []
        : [
            ...rosterAt(resolving.rosters.relics, id, holder),
            ...(holders?.faction === holder ? [holders.users] : []),
          ],
    acted: actors(influenced.crowd.get(faction), ({ claims }) => claims.get(id)),
    holdsWithout: (user) => {
      const { factions, claims } = withoutUser(influenced, user, rules);
      const land = { [relic.territory]: territoryWithout(user, relic.territory, resolving).state };
      const held = { relics: { [id]: relic }, claims: { [id]: before.private.claims[id]! } };
      const { happenings } = resolveRelics(held, land, factions, claims, clockworkOf(before), rules);
      return happenings.some((each) => each.kind === "capture" && each.faction === faction);
    },
  };
}

/** The last stage that a tick reaches, or how the campaign ends with it. An opening is no player's feat. */
function campaign(
  happening: Campaign,
  { last, before, influenced, rosters, happenings }: Resolving,
): Outcome[] {
  const { id, stage } = happening;
  const of = happenings.filter((each) => each.kind === "campaign" && each.id === id && each.stage !== 0);
  if (of.at(-1) !== happening) return [];
  // A campaign that ended before the tick's points counted is in the state of the tick before only.
  const roster = find(rosters.campaigns, id) ?? find(last.private.rosters?.campaigns ?? {}, id);
  const came = [...(influenced.campaigns.get(id)?.users ?? [])];
  // No player's points make it end otherwise.
  const acted =
    stage === "lost" || stage === "closed"
      ? []
      : topN(
          came.map(([user, { points }]) => [user, points]),
          ROSTER_USERS,
        );
  return [
    {
      what: happening,
      rosters: roster === undefined ? [] : [roster],
      acted: acted.map(([user]) => user),
      holdsWithout: (user) => {
        const left = withoutUser(influenced, user, before.private.ruleset);
        const { happenings: without } = countCampaigns(before, left);
        return without.some((each) => each.kind === "campaign" && each.id === id && each.stage === stage);
      },
    },
  ];
}

/** For everybody who is remembered of the season's factions. Where the next one begins with the same tick, its points are not of this one. */
function season({ season: number, results }: SeasonEnd, { last, rosters, happenings }: Resolving): Outcome[] {
  const isOver = happenings.some((each) => each.kind === "season" && each.step === "open");
  const { factions } = isOver ? (last.private.rosters ?? NO_ROSTERS) : rosters;
  return results.standings.flatMap(({ faction }, i) => {
    const roster = find(factions, faction);
    if (roster === undefined) return [];
    const what = { kind: "season" as const, season: number, faction, rank: i + 1 };
    return [{ what, rosters: [roster], isForAll: true as const, acted: [], holdsWithout: () => true }];
  });
}

const RESULTS: ReadonlySet<string> = new Set<string>(ACTION_RESULTS);
const isResult = (action: Extract<Happening, { kind: "action" }>): action is Result =>
  RESULTS.has(action.status);

/**
 * The result of a sovereign action, for who proposed it and for who staked against it. Without its proposer there had been
 * none; a counter needs those without whose stakes it would not have been enough. A cancelled one may be gone with its faction
 * or its season; nobody's stake decided that, and those on its roster hear of it.
 */
function action(result: Result, { last, before, happenings, rosters }: Resolving): Outcome[] {
  const roster = find(rosters.actions, result.id);
  if (roster === undefined) return [];
  const { action_type, faction, proposed, opposed } = roster;
  const what = { ...result, action_type, faction };
  const cost = find(before.public.actions, what.id)?.cost ?? 0;
  const { counter_bp } = sovereignRules(before.private.ruleset);
  const former = Object.values(find(last.private.escrow ?? {}, what.id)?.stakes ?? {});
  const anew = happenings.flatMap((each) =>
    each.kind === "action" && each.id === what.id && each.status === "opposed" ? [each.stake] : [],
  );
  const staked = [...former, ...anew].reduce((sum, stake) => sum + stake, 0);
  const ofProposer = {
    what,
    rosters: [proposed],
    acted: what.status === "resolved" ? Object.keys(proposed) : [],
    holdsWithout: () => false,
  };
  const ofOpponents = {
    what,
    rosters: [opposed],
    acted: what.status === "countered" ? Object.keys(opposed) : [],
    holdsWithout: (user: string) => (staked - opposed[user]!) * 10_000 >= cost * counter_bp,
  };
  return [ofProposer, ofOpponents];
}

/** Any user's points may have moved what a condition looks at, so the whole world is resolved again. */
function trigger(what: Trigger, resolving: Resolving): Outcome {
  const { before, influenced, again } = resolving;
  const rules = before.private.ruleset;
  const roster = find(resolving.rosters.triggers, what.key);
  return {
    what,
    rosters: roster === undefined ? [] : [roster],
    acted: everybody(influenced),
    holdsWithout: (user) =>
      again(withoutUser(influenced, user, rules)).some(
        (each) => each.kind === "trigger" && each.key === what.key,
      ),
  };
}

function territoryWithout(user: string, territory: string, { before, influenced }: Resolving) {
  const { public: world, private: privateState } = before;
  const { factions, pushes } = withoutUser(influenced, user, privateState.ruleset);
  const land = { territories: world.territories, fronts: privateState.fronts, effects: world.effects };
  return resolveTerritory(territory, land, factions, pushes, clockworkOf(before), privateState.ruleset);
}

function rosterAt(places: Rosters["territories"], place: string, faction: string): Roster[] {
  const roster = find(find(places, place) ?? {}, faction);
  return roster === undefined ? [] : [roster];
}

const actors = (
  people: UserContributions | undefined,
  amounts: (people: UserContributions) => ReadonlyMap<number, number> | undefined,
): string[] =>
  people === undefined ? [] : topN(named(people, amounts(people)), ROSTER_USERS).map(([user]) => user);

/** Those with the most points in this tick, of all factions; who changed sides within it may stand twice in the crowd. */
function everybody({ crowd }: Influenced): string[] {
  const all = [...crowd.values()].flatMap(({ names, applied }) =>
    names.map((user, number): [string, number] => [user, applied[number]!]),
  );
  return [...new Set(topN(all, ROSTER_USERS).map(([user]) => user))];
}
