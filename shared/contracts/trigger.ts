/**
 * Triggers: a closed condition language and its effects, as data. A general language fails silently on a typo; here an
 * unknown operator, path or target refuses the ruleset.
 */
import { z } from "zod";
import { Id } from "./ids.ts";
import { Name, Text, Title } from "./text.ts";

/** `faction.empire.share_bp`, `meter.catastrophe`, and inside `where` the field of a counted thing. */
const Path = z.string().regex(/^[a-z0-9_-]+(\.[a-z0-9_-]+){0,2}$/);
const Literal = z.union([z.int(), Text(64)]);

/** At most 4 deep: a condition inside another, or a `where` inside its comparison. */
export type Condition =
  | { all: Condition[] }
  | { any: Condition[] }
  | { not: Condition }
  | { gt: [Operand, Literal] }
  | { gte: [Operand, Literal] }
  | { lt: [Operand, Literal] }
  | { lte: [Operand, Literal] }
  | { eq: [Operand, Literal] };
export type Operand = string | { count: Counted; where?: Condition | undefined };
export type Counted = "factions" | "territories" | "relics" | "effects" | "campaigns";
export type Literal = z.infer<typeof Literal>;

const Counted = z.enum(["factions", "territories", "relics", "effects", "campaigns"]);

/**
 * Conditions of one depth, given those that may stand inside; the innermost only compares paths. The depth is bounded by
 * the schema itself, so that no body can drive the parser deeper than it is: a lazy schema overflows the stack.
 */
function conditionAround(inner: z.ZodType<Condition> | undefined, id: string): z.ZodType<Condition> {
  const counted: z.ZodType<Exclude<Operand, string>> =
    inner === undefined
      ? z.strictObject({ count: Counted })
      : z.strictObject({ count: Counted, where: inner.optional() });
  const compared = z.tuple([z.union([Path, counted]), Literal]);
  const comparisons = [
    z.strictObject({ gt: compared }),
    z.strictObject({ gte: compared }),
    z.strictObject({ lt: compared }),
    z.strictObject({ lte: compared }),
    z.strictObject({ eq: compared }),
  ] as const;
  if (inner === undefined) return z.union(comparisons).meta({ id });
  const several = z.array(inner).min(1).max(16);
  const combined = [
    z.strictObject({ all: several }),
    z.strictObject({ any: several }),
    z.strictObject({ not: inner }),
  ] as const;
  return z.union([...combined, ...comparisons]).meta({ id });
}
const Comparison = conditionAround(undefined, "Comparison");
const Condition2 = conditionAround(Comparison, "Condition2");
const Condition3 = conditionAround(Condition2, "Condition3");
export const Condition = conditionAround(Condition3, "Condition");
/** Of every depth, the innermost first. */
export const CONDITIONS = { Comparison, Condition2, Condition3, Condition };

/** One faction, all of them (`*`), or all but one (`!empire`). */
const FactionSelector = z.string().regex(/^(\*|!?[a-z0-9][a-z0-9_-]{0,31})$/);
const ticks = z.int().min(1).max(10_000);
const add = z.int().min(-2_000).max(2_000);

/** Every kind but a chain: a campaign's end can't begin a chain, what follows it is its next step. */
const CONSEQUENCES = [
  z.strictObject({ do: z.literal("quest_pool"), id: Id, op: z.enum(["add", "remove"]), ticks }),
  z.strictObject({
    do: z.literal("modify"),
    name: z.enum(["push_weight_bp", "influence_gain_bp", "yield_bp", "claim_bp"]),
    faction: FactionSelector,
    add,
    ticks,
  }),
  z.strictObject({ do: z.literal("modify"), name: z.literal("clamp_bp"), territory: Id, add, ticks }),
  z.strictObject({ do: z.literal("style"), id: Id, ticks }),
  z.strictObject({
    do: z.literal("meter"),
    name: z.enum(["catastrophe", "tension"]),
    add: z.int().min(-10_000).max(10_000),
  }),
] as const;
/** What a council votes on: every kind, but of chains those of one campaign. */
export const CouncilEffect = z.union([
  z.strictObject({ do: z.literal("chain"), id: Id, ticks }),
  ...CONSEQUENCES,
]);
export type CouncilEffect = z.infer<typeof CouncilEffect>;
/** What the end of a campaign brings about. */
export const Consequence = z.union(CONSEQUENCES);
export type Consequence = z.infer<typeof Consequence>;

export const MAX_CAMPAIGN_TICKS = 10_000;

/** What a campaign may have besides its length and what it asks for. */
export const campaignExtras = {
  /** What players call it; the id where it is absent. */
  title: Title.exactOptional(),
  /** Whose points alone count; everybody's where it is absent. */
  faction: Id.exactOptional(),
  /** Brought about when it is won, and when its time is up. */
  on_won: z.array(Consequence).max(4).exactOptional(),
  on_lost: z.array(Consequence).max(4).exactOptional(),
};

/** A campaign that opens when the one before it is won. What it asks for is the ruleset's `chain` where it says nothing. */
export const CampaignStep = z.strictObject({
  id: Id,
  /** Points. */
  goal: z.int().min(1).max(10_000_000).exactOptional(),
  min_contributors: z.int().min(1).max(1_000_000).exactOptional(),
  ticks: z.int().min(1).max(MAX_CAMPAIGN_TICKS),
  ...campaignExtras,
});
export type CampaignStep = z.infer<typeof CampaignStep>;
/** At most three campaigns, one after the other; the schema bounds the depth. */
export const CampaignStep2 = CampaignStep.extend({ next: CampaignStep.exactOptional() });
export const NextCampaign = CampaignStep.extend({ next: CampaignStep2.exactOptional() });

export const Effect = z.union([
  /** Opens a campaign of its id for its ticks; with `steps` the first of them, whose ticks together are no more than its own. */
  z.strictObject({
    do: z.literal("chain"),
    id: Id,
    ticks,
    /** Of the campaign of its id; a step has a title of its own. */
    title: Title.exactOptional(),
    steps: z.array(CampaignStep).min(1).max(4).exactOptional(),
  }),
  ...CONSEQUENCES,
]);
export type Effect = z.infer<typeof Effect>;
export type EffectKind = Effect["do"];

/** Whether an effect of the kind holds for its ticks, so that conditions can look at it, or acts once as it starts. */
const LASTING = {
  chain: true,
  quest_pool: true,
  modify: true,
  style: true,
  meter: false,
} satisfies Record<EffectKind, boolean>;
export const EFFECT_KINDS = Object.keys(LASTING) as [EffectKind, ...EffectKind[]];
export const isLasting = (kind: EffectKind): boolean => LASTING[kind];

export const Priority = z.int().min(0).max(1_000);

export const Trigger = z.strictObject({
  key: Id,
  /** What players call it; the id where it is absent. */
  name: Name.exactOptional(),
  when: Condition,
  /** Ticks that the condition must hold in a row. */
  sustain: z.int().min(1).max(1_000),
  cooldown: z.int().min(0).max(10_000),
  /** `auto`: armed again once the condition is false. */
  rearm: z.union([z.literal("auto"), Condition]),
  /** Higher fires first. */
  priority: Priority,
  effects: z.array(Effect).min(1).max(8),
});
export type Trigger = z.infer<typeof Trigger>;
