/**
 * Ruleset: every balance number of a realm, and its map. It is versioned; a change is a command in the log, so a replay
 * sees it at the same place. Bounds: from a tenth to ten times the default unless another bound is given here.
 */
import { z } from "zod";
import { find } from "../exact/by-id.ts";
import { around } from "./bounds.ts";
import type { SOURCES } from "./candidate.ts";
import { BasisPoints, Id } from "./ids.ts";
import { COUNCIL, CouncilRules, SOVEREIGN, SovereignRules } from "./politics.ts";
import { Name } from "./text.ts";
import { Trigger } from "./trigger.ts";

/**
 * The rules engine that this code implements. A node refuses a ruleset for a later one; a realm of an earlier one goes on under this
 * one from its last state (`simulator/steps/convert-engine.ts`).
 */
export const ENGINE = 2;

const bySource = (defaults: Record<(typeof SOURCES)[number], number>) =>
  z.strictObject({
    chapter_outcome: around(defaults.chapter_outcome),
    combat_milestone: around(defaults.combat_milestone),
    faction_quest: around(defaults.faction_quest),
    rare_discovery: around(defaults.rare_discovery),
    campaign_participation: around(defaults.campaign_participation),
  });
const sized = <V extends z.ZodType>(value: V, min: number, max: number) =>
  z.record(Id, value).refine((record) => {
    const size = Object.keys(record).length;
    return size >= min && size <= max;
  }, `needs ${min} to ${max} entries`);

/** East and south of the map's north-west corner, in thousandths of the map. */
export const Point = z.tuple([z.int().min(0).max(1_000), z.int().min(0).max(1_000)]);

const TerritoryRules = z.strictObject({
  name: Name,
  /** Its place on the map; clients lay out from adjacency the map of a ruleset that has no places. */
  at: Point.exactOptional(),
  /** Its outline on the map, in order. */
  shape: z.array(Point).min(3).max(64).exactOptional(),
  strategic_value: z.int().min(1).max(50),
  adjacent: z.array(Id).max(64),
  /** Control at the start, in basis points by faction; the sum is 10 000. */
  control: z.record(Id, BasisPoints),
  controller: Id.optional(),
  /** Units per tick by resource. */
  yields: z.record(Id, z.int().min(0).max(100)),
});

const names = z.record(Id, Name);

/** How fast a key cools, and how many hits at once are too many for a look and for good. */
const heat = (leak_seconds: number, quarantine: number, reject: number) =>
  z.strictObject({
    leak_seconds: around(leak_seconds),
    quarantine: around(quarantine),
    reject: around(reject),
  });

const STANDING = { points: 50, days: 3 };
const DEVICE_TURNS = { leak_seconds: 600, quarantine: 20 };

const SOURCE_DAY = {
  chapter_outcome: 600,
  combat_milestone: 400,
  faction_quest: 500,
  rare_discovery: 400,
  campaign_participation: 400,
};

/** What an action is worth, and who is playing foul: the normalizer's numbers. */
const JudgementRules = z.strictObject({
  /** `floor + (stakes·stakes_bp + significance·significance_bp) / 10000`. */
  quality: z.strictObject({
    floor_bp: around(5_000),
    stakes_bp: z.int().min(0).max(40_000),
    significance_bp: z.int().min(0).max(60_000),
  }),
  anti_spam: z.strictObject({
    /** Of the same action on the same target. */
    fine_leak_seconds: around(7_200),
    fine_weight_bp: around(5_000),
    /** Of the same category and type. */
    coarse_leak_seconds: around(1_800),
    coarse_weight_bp: around(1_000),
    /** For each category beyond the first in the user's last 24 hours. */
    variety_bp: around(500),
    min_bp: around(1_000),
    max_bp: z.int().min(10_000).max(20_000),
  }),
  fairness: z.strictObject({
    /** The mean is never taken as less, points. */
    mean_min: around(50),
    /** Below so many active users there is no mean to compare with. */
    users_min: around(10),
    rolling_min_bp: around(3_000).max(10_000),
    min_bp: around(2_500).max(10_000),
    /** By `spend_tier`; never above 10 000. */
    tier_bp: z.tuple([BasisPoints, BasisPoints, BasisPoints, BasisPoints]),
  }),
  /**
   * The looks are wide: who names no device has half of them, and what a realm loses by that the caps and fairness hold back
   * (`npm run gym`). With bursts of 6 and drips of 40 one honest player in seven was quarantined within two weeks: an evening
   * that earns a day's cap of 1 000 points is 50 to 100 deeds, and a stalled engine sends some minutes of play at once.
   */
  heat: z.strictObject({
    user_burst: heat(60, 12, 20),
    user_drip: heat(720, 160, 320),
    session_burst: heat(60, 12, 20),
    device_burst: heat(30, 12, 40),
    device_drip: heat(360, 240, 480),
  }),
  /** The same action, target, base points, stakes and significance of one user. */
  fingerprint: z.strictObject({ leak_seconds: around(21_600), quarantine: around(5) }),
  /** Eight intervals with a mean of at least this, and `(max − min) · spread ≤ mean`. */
  clockwork: z.strictObject({ mean_min_seconds: around(60), spread: around(50) }),
  /** More users than this on one device within 7 days are a crowd. */
  device_users: around(16).max(64),
  /** How often a device goes from hand to hand: people pass it on after a chapter, a ring after every deed or two. */
  device_turns: z
    .strictObject({
      leak_seconds: around(DEVICE_TURNS.leak_seconds),
      quarantine: around(DEVICE_TURNS.quarantine),
    })
    .default(DEVICE_TURNS),
  /**
   * Who votes in councils and always finds a place in the quarantine: points of the last 7 days at least, and days since they joined
   * their faction.
   */
  standing: z
    .strictObject({ points: around(STANDING.points), days: z.int().min(0).max(14) })
    .default(STANDING),
  /** Open at once, and for how long. */
  quarantine: z.strictObject({
    user_max: around(10),
    realm_max: z.int().min(500).max(10_000),
    days: z.int().min(1).max(7),
  }),
  membership_switch_days: around(14),
});

/** Also what a ruleset from before the judgement had numbers is read as. */
const JUDGEMENT: z.infer<typeof JudgementRules> = {
  quality: { floor_bp: 5_000, stakes_bp: 4_000, significance_bp: 6_000 },
  anti_spam: {
    fine_leak_seconds: 7_200,
    fine_weight_bp: 5_000,
    coarse_leak_seconds: 1_800,
    coarse_weight_bp: 1_000,
    variety_bp: 500,
    min_bp: 1_000,
    max_bp: 11_000,
  },
  fairness: {
    mean_min: 50,
    users_min: 10,
    rolling_min_bp: 3_000,
    min_bp: 2_500,
    tier_bp: [10_000, 9_500, 9_000, 8_500],
  },
  heat: {
    user_burst: { leak_seconds: 60, quarantine: 12, reject: 20 },
    user_drip: { leak_seconds: 720, quarantine: 160, reject: 320 },
    session_burst: { leak_seconds: 60, quarantine: 12, reject: 20 },
    device_burst: { leak_seconds: 30, quarantine: 12, reject: 40 },
    device_drip: { leak_seconds: 360, quarantine: 240, reject: 480 },
  },
  fingerprint: { leak_seconds: 21_600, quarantine: 5 },
  clockwork: { mean_min_seconds: 60, spread: 50 },
  device_users: 16,
  device_turns: DEVICE_TURNS,
  standing: STANDING,
  quarantine: { user_max: 10, realm_max: 5_000, days: 7 },
  membership_switch_days: 14,
};

export const Ruleset = z
  .strictObject({
    engine: z.literal(
      ENGINE,
      `is ${ENGINE} in this release: a ruleset of an earlier one has the same numbers, so write that`,
    ),
    /** The tick's length; one second at least, for demos and tests. */
    tick_seconds: z.int().min(1).max(9_000),
    /** Added to UTC to find the realm's calendar day. */
    day_offset_minutes: z.int().min(-720).max(840),
    season_length_ticks: around(5_376),
    /** From a season's close to the opening of the next. */
    season_break_ticks: around(96).default(96),
    membership: z.enum(["open", "assigned"]),
    factions: sized(z.strictObject({ name: Name }), 2, 8),
    resources: z.array(Id).max(8),
    territories: sized(TerritoryRules, 1, 64),
    relics: sized(z.strictObject({ name: Name, territory: Id }), 0, 16),
    /** Points. */
    base_maximum: bySource({
      chapter_outcome: 200,
      combat_milestone: 120,
      faction_quest: 250,
      rare_discovery: 400,
      campaign_participation: 150,
    }),
    /** Points a day: of a user in all, of a user by source, of a device whoever plays on it. */
    caps: z.strictObject({
      user_day: z.int().min(100).max(1_600),
      source_day: bySource(SOURCE_DAY).default(SOURCE_DAY),
      device_day: around(2_000).default(2_000),
    }),
    judgement: JudgementRules.default(JUDGEMENT),
    influence: z.strictObject({
      /** Points per faction, counted into shares and the burst cap. */
      prior: around(20_000),
      decay_bp: around(10),
      /** The faction burst cap per tick: `clamp(mul(Σ(influence+prior), rate_bp), min, max) · k`, points. */
      burst_rate_bp: around(100),
      burst_min: around(600),
      burst_max: around(500_000),
    }),
    contest: z.strictObject({
      /** Points of push per user, territory and tick. */
      user_push: around(60),
      share_weight_bp: around(3_000),
      adjacent_weight_bp: around(400),
      adjacent_weight_max_bp: around(1_200),
      defender_weight_bp: around(500),
      overextension_bp: around(600),
      weight_min_bp: z.int().min(600).max(10_000),
      weight_max_bp: z.int().min(10_000).max(20_000),
      /** Points of score under which nothing moves. */
      quiet_score: around(10),
      rate_max_bp: around(600),
      /** Points of score per strategic value at which half of the rate is reached. */
      half_score: around(200),
      clamp_bp: around(120),
      instability_contest_bp: around(300),
      instability_flip_bp: around(1_500),
      instability_decay_bp: around(300),
      /** 1 000 by default: with 500 a front went to and fro in an evening (`npm run balance`). */
      flip_lead_bp: z.int().min(50).max(10_000),
      flip_streak_ticks: around(2),
      /** 192 by default: what a crowd has won it holds for two days, so a war is weeks and not one evening's. */
      flip_gap_ticks: z.int().min(1).max(1_920),
      open_control_bp: z.int().min(400).max(10_000),
      contested_bp: z.int().min(500).max(10_000),
    }),
    meters: z.strictObject({
      instability_weight_bp: BasisPoints,
      tension_fall_bp: around(100),
      tension_rise_bp: around(200),
      catastrophe_from_bp: BasisPoints,
      catastrophe_rate_bp: around(80),
      catastrophe_flip_bp: around(60),
      catastrophe_relic_bp: around(40),
      catastrophe_calm_bp: around(10),
    }),
    stock: z.strictObject({ decay_bp: around(20), max: around(10_000) }),
    claims: z.strictObject({
      decay_bp: around(500),
      /** Points this tick that make a faction a rival. */
      rival: around(30),
      /** Points that a capture takes. 1 500 by default: a crowd of 1 000 hardly ever had 2 000 at once. */
      capture: around(2_000),
      /** Control of the relic's territory that a capture takes. */
      control_bp: BasisPoints,
      gap_ticks: around(96),
      holder_push_weight_bp: around(300),
    }),
    /** Points and contributors of a campaign that a trigger's chain opens. */
    chain: z.strictObject({ goal: around(5_000), min_contributors: around(20) }),
    sovereign: SovereignRules.default(SOVEREIGN),
    council: CouncilRules.default(COUNCIL),
    triggers: z.array(Trigger).max(64),
    /** Of what is an id alone elsewhere in the ruleset; what has an object of its own has its name there. */
    names: z
      .strictObject({
        resources: names.exactOptional(),
        styles: names.exactOptional(),
        quest_pools: names.exactOptional(),
      })
      .exactOptional(),
  })
  .superRefine((rules, context) => {
    const refuse = (path: (string | number)[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    const factions = Object.keys(rules.factions);
    for (const [id, territory] of Object.entries(rules.territories)) {
      const path = ["territories", id];
      for (const faction of Object.keys(territory.control))
        if (!factions.includes(faction)) refuse([...path, "control", faction], "no such faction");
      const sum = Object.values(territory.control).reduce((a, b) => a + b, 0);
      if (sum !== 10_000) refuse([...path, "control"], `sums to ${sum}, not 10000`);
      if (territory.controller !== undefined && !factions.includes(territory.controller))
        refuse([...path, "controller"], "no such faction");
      territory.adjacent.forEach((neighbour, i) => {
        if (!find(rules.territories, neighbour)?.adjacent.includes(id) || neighbour === id)
          refuse([...path, "adjacent", i], "needs to be another territory, adjacent both ways");
      });
      for (const resource of Object.keys(territory.yields))
        if (!rules.resources.includes(resource)) refuse([...path, "yields", resource], "no such resource");
    }
    for (const [id, relic] of Object.entries(rules.relics))
      if (find(rules.territories, relic.territory) === undefined)
        refuse(["relics", id, "territory"], "no such territory");
  });
export type Ruleset = z.infer<typeof Ruleset>;
export type JudgementRules = Ruleset["judgement"];
export type HeatRules = JudgementRules["heat"]["user_burst"];
