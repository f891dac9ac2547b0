/**
 * Corrections: a game master sets a value that play or a fault left wrong. A correction sets that value and nothing besides it, so
 * that the value before undoes it. What follows from it, follows by the rules from the same tick on:
 *
 * - Shares are those of the influence that is now, and trends compare them with the tick before.
 * - A corrected control gives nobody a territory: who leads after it must lead for a flip's streak, and a streak that has lost
 *   its lead is over with this tick's contest. A corrected holder keeps streaks, gaps and claims as they are.
 * - `last_changed_tick` is a contest's, and stays.
 *
 * No value is larger than play could make it, so no integer of the world outgrows what the ruleset was checked for.
 */
import type { Correction, ToldCorrection } from "../../shared/contracts/correction.ts";
import type { WorldState } from "../../shared/contracts/world.ts";
import { find, mapById } from "../../shared/exact/by-id.ts";
import { apportion } from "../../shared/exact/integers.ts";
import { mostByPlay } from "../../shared/world/check-ruleset.ts";
import type { CommandHandler } from "./command-handler.ts";
import { stockOf, withStock } from "./economy.ts";

type Corrected = { state: WorldState; told: ToldCorrection } | { refused: string };
type Of<What extends Correction["what"]> = Extract<Correction, { what: What }>;

/** Refused: `unknown_territory`, `unknown_relic`, `unknown_faction`, `unknown_resource`, `above_maximum`. */
export const correctWorld: CommandHandler<"world.correct"> = (state, { command_id: id, actor, payload }) => {
  const corrected = correct(state, payload);
  if ("refused" in corrected) return corrected;
  return {
    state: corrected.state,
    happenings: [{ kind: "correct", id, author: actor.id, ...corrected.told }],
  };
};

function correct(state: WorldState, correction: Correction): Corrected {
  switch (correction.what) {
    case "control":
      return setControl(state, correction);
    case "influence":
      return setInfluence(state, correction);
    case "holder":
      return "relic" in correction.of
        ? setHolder(state, correction.of, correction.value)
        : setController(state, correction.of, correction.value);
    case "claim":
      return setClaim(state, correction);
    case "resource":
      return setStock(state, correction);
    default:
      return correction satisfies never;
  }
}

const withPublic = (state: WorldState, changed: Partial<WorldState["public"]>): WorldState => ({
  ...state,
  public: { ...state.public, ...changed },
});

function setControl(state: WorldState, { of, value: weights }: Of<"control">): Corrected {
  const { territories } = state.public;
  const territory = find(territories, of.territory);
  if (territory === undefined) return { refused: "unknown_territory" };
  const { control: before } = territory;
  if (Object.keys(weights).some((faction) => find(before, faction) === undefined))
    return { refused: "unknown_faction" };
  const weighed = mapById(before, (_, faction) => find(weights, faction) ?? 0);
  const value = Object.fromEntries(apportion(10_000, new Map(Object.entries(weighed))));
  return {
    state: withPublic(state, {
      territories: { ...territories, [of.territory]: { ...territory, control: value } },
    }),
    told: { what: "control", of, value, before },
  };
}

function setInfluence(state: WorldState, { of, value }: Of<"influence">): Corrected {
  const { factions } = state.public;
  const faction = find(factions, of.faction);
  if (faction === undefined) return { refused: "unknown_faction" };
  if (BigInt(value) > mostByPlay(state.private.ruleset).influence) return { refused: "above_maximum" };
  return {
    state: withPublic(state, { factions: { ...factions, [of.faction]: { ...faction, influence: value } } }),
    told: { what: "influence", of, value, before: faction.influence },
  };
}

/** Whether it is a faction of this world, or nobody. */
const isParty = ({ public: { factions } }: WorldState, id: string | null): boolean =>
  id === null || find(factions, id) !== undefined;

function setController(state: WorldState, of: { territory: string }, value: string | null): Corrected {
  const { territories } = state.public;
  const territory = find(territories, of.territory);
  if (territory === undefined) return { refused: "unknown_territory" };
  if (!isParty(state, value)) return { refused: "unknown_faction" };
  const { controller = null, ...land } = territory;
  const held = { ...land, ...(value === null ? {} : { controller: value }) };
  return {
    state: withPublic(state, { territories: { ...territories, [of.territory]: held } }),
    told: { what: "holder", of, value, before: controller },
  };
}

function setHolder(state: WorldState, of: { relic: string }, value: string | null): Corrected {
  const { relics } = state.public;
  const relic = find(relics, of.relic);
  if (relic === undefined) return { refused: "unknown_relic" };
  if (!isParty(state, value)) return { refused: "unknown_faction" };
  const { holder = null, ...rest } = relic;
  const held = { ...rest, ...(value === null ? {} : { holder: value }) };
  return {
    state: withPublic(state, { relics: { ...relics, [of.relic]: held } }),
    told: { what: "holder", of, value, before: holder },
  };
}

/** A faction without a claim is absent from a relic's claims. */
function setClaim(state: WorldState, { of, value }: Of<"claim">): Corrected {
  const { ruleset, claims } = state.private;
  const claim = find(claims, of.relic);
  if (claim === undefined) return { refused: "unknown_relic" };
  if (!isParty(state, of.faction)) return { refused: "unknown_faction" };
  if (BigInt(value) > mostByPlay(ruleset).claim) return { refused: "above_maximum" };
  const before = find(claim.points, of.faction) ?? 0;
  const { [of.faction]: _before, ...others } = claim.points;
  const points = { ...others, ...(value === 0 ? {} : { [of.faction]: value }) };
  return {
    state: {
      ...state,
      private: { ...state.private, claims: { ...claims, [of.relic]: { ...claim, points } } },
    },
    told: { what: "claim", of, value, before },
  };
}

function setStock(state: WorldState, { of, value }: Of<"resource">): Corrected {
  const before = stockOf(state, of.faction, of.resource);
  if (typeof before === "string") return { refused: before };
  if (value > state.private.ruleset.stock.max * 1_000) return { refused: "above_maximum" };
  return {
    state: withStock(state, of.faction, of.resource, value - before),
    told: { what: "resource", of, value, before },
  };
}
