/**
 * The world: its public state, which clients receive and hashes are made of, its private one, and the records that a
 * tick leaves in WORLD. Leaves are safe integers and strings, never null, so the canonical form is exact.
 */
import { z } from "zod";
import type { CommandKind, RealmStatus, SOVEREIGN_ACTIONS } from "./command.ts";
import type { Ruleset } from "./ruleset.ts";
import type { Effect } from "./trigger.ts";

type ById<T> = Record<string, T>;

export type FactionState = {
  /** Thousandths of a point. */
  influence: number;
  share_bp: number;
  /** Change of `share_bp` in this tick. */
  trend_bp: number;
  /** Thousandths of a unit. */
  resources: ById<number>;
  modifiers: ById<number>;
};
export type TerritoryState = {
  controller?: string;
  /** Basis points by faction; the sum is 10 000. */
  control: ById<number>;
  instability: number;
  strategic_value: number;
  /** 1 when this tick's contest reached the ruleset's bound. */
  contested: 0 | 1;
  last_changed_tick: number;
};
export type RelicState = { territory: string; holder?: string; contested: 0 | 1 };
export type TriggerState = { armed: 0 | 1; streak: number; last_triggered_tick?: number };
/** An effect that holds in this tick: `tick < until_tick`. A `meter` is added once and never stays. */
export type EffectState = {
  kind: "chain" | "quest_pool" | "modify" | "style" | "meter";
  /** What started it: a trigger's key, or `action.<id>`, `council.<id>`, `decree.<id>`. */
  source: string;
  until_tick: number;
  /** Whom a `modify` reaches: a faction, `*` for all or `!empire` for all but one. */
  faction?: string;
  territory?: string;
  /** The modifier or meter; `add` or `remove` of a `quest_pool`. */
  name?: string;
  add?: number;
};
/** `cancelled`: the season ended, or what the action needs is gone; everything held back was paid back. */
export type ActionStatus = "proposed" | "countered" | "resolved" | "cancelled";
export type ActionState = {
  action_type: (typeof SOVEREIGN_ACTIONS)[number];
  faction: string;
  status: ActionStatus;
  /** Thousandths of a unit; held back while `proposed`. */
  cost: number;
  proposed_tick: number;
  /** The last tick in which it can be countered; of one that is closed, the tick in which it was. */
  closes_tick: number;
  target?: string;
};
/** `goal` and `points` in thousandths. */
export type CampaignState = {
  goal: number;
  points: number;
  contributors: number;
  stage: number;
  until_tick: number;
};

/** The unit of hashes, deltas and reads. */
export type PublicState = {
  realm: string;
  season: number;
  status: RealmStatus;
  tick: number;
  /** RFC 3339 with milliseconds. */
  at: string;
  ruleset_version: number;
  factions: ById<FactionState>;
  territories: ById<TerritoryState>;
  relics: ById<RelicState>;
  meters: { global_tension: number; catastrophe_meter: number };
  triggers: ById<TriggerState>;
  effects: ById<EffectState>;
  actions: ById<ActionState>;
  campaigns: ById<CampaignState>;
};

/** A faction's council. `open`: what it votes on now. */
export type CouncilState = {
  /** Users, the one with the most points first. */
  seats: string[];
  open?: {
    id: string;
    options: { text: string; effects: Effect[] }[];
    /** The last tick in which a vote counts. */
    closes_tick: number;
    /** Users of the realm with points in the week before, of which a quorum is a share. */
    active: number;
    /** By option, what its votes weigh. */
    weights: number[];
    voters: number;
  };
};

/** What the fold needs besides and clients don't get. */
export type PrivateState = {
  ruleset: Ruleset;
  /** By territory: who leads, for how many ticks, and the tick of the last flip. */
  fronts: ById<{ leader?: string; streak: number; last_flip_tick?: number }>;
  /** By relic: milli-points of claim by faction, and the tick of the last capture. */
  claims: ById<{ points: ById<number>; last_capture_tick?: number }>;
  /** Keys of `tick.run` commands read but not yet answered by a marker, in log order. */
  manual_ticks: string[];
  /** Effects that something called for in this tick: they start with the next one. */
  starting: { id: string; effect: EffectState }[];
  /**
   * By `proposed` action: what it is paid in, and what each faction staked against it, thousandths of a unit. This and all
   * below are absent until there is something to say, so that states from before them keep their hashes.
   */
  escrow?: ById<{ resource: string; stakes: ById<number> }>;
  /** By faction: how many sovereign actions it used in a season, and when it proposed the last. */
  uses?: ById<{ season: number; count: number; last_tick?: number }>;
  councils?: ById<CouncilState>;
  /** Of each running campaign: the tick that it opened in, and the contributors that its last stage needs. */
  campaigns?: ById<{ opened_tick: number; min_contributors: number }>;
  /** Campaigns that the normalizer lets candidates name, each with the tick that its opening was read in. */
  admitted?: ById<number>;
  /** Absent: the first one, not closed. */
  season?: { started_tick: number; closed_tick?: number };
  rosters?: Rosters;
  /** Who was told on this day of the realm that a burst cap cut their points; in code-unit order. */
  told?: { day: number; users: string[] };
  /** SHA-256 of the canonical array of this tick's notices; absent when there are none. */
  notices_hash?: string;
};
/** Milli-points by user: of those who brought the most lately. */
export type Roster = ById<number>;
/** Of an open sovereign action: the player who proposed it, and stakes against it by player, thousandths of a unit. */
export type ActionRoster = { proposed: Roster; opposed: Roster };
/** By place and faction, by campaign or by action; empty ones are absent. Notices need them; nothing else looks. */
export type Rosters = {
  territories: ById<ById<Roster>>;
  relics: ById<ById<Roster>>;
  campaigns: ById<Roster>;
  actions: ById<ActionRoster>;
};
export type WorldState = { public: PublicState; private: PrivateState };

export type CouncilReason = "voted" | "tie" | "no_quorum" | "faction_gone" | "season_closed";
/** How a season ended. */
export type SeasonResults = {
  /** By share descending, then id. `influence` in thousandths of a point; how many territories and relics each holds. */
  standings: { faction: string; share_bp: number; influence: number; territories: number; relics: number }[];
  /** By territory; what nobody controls is missing. */
  controllers: ById<string>;
  /** By relic; what nobody holds is missing. */
  holders: ById<string>;
};

/** What a tick made happen. */
export type Happening =
  | { kind: "flip"; territory: string; from?: string; to: string }
  | { kind: "capture"; relic: string; faction: string }
  | { kind: "trigger"; key: string }
  | { kind: "effect_start"; id: string }
  | { kind: "effect_end"; id: string }
  | { kind: "effect_refused"; id: string; reason: "too_many" | "overridden" | "no_target" }
  | { kind: "campaign"; id: string; stage: number }
  | { kind: "action"; id: string; status: ActionStatus; reason?: string }
  | { kind: "action"; id: string; status: "opposed"; faction: string; stake: number }
  | { kind: "council"; id: string; faction: string; step: "open"; options: string[]; closes_tick: number }
  /** `option`: the one that holds. `reason`: whether it was voted for, or why it is the status quo. */
  | { kind: "council"; id: string; faction: string; step: "close"; option: number; reason: CouncilReason }
  /** A grant or, negative, a spending; thousandths of a unit. */
  | { kind: "resource"; faction: string; resource: string; change: number }
  | { kind: "decree"; id: string; text: string }
  | { kind: "season"; season: number; step: "close"; results: SeasonResults }
  | { kind: "season"; season: number; step: "open" }
  /** A command that the world refused; `id` is the command's. */
  | { kind: "refused"; id: string; command: CommandKind; reason: string }
  | { kind: "status"; status: RealmStatus }
  | { kind: "ruleset"; version: number };
/** Numbered from 1 within its tick. */
export type DerivedEvent = { tick: number; n: number } & Happening;

/** `events.tick.<realm>`: everything before it in EVENTS belongs to its tick; its stream timestamp is the tick's time. */
export const TickMarker = z.strictObject({
  realm: z.string(),
  tick: z.int().min(1),
  kind: z.enum(["scheduled", "manual"]),
  /** Of the `tick.run` command that it answers. */
  key: z.string().optional(),
});
export type TickMarker = z.infer<typeof TickMarker>;

/** `world.tick.<realm>`: a link of the realm's hash chain. `hash` is of the canonical record without `hash`. */
export type TickRecord = {
  tick: number;
  kind: "genesis" | "scheduled" | "manual";
  /** The tick's events are EVENTS sequences `from_seq` … `through_seq`, the latter its marker's. */
  from_seq: number;
  through_seq: number;
  at: string;
  engine: number;
  ruleset_version: number;
  /** Milli-points before and of the burst cap; `gain_bp` the modifier that points were scaled with. */
  factions: ById<{ sum: number; cap: number; gain_bp: number }>;
  events: DerivedEvent[];
  prev_hash: string;
  public_hash: string;
  private_hash: string;
  hash: string;
};

/** `world.delta.<realm>`: an RFC 7396 merge patch of the public state; `prev` and `hash` are public hashes. */
export type WorldDelta = {
  realm: string;
  tick: number;
  prev: string;
  hash: string;
  patch: object;
  events: DerivedEvent[];
};

/** `world.snapshot.<realm>` and KV `world`: the whole state after a tick. */
export type WorldSnapshot = {
  realm: string;
  tick: number;
  public_hash: string;
  /** `hash` of the tick's record, which the next record names as `prev_hash`. */
  record_hash: string;
  /** EVENTS sequence of the tick's marker. */
  through_seq: number;
  state: WorldState;
};
