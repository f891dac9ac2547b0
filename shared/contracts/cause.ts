/**
 * Why something came about: the figures that its tick decided it by, of factions and places alone. With the ruleset in force they
 * give the same outcome again.
 */
import { z } from "zod";
import { BasisPoints, Id } from "./ids.ts";
import { BasisPointsChange, Count, Thousandths } from "./leaves.ts";

/** What a point of push counts is 10 000 and the sum of these, within the ruleset's bounds. */
export const WeightTerms = z.strictObject({
  /** For a share above an equal part, against one below. */
  share_bp: BasisPointsChange,
  /** For neighbouring land of its own. */
  adjacent_bp: BasisPointsChange,
  /** For holding the place itself. */
  defender_bp: BasisPointsChange,
  /** For more land than its part of the map, below zero. */
  overextension_bp: BasisPointsChange,
  /** For active effects and relics. */
  modifiers_bp: BasisPointsChange,
});
export type WeightTerms = z.infer<typeof WeightTerms>;

/** `from_bp`, `to_bp`: control before and after the contest. `push`: within each user's limit. */
const Contestant = z.strictObject({
  from_bp: BasisPoints,
  to_bp: BasisPoints,
  push: Thousandths,
  weight_bp: BasisPointsChange,
  terms: WeightTerms,
});

export const FlipCause = z.strictObject({
  factions: z.record(Id, Contestant),
  /** Unrest and worth of the place before the contest, and what effects add to how much may move there. */
  instability: BasisPoints,
  strategic_value: Count,
  clamp_bp: BasisPointsChange,
  /** Over the controller; of open land over the second. */
  lead_bp: BasisPoints,
  /** Ticks in a row with that lead, this one included. */
  streak: Count,
  /** Ticks since the last flip; absent where there was none. */
  rested: Count.exactOptional(),
});
export type FlipCause = z.infer<typeof FlipCause>;

/**
 * A claim before the tick, what was brought and what each thousandth of it counts more or less, and the claim after. `control_bp`: of
 * the relic's territory.
 */
const Claimant = z.strictObject({
  held: Thousandths,
  brought: Thousandths,
  claim_bp: BasisPointsChange,
  claim: Thousandths,
  control_bp: BasisPoints,
});

export const CaptureCause = z.strictObject({
  territory: Id,
  /** Absent where nobody held it. */
  holder: Id.exactOptional(),
  /** Those with a claim. */
  factions: z.record(Id, Claimant),
  /** Ticks since the last capture; absent where there was none. */
  rested: Count.exactOptional(),
});
export type CaptureCause = z.infer<typeof CaptureCause>;

/** A comparison of a condition. `of`: the path that was read, or `count.<things>`. */
export const Reading = z.strictObject({
  of: z.string(),
  operator: z.enum(["gt", "gte", "lt", "lte", "eq"]),
  than: z.union([z.int(), z.string()]),
  is: z.union([z.int(), z.string()]),
});
export type Reading = z.infer<typeof Reading>;

export const TriggerCause = z.strictObject({
  /** Every comparison of the trigger's condition, in its order. */
  readings: z.array(Reading).min(1).max(32),
  /** Ticks in a row in which the condition held, this one included. */
  streak: Count,
});
export type TriggerCause = z.infer<typeof TriggerCause>;
