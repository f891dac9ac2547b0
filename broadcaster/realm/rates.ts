/**
 * Where the numbers of a world are going: what the last tick moved, and what weighs in the next one. Pure; computed from
 * two states in a row with the very functions of the tick.
 */
import { z } from "zod";
import { Id } from "../../shared/contracts/ids.ts";
import { BasisPointsChange } from "../../shared/contracts/leaves.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { PublicState } from "../../shared/contracts/world.ts";
import { find, mapById } from "../../shared/exact/by-id.ts";
import { ceilDiv, sortedKeys } from "../../shared/exact/integers.ts";
import { pushTerms, weightOf } from "../../shared/world/contest-weights.ts";
import { sincePreviousMs } from "../../shared/world/due.ts";
import { decayedInfluence, lateness } from "../../shared/world/influence-decay.ts";
import { clampModifier } from "../../shared/world/modifiers.ts";
import type { Shown } from "./shown-world.ts";

const FactionOnTerritory = z.strictObject({
  /** Control gained, or lost below zero, in this tick. */
  control_bp: BasisPointsChange,
  /** What a point of push counts for this faction here: 10 000 is one point. */
  weight_bp: BasisPointsChange,
  /** The part of the weight that comes from active effects and relics. */
  modifier_bp: BasisPointsChange,
  /** Push that waits for the next tick, in bands: 0 under 10 pt, 1 under 100 pt, 2 more; absent while no pulse has come. */
  pressure: z.literal([0, 1, 2]).exactOptional(),
});

/** Of a territory. Basis points. */
export const TerritoryRates = z.strictObject({
  /** What instability changed by in this tick, and what of it fades in the next one by itself. */
  instability_bp: BasisPointsChange,
  fading_bp: BasisPointsChange,
  /** Sum of the active effects on how much control may move here. */
  clamp_bp: BasisPointsChange,
  factions: z.record(Id, FactionOnTerritory),
});
export type TerritoryRates = z.infer<typeof TerritoryRates>;

/** Of a faction. Thousandths of a point. */
export const FactionRates = z.strictObject({
  /** Influence that its players' actions brought in this tick, after the burst cap. */
  gain: z.int().describe("Thousandths"),
  /** Influence that faded in this tick. */
  decay: z.int().describe("Thousandths"),
});
export type FactionRates = z.infer<typeof FactionRates>;

/** Undefined where the state before or the rules aren't known. */
export function territoryRates(
  { state, previous, rules, pulse }: Shown,
  id: string,
): TerritoryRates | undefined {
  const before = previous && find(previous.territories, id);
  if (before === undefined || rules === undefined || !isRuledBy(state, rules)) return undefined;
  const after = state.territories[id]!;
  const pressing = pulse?.next_tick === state.tick + 1 ? find(pulse.pressure, id) : undefined;
  return {
    instability_bp: after.instability - before.instability,
    fading_bp: ceilDiv(after.instability * rules.contest.instability_decay_bp, 10_000),
    clamp_bp: clampModifier(state.effects, id),
    factions: mapById(after.control, (control, faction) => {
      const terms = pushTerms(faction, id, state, rules);
      return {
        control_bp: control - (find(before.control, faction) ?? 0),
        weight_bp: weightOf(terms, rules),
        modifier_bp: terms.modifiers_bp,
        ...(pressing === undefined ? {} : { pressure: find(pressing, faction) ?? 0 }),
      };
    }),
  };
}

/** Undefined where the state before or the rules aren't known, and in the first tick of a season, which resets influence. */
export function factionRates({ state, previous, rules }: Shown, id: string): FactionRates | undefined {
  const before = previous && find(previous.factions, id);
  if (before === undefined || rules === undefined || previous?.season !== state.season) return undefined;
  const sinceMs = sincePreviousMs(previous, { at: state.at, engine: rules.engine });
  const left = decayedInfluence(
    before.influence,
    rules,
    lateness(state.tick, sinceMs, rules.tick_seconds * 1_000),
  );
  return { gain: state.factions[id]!.influence - left, decay: before.influence - left };
}

/** Whether the rules know every territory and faction of the state: in the tick after a change they may not. */
const isRuledBy = (state: PublicState, rules: Ruleset): boolean =>
  sortedKeys(state.territories).every((id) => Object.hasOwn(rules.territories, id));
