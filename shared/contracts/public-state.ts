/** The public state: the unit of hashes, deltas and reads. */
import { z } from "zod";
import { RealmStatus, SOVEREIGN_ACTIONS } from "./command.ts";
import { BasisPoints, ContentId, Id } from "./ids.ts";
import { BasisPointsChange, Count, Flag, Instant, Thousandths } from "./leaves.ts";
import { Statement, Title } from "./text.ts";
import { Consequence, CouncilEffect, EFFECT_KINDS } from "./trigger.ts";

export const FactionState = z.strictObject({
  /** Thousandths of a point. */
  influence: Thousandths,
  share_bp: BasisPoints,
  /** Change of `share_bp` in this tick. */
  trend_bp: BasisPointsChange,
  /** Thousandths of a unit. */
  resources: z.record(Id, Thousandths),
  modifiers: z.record(z.string(), BasisPointsChange),
});
export type FactionState = z.infer<typeof FactionState>;

export const TerritoryState = z.strictObject({
  controller: Id.exactOptional(),
  /** Basis points by faction; the sum is 10 000. */
  control: z.record(Id, BasisPoints),
  instability: BasisPoints,
  strategic_value: Count,
  /** 1 when this tick's contest reached the ruleset's bound. */
  contested: Flag,
  last_changed_tick: Count,
});
export type TerritoryState = z.infer<typeof TerritoryState>;

export const RelicState = z.strictObject({ territory: Id, holder: Id.exactOptional(), contested: Flag });
export type RelicState = z.infer<typeof RelicState>;

export const TriggerState = z.strictObject({
  armed: Flag,
  streak: Count,
  last_triggered_tick: Count.exactOptional(),
});
export type TriggerState = z.infer<typeof TriggerState>;

/** An effect that holds in this tick: `tick < until_tick`. A `meter` is added once and never stays. */
export const EffectState = z.strictObject({
  kind: z.enum(EFFECT_KINDS),
  /** What started it: a trigger's key, or `campaign.<id>`, `action.<id>`, `council.<id>`, `decree.<id>`. */
  source: z.string(),
  until_tick: Count,
  /** Whom a `modify` reaches: a faction, `*` for all or `!empire` for all but one. */
  faction: z.string().exactOptional(),
  territory: Id.exactOptional(),
  /** The modifier or meter; `add` or `remove` of a `quest_pool`. */
  name: z.string().exactOptional(),
  add: z.int().exactOptional(),
  /** Of a decree's: triggers of a higher priority may take its place; 0 where it is absent. */
  priority: Count.exactOptional(),
});
export type EffectState = z.infer<typeof EffectState>;

/** `cancelled`: the season ended, or what the action needs or its effect's place is gone; everything held back was paid back. */
export const ActionStatus = z.enum(["proposed", "countered", "resolved", "cancelled"]);
export type ActionStatus = z.infer<typeof ActionStatus>;

export const ActionState = z.strictObject({
  action_type: z.enum(SOVEREIGN_ACTIONS),
  faction: Id,
  status: ActionStatus,
  /** Thousandths of a unit; held back while `proposed`. */
  cost: Thousandths,
  proposed_tick: Count,
  /** The last tick in which it can be countered; of a closed action, the tick of its close. */
  closes_tick: Count,
  target: Id.exactOptional(),
});
export type ActionState = z.infer<typeof ActionState>;

/** By its place among them, from `0`. */
export const Consequences = z.record(z.string(), Consequence);

/** `goal` and `points` in thousandths. Won once both the goal and the contributors are reached, lost after the tick before `until_tick`. */
export const CampaignState = z.strictObject({
  title: Title.exactOptional(),
  /** Whose points alone count; everybody's where it is absent. */
  faction: Id.exactOptional(),
  goal: Thousandths,
  points: Thousandths,
  min_contributors: Count,
  contributors: Count,
  stage: Count,
  until_tick: Count,
  on_won: Consequences.exactOptional(),
  on_lost: Consequences.exactOptional(),
  /** The campaign that opens when this one is won. */
  next: Id.exactOptional(),
});
export type CampaignState = z.infer<typeof CampaignState>;

/** A faction's council: how many seats are taken, and what it votes on now; never who voted what. */
export const CouncilState = z.strictObject({
  seats: Count,
  open: z
    .strictObject({
      id: ContentId,
      /** By place, from `0`, the status quo. `weight`: what its votes weigh. */
      options: z.record(
        z.string(),
        z.strictObject({ text: Statement, effects: z.record(z.string(), CouncilEffect), weight: Count }),
      ),
      /** The last tick in which a vote counts. */
      closes_tick: Count,
      voters: Count,
      /** Voters without whom the status quo holds. */
      quorum: Count,
    })
    .exactOptional(),
});
export type CouncilState = z.infer<typeof CouncilState>;

/** Of a season that lasts: the tick after which its close is due. Of one that is over: after which the next one opens. */
export const Calendar = z.strictObject({
  started_tick: Count,
  ends_tick: Count.exactOptional(),
  closed_tick: Count.exactOptional(),
  opens_tick: Count.exactOptional(),
});
export type Calendar = z.infer<typeof Calendar>;

export const Meters = z.strictObject({ global_tension: BasisPoints, catastrophe_meter: BasisPoints });

export const PublicState = z.strictObject({
  realm: Id,
  season: Count,
  calendar: Calendar,
  status: RealmStatus,
  tick: Count,
  /** RFC 3339 with milliseconds. */
  at: Instant,
  /** From when the length of the next tick counts. Absent: from `at`, as after every tick but one of kind `status` that ends no pause. */
  due_from: Instant.exactOptional(),
  ruleset_version: Count,
  factions: z.record(Id, FactionState),
  territories: z.record(Id, TerritoryState),
  relics: z.record(Id, RelicState),
  meters: Meters,
  triggers: z.record(Id, TriggerState),
  /** By the effect's own id, or by its source and its place in it: `age_of_iron.1`. */
  effects: z.record(z.string(), EffectState),
  /** By the proposal's `command_id`. */
  actions: z.record(ContentId, ActionState),
  campaigns: z.record(Id, CampaignState),
  /** By faction; those that never had one are absent. */
  councils: z.record(Id, CouncilState),
});
export type PublicState = z.infer<typeof PublicState>;
