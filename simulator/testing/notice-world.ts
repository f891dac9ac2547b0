/** For properties of notices: a land where much happens within a few ticks, between some ten users. */
import fc from "fast-check";
import type { NoticeItem } from "../../shared/contracts/notice.ts";
import { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { DerivedEvent } from "../../shared/contracts/world.ts";
import { accepted, type Interval, play, started } from "./builders.ts";
import { passed } from "./command-builders.ts";

const rulesWith = (burst: number): Ruleset =>
  Ruleset.parse({
    engine: 2,
    tick_seconds: 900,
    day_offset_minutes: 420,
    season_length_ticks: 5_376,
    membership: "open",
    factions: { constructor: { name: "Builders" }, empire: { name: "Empire" }, zenith: { name: "Zenith" } },
    resources: [],
    territories: {
      gate: land({ constructor: 4_000, empire: 6_000 }, "empire", ["marsh"]),
      marsh: land({ constructor: 3_340, empire: 3_330, zenith: 3_330 }, undefined, ["gate"]),
    },
    relics: { bell: { name: "Bell", territory: "marsh" } },
    base_maximum: {
      chapter_outcome: 200,
      combat_milestone: 120,
      faction_quest: 250,
      rare_discovery: 400,
      campaign_participation: 150,
    },
    caps: { user_day: 1_000 },
    influence: {
      prior: 2_000,
      decay_bp: 10,
      burst_rate_bp: 10,
      burst_min: burst,
      burst_max: 500_000,
    },
    contest: {
      user_push: 60,
      share_weight_bp: 30_000,
      adjacent_weight_bp: 400,
      adjacent_weight_max_bp: 1_200,
      defender_weight_bp: 500,
      overextension_bp: 600,
      weight_min_bp: 600,
      weight_max_bp: 20_000,
      quiet_score: 10,
      rate_max_bp: 6_000,
      half_score: 20,
      clamp_bp: 1_200,
      instability_contest_bp: 300,
      instability_flip_bp: 1_500,
      instability_decay_bp: 300,
      flip_lead_bp: 50,
      flip_streak_ticks: 1,
      flip_gap_ticks: 1,
      open_control_bp: 3_400,
      contested_bp: 5_000,
    },
    meters: {
      instability_weight_bp: 7_000,
      tension_fall_bp: 1_000,
      tension_rise_bp: 2_000,
      catastrophe_from_bp: 500,
      catastrophe_rate_bp: 800,
      catastrophe_flip_bp: 600,
      catastrophe_relic_bp: 400,
      catastrophe_calm_bp: 100,
    },
    stock: { decay_bp: 20, max: 10_000 },
    claims: {
      decay_bp: 500,
      rival: 3,
      capture: 200,
      control_bp: 3_000,
      gap_ticks: 10,
      holder_push_weight_bp: 300,
    },
    chain: { goal: 500, min_contributors: 3 },
    triggers: [
      trigger("rise", { gt: ["faction.empire.share_bp", 3_400] }, 2),
      trigger("hold", { gt: ["control.gate.constructor", 4_500] }),
      trigger("fall", { lt: ["faction.empire.share_bp", 3_200] }),
      // Close shares make a tension of 3 000 at most by themselves.
      trigger("strife", { gt: ["meter.tension", 3_100] }, 3),
      trigger("clash", { gte: [{ count: "relics", where: { eq: ["contested", 1] } }, 1] }),
      trigger("either", {
        any: [
          { eq: ["territory.marsh.controller", "zenith"] },
          { not: { lte: ["faction.zenith.share_bp", 3_500] } },
        ],
      }),
    ],
  });
const CUTTING = rulesWith(60);
export const AMPLE = rulesWith(6_000);

function land(control: Record<string, number>, controller: string | undefined, adjacent: string[]) {
  const held = controller === undefined ? {} : { controller };
  return { name: "Land", strategic_value: 1, adjacent, control, ...held, yields: {} };
}

function trigger(key: string, when: object, priority = 1) {
  // The first one calls everybody to a campaign.
  const effects = [
    key === "rise" ? { do: "chain", id: "call", ticks: 3 } : { do: "style", id: `${key}-style`, ticks: 1 },
  ];
  return { key, when, sustain: 1, cooldown: 0, rearm: "auto", priority, effects };
}

const USERS = Array.from({ length: 10 }, (_, i) => `user-${i}`).concat("constructor", "7");

const event = fc
  .record({
    faction_id: fc.constantFrom("constructor", "empire", "zenith"),
    user_id: fc.constantFrom(...USERS),
    normalized_points: fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 120_000 })),
    event_type: fc.constantFrom(
      "territory_push" as const,
      "territory_push" as const,
      "relic_claim" as const,
      "influence_gain" as const,
    ),
    place: fc.constantFrom("gate", "marsh"),
    campaign: fc.constantFrom(
      {},
      { campaign_id: "call" },
      { campaign_id: "call", campaign_first: 1 as const },
    ),
  })
  .map(({ place, campaign, ...over }) =>
    accepted({ ...over, ...campaign, ...PLACE[over.event_type](place) }),
  );
const PLACE = {
  territory_push: (territory_id: string) => ({ territory_id }),
  relic_claim: () => ({ relic_id: "bell" }),
  influence_gain: () => ({}),
};

/** It raises the tension at the beginning of the next tick. */
const DECREE = passed(
  "decree",
  { text: "Unrest.", effects: [{ do: "meter", name: "tension", add: 2_500 }] },
  900,
);
const DECREED = fc.integer({ min: 0, max: 7 }).map((dice) => dice === 0);

/** Some ticks that a world plays from its start. */
export type History = { rules: Ruleset; intervals: Interval[] };
export const histories: fc.Arbitrary<History> = fc.record({
  /** A cap that cuts now and then, and one that never does. */
  rules: fc.constantFrom(CUTTING, AMPLE),
  intervals: fc.array(
    fc
      .record({ events: fc.array(event, { maxLength: 10 }), isDecreed: DECREED })
      .map(({ events, isDecreed }) => ({
        events: events.map((each, i) => ({ ...each, event_id: `event-${i}` })),
        commands: isDecreed ? [DECREE] : [],
      })),
    { minLength: 1, maxLength: 4 },
  ),
});
export const STARTED = new Map([CUTTING, AMPLE].map((rules) => [rules, started(rules)]));
export const live = ({ rules, intervals }: History) => play(STARTED.get(rules)!, intervals);

/** The event that an item tells of. */
export const eventOf = (item: NoticeItem, events: readonly DerivedEvent[]) =>
  events.find(
    (each) =>
      (each.kind === "flip" &&
        item.kind === "flip" &&
        each.territory === item.territory &&
        each.to === item.to) ||
      (each.kind === "capture" &&
        item.kind === "capture" &&
        each.relic === item.relic &&
        each.faction === item.faction) ||
      (each.kind === "campaign" &&
        item.kind === "campaign" &&
        each.id === item.campaign &&
        each.stage === item.stage) ||
      (each.kind === "trigger" && item.kind === "trigger" && each.key === item.key),
  );
