/** What factions decide on, in numbers: sovereign actions and councils. */
import { z } from "zod";
import { around } from "./bounds.ts";
import { Id } from "./ids.ts";
import { Name, Statement } from "./text.ts";
import { CouncilEffect } from "./trigger.ts";

/**
 * What an action is paid in, its price in units, and what players call it; where the ruleset has no such resource, nobody
 * can propose it.
 */
const price = { resource: Id, cost: around(400), name: Name.exactOptional() };

export const SovereignRules = z.strictObject({
  /** Per season and faction. */
  season_max: around(3),
  /** Between two actions of a faction, of whatever type. */
  cooldown_ticks: around(192),
  /** How long the others may oppose an action. */
  window_ticks: around(24),
  /** Countered where `stakes · 10000 ≥ cost · counter_bp`. */
  counter_bp: around(8_000),
  /** Of the cost, to the faction whose action was countered. */
  refund_bp: around(5_000).max(10_000),
  /** How long a closed action stays to be seen. */
  kept_ticks: around(96),
  /** More weight to the faction's own push. */
  iron_levy: z.strictObject({ ...price, add_bp: z.int().min(150).max(2_000), ticks: around(48) }),
  /** Less catastrophe, at once. */
  veil_ward: z.strictObject({ ...price, add_bp: z.int().min(-10_000).max(-150) }),
  /** Less yield of another faction's land. */
  embargo: z.strictObject({ ...price, add_bp: z.int().min(-2_000).max(-200), ticks: around(48) }),
});
export type SovereignRules = z.infer<typeof SovereignRules>;

export const SOVEREIGN: SovereignRules = {
  season_max: 3,
  cooldown_ticks: 192,
  window_ticks: 24,
  counter_bp: 8_000,
  refund_bp: 5_000,
  kept_ticks: 96,
  iron_levy: { resource: "iron", cost: 400, add_bp: 1_500, ticks: 48 },
  veil_ward: { resource: "aether", cost: 400, add_bp: -1_500 },
  embargo: { resource: "grain", cost: 400, add_bp: -2_000, ticks: 48 },
};

/** What a council votes on: a text and what it does. */
const CouncilOption = z.strictObject({ text: Statement, effects: z.array(CouncilEffect).max(4) });
export const CouncilOptions = z
  .array(CouncilOption)
  .min(2)
  .max(4)
  .refine(([quo]) => quo?.effects.length === 0, "option 0 is the status quo: it has no effects");
export type CouncilOptions = z.infer<typeof CouncilOptions>;

/** In standing options: the faction whose council it is. */
export const OWN = "own";
const modify = (name: "push_weight_bp" | "yield_bp" | "claim_bp", add: number) => ({
  do: "modify" as const,
  name,
  faction: OWN,
  add,
  ticks: 96,
});
const STANDING_OPTIONS: CouncilOptions = [
  { text: { vi: "Giữ nguyên như hiện nay", en: "Leave things as they are" }, effects: [] },
  {
    text: { vi: "Dồn sức cho chiến tuyến", en: "Put our strength into the fronts" },
    effects: [modify("push_weight_bp", 400)],
  },
  {
    text: { vi: "Chăm lo đồng ruộng và hầm mỏ", en: "Tend the fields and the mines" },
    effects: [modify("yield_bp", 800)],
  },
  { text: { vi: "Cử người tìm thánh vật", en: "Send for the relics" }, effects: [modify("claim_bp", 600)] },
];

export const CouncilRules = z.strictObject({
  /** Users who sit in a faction's council. */
  seats: around(5),
  /** From one council of a faction to the next that an operator opens; by the clock, `tick_seconds` each. */
  gap_ticks: around(672),
  /** From one council of a faction to the next that opens by itself; the first of a season comes after `first_ticks`. */
  every_ticks: around(672).default(672),
  first_ticks: around(96).default(96),
  /** How long a council votes. */
  window_ticks: around(96),
  /** Voters that a vote needs, of the faction's members with standing. */
  quorum_bp: around(500),
  /** What councils that open by themselves vote on; `own` is the faction. */
  options: CouncilOptions.default(STANDING_OPTIONS),
});
export type CouncilRules = z.infer<typeof CouncilRules>;

export const COUNCIL: CouncilRules = {
  seats: 5,
  gap_ticks: 672,
  every_ticks: 672,
  first_ticks: 96,
  window_ticks: 96,
  quorum_bp: 500,
  options: STANDING_OPTIONS,
};

/**
 * The numbers of a ruleset. A ruleset that was recorded before it had them gets the defaults; its bytes stay as they are, since the
 * hashes of its ticks are made of them.
 */
export const sovereignRules = (rules: { sovereign?: SovereignRules }): SovereignRules =>
  rules.sovereign ?? SOVEREIGN;
export const councilRules = (rules: { council?: Partial<CouncilRules> }): CouncilRules => ({
  ...COUNCIL,
  ...rules.council,
});
