/** The private state: what the fold needs besides the public one, and clients don't get. */
import { z } from "zod";
import { SOVEREIGN_ACTIONS } from "./command.ts";
import { AccountId, BasisPoints, ContentId, Id } from "./ids.ts";
import { Count, Hash, Thousandths } from "./leaves.ts";
import { EffectState } from "./public-state.ts";
import { Ruleset } from "./ruleset.ts";
import { CampaignStep } from "./trigger.ts";

/** Who sits in a faction's council, the one with the most points first, and when it opened last; absent in what engine 1 left. */
const CouncilSeats = z.strictObject({
  seats: z.array(AccountId),
  opened_tick: Count.exactOptional(),
});

/** Milli-points by user: of those who brought the most lately. */
export const Roster = z.record(AccountId, Thousandths);
export type Roster = z.infer<typeof Roster>;

/** Of an open sovereign action: the player who proposed it, if one did, and stakes against it by player, thousandths of a unit. */
export const ActionRoster = z.strictObject({
  action_type: z.enum(SOVEREIGN_ACTIONS),
  faction: Id,
  proposed: Roster,
  opposed: Roster,
});
export type ActionRoster = z.infer<typeof ActionRoster>;

/** Who worked towards what may soon happen; empty ones are absent. Notices need them; nothing else looks. */
export const Rosters = z.strictObject({
  /** By place and faction. */
  territories: z.record(Id, z.record(Id, Roster)),
  relics: z.record(Id, z.record(Id, Roster)),
  campaigns: z.record(Id, Roster),
  actions: z.record(ContentId, ActionRoster),
  /** Whose the factions' influence is, fading as that does. */
  factions: z.record(Id, Roster),
  /** By relic that a faction captured: those who did. */
  holders: z.record(Id, z.strictObject({ faction: Id, users: Roster })),
  /** Whose pushes and claims made for unrest, fading as that does. */
  strife: Roster,
  /** By meter: what effects and commands added to it, fading as strife does: nobody's points did that. */
  lifted: z.partialRecord(z.enum(["global_tension", "catastrophe_meter"]), BasisPoints),
  /**
   * By trigger whose streak runs and began with players: whose points moved what it reads, since then or since it fired last. An
   * empty one is a streak all the same.
   */
  triggers: z.record(Id, Roster),
});
export type Rosters = z.infer<typeof Rosters>;

export const PrivateState = z.strictObject({
  ruleset: Ruleset,
  /** By territory: who leads, for how many ticks, and the tick of the last flip. */
  fronts: z.record(
    Id,
    z.strictObject({
      leader: Id.exactOptional(),
      streak: Count,
      last_flip_tick: Count.exactOptional(),
    }),
  ),
  /** By relic: milli-points of claim by faction, and the tick of the last capture. */
  claims: z.record(
    Id,
    z.strictObject({ points: z.record(Id, Thousandths), last_capture_tick: Count.exactOptional() }),
  ),
  /** Keys of `tick.run` commands read but not yet answered by a marker, in log order. */
  manual_ticks: z.array(z.string()),
  /** Effects that something called for in this tick: they start with the next one. */
  starting: z.array(
    z.strictObject({
      id: z.string(),
      effect: EffectState,
      /** Of a chain: its campaigns, the first of which opens with it. */
      steps: z.array(CampaignStep).exactOptional(),
    }),
  ),
  /**
   * By `proposed` action: what it is paid in, and what each faction staked against it, thousandths of a unit. This and all
   * below are absent until there is something to say, so that states from before them keep their hashes.
   */
  escrow: z
    .record(ContentId, z.strictObject({ resource: Id, stakes: z.record(Id, Thousandths) }))
    .exactOptional(),
  /** By faction: how many sovereign actions it used in a season, and when it proposed the last. */
  uses: z
    .record(Id, z.strictObject({ season: Count, count: Count, last_tick: Count.exactOptional() }))
    .exactOptional(),
  /** Effects that a game master ended before their time, as they were: until then they can be restored. */
  ended: z.record(z.string(), EffectState).exactOptional(),
  /** By event that a game master voided in this season: whose it was, and the milli-points that its faction lost by that. */
  voided: z.record(ContentId, z.strictObject({ faction: Id, points: Thousandths })).exactOptional(),
  councils: z.record(Id, CouncilSeats).exactOptional(),
  /** Of each running campaign: the first tick that it counts in, the campaigns that follow it, and whether this tick is its last. */
  campaigns: z
    .record(
      Id,
      z.strictObject({
        opened_tick: Count,
        after: z.array(CampaignStep).exactOptional(),
        closing: z.literal(1).exactOptional(),
      }),
    )
    .exactOptional(),
  /** Campaigns that the normalizer lets candidates name, each with the tick that its opening was read in. */
  admitted: z.record(Id, Count).exactOptional(),
  rosters: Rosters.exactOptional(),
  /**
   * The season's ticks of kind `status`, in runs: the first one's number and how many follow each other. They don't count where
   * ticks are counted.
   */
  status_ticks: z.array(z.tuple([Count, Count])).exactOptional(),
  /** Who was told on this day of the realm that a burst cap cut their points; in code-unit order. */
  told: z.strictObject({ day: z.int(), users: z.array(AccountId) }).exactOptional(),
  /** SHA-256 of the canonical array of this tick's notices; absent when there are none. */
  notices_hash: Hash.exactOptional(),
  /** SHA-256 of the canonical array of what became of this tick's commands, votes included; absent when it decided none. */
  commands_hash: Hash.exactOptional(),
});
export type PrivateState = z.infer<typeof PrivateState>;
