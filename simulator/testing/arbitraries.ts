/** Worlds that fast-check makes up: rulesets, what happens under them, and both together. */
import fc from "fast-check";
import { COUNCIL, SOVEREIGN } from "../../shared/contracts/politics.ts";
import { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { Condition, Effect, EffectKind, Trigger } from "../../shared/contracts/trigger.ts";
import { apportion } from "../../shared/exact/integers.ts";
import { accepted, type Interval } from "./builders.ts";

/** Integers around a default as a ruleset may have them: its bounds, the default, anything between. */
const around = (byDefault: number) => {
  const bounds = { min: Math.ceil(byDefault / 10), max: byDefault * 10 };
  return fc.oneof(fc.constantFrom(bounds.min, byDefault, bounds.max), fc.integer(bounds));
};

const FACTIONS = ["aurora", "constructor", "empire", "zenith"];
const TERRITORIES = ["constructor", "gate", "hub", "marsh", "stair"];
const RESOURCES = ["constructor", "iron"];
const RELICS = ["bell", "constructor", "crown"];

const some = (ids: readonly string[], minLength: number) => fc.subarray([...ids], { minLength });

/** Every valid kind of condition over the given ids; thresholds are low, so that they hold now and then. */
const conditions = (factions: string[], territories: string[]): fc.Arbitrary<Condition> => {
  const faction = fc.constantFrom(...factions);
  const comparison = fc.oneof(
    fc.tuple(faction, fc.integer({ min: 0, max: 10_000 })).map(([id, bp]) => ({
      gt: [`faction.${id}.share_bp`, bp] satisfies [string, number],
    })),
    fc.integer({ min: 0, max: 2_000 }).map((bp) => ({
      gte: ["meter.tension", bp] satisfies [string, number],
    })),
    fc.tuple(fc.constantFrom(...territories), faction).map(([id, holder]) => ({
      eq: [`territory.${id}.controller`, holder] satisfies [string, string],
    })),
    fc.integer({ min: 0, max: 3 }).map(
      (count): Condition => ({
        lte: [{ count: "territories", where: { eq: ["contested", 1] } }, count],
      }),
    ),
  );
  return fc.oneof(
    comparison,
    comparison.map((inner) => ({ not: inner })),
    fc.array(comparison, { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
    fc.array(comparison, { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
  );
};

const effects = (factions: string[], territories: string[]): fc.Arbitrary<Effect> => {
  const ticks = fc.integer({ min: 1, max: 4 });
  const add = fc.integer({ min: -2_000, max: 2_000 });
  const made = {
    modify: fc.oneof(
      fc.record({
        do: fc.constant("modify" as const),
        name: fc.constantFrom("push_weight_bp", "influence_gain_bp", "yield_bp", "claim_bp"),
        faction: fc.constantFrom("*", ...factions, ...factions.map((id) => `!${id}`)),
        add,
        ticks,
      }),
      fc.record({
        do: fc.constant("modify" as const),
        name: fc.constant("clamp_bp" as const),
        territory: fc.constantFrom(...territories),
        add,
        ticks,
      }),
    ),
    meter: fc.record({
      do: fc.constant("meter" as const),
      name: fc.constantFrom("catastrophe", "tension"),
      add: fc.integer({ min: -10_000, max: 10_000 }),
    }),
    chain: fc.record({ do: fc.constant("chain" as const), id: fc.constantFrom("storm", "decrees"), ticks }),
    style: fc.record({ do: fc.constant("style" as const), id: fc.constantFrom("uncanny", "austere"), ticks }),
    quest_pool: fc.record({
      do: fc.constant("quest_pool" as const),
      id: fc.constant("seal"),
      op: fc.constantFrom("add", "remove"),
      ticks,
    }),
  } satisfies Record<EffectKind, fc.Arbitrary<Effect>>;
  return fc.oneof(...Object.values(made));
};

const triggersOf = (factions: string[], territories: string[]): fc.Arbitrary<Trigger[]> =>
  fc
    .array(
      fc.record({
        when: conditions(factions, territories),
        sustain: fc.integer({ min: 1, max: 3 }),
        cooldown: fc.integer({ min: 0, max: 4 }),
        rearm: fc.oneof(fc.constant("auto" as const), conditions(factions, territories)),
        priority: fc.integer({ min: 0, max: 2 }),
        effects: fc.uniqueArray(effects(factions, territories), {
          minLength: 1,
          maxLength: 4,
          selector: (effect) => ("id" in effect ? effect.id : effect),
        }),
      }),
      { maxLength: 8 },
    )
    .map((triggers) => triggers.map((trigger, i) => ({ key: `trigger-${i}`, ...trigger })));

/** Any small map under any allowed numbers; every one of them is a valid ruleset. */
export const rulesets: fc.Arbitrary<Ruleset> = fc
  .tuple(some(FACTIONS, 2), some(TERRITORIES, 1), some(RESOURCES, 0), some(RELICS, 0))
  .chain(([factions, territories, resources, relics]) =>
    fc
      .record({
        map: fc.array(
          fc.record({
            value: fc.integer({ min: 1, max: 50 }),
            weights: fc.array(fc.integer({ min: 0, max: 5 }), {
              minLength: factions.length,
              maxLength: factions.length,
            }),
            controller: fc.option(fc.constantFrom(...factions), { nil: undefined }),
            yields: fc.array(fc.integer({ min: 0, max: 100 }), {
              minLength: resources.length,
              maxLength: resources.length,
            }),
          }),
          { minLength: territories.length, maxLength: territories.length },
        ),
        places: fc.array(fc.constantFrom(...territories), {
          minLength: relics.length,
          maxLength: relics.length,
        }),
        influence: fc.record({
          prior: around(20_000),
          decay_bp: around(10),
          burst_rate_bp: around(100),
          burst_min: around(600),
          burst_max: around(500_000),
        }),
        contest: fc.record({
          user_push: around(60),
          share_weight_bp: around(3_000),
          adjacent_weight_bp: around(400),
          adjacent_weight_max_bp: around(1_200),
          defender_weight_bp: around(500),
          overextension_bp: around(600),
          weight_min_bp: fc.integer({ min: 600, max: 10_000 }),
          weight_max_bp: fc.integer({ min: 10_000, max: 20_000 }),
          quiet_score: around(10),
          rate_max_bp: around(600),
          half_score: around(200),
          clamp_bp: around(120),
          instability_contest_bp: around(300),
          instability_flip_bp: around(1_500),
          instability_decay_bp: around(300),
          flip_lead_bp: around(500),
          flip_streak_ticks: fc.integer({ min: 1, max: 3 }),
          flip_gap_ticks: fc.integer({ min: 1, max: 5 }),
          open_control_bp: fc.integer({ min: 400, max: 10_000 }),
          contested_bp: fc.integer({ min: 500, max: 10_000 }),
        }),
        meters: fc.record({
          instability_weight_bp: fc.integer({ min: 0, max: 10_000 }),
          tension_fall_bp: around(100),
          tension_rise_bp: around(200),
          catastrophe_from_bp: fc.integer({ min: 0, max: 10_000 }),
          catastrophe_rate_bp: around(80),
          catastrophe_flip_bp: around(60),
          catastrophe_relic_bp: around(40),
          catastrophe_calm_bp: around(10),
        }),
        stock: fc.record({ decay_bp: around(20), max: around(10_000) }),
        claims: fc.record({
          decay_bp: around(500),
          rival: around(30),
          capture: around(2_000),
          control_bp: fc.integer({ min: 0, max: 10_000 }),
          gap_ticks: around(96),
          holder_push_weight_bp: around(300),
        }),
        triggers: triggersOf(factions, territories),
      })
      .map(
        ({ map, places, triggers, ...numbers }): Ruleset => ({
          engine: 2,
          tick_seconds: 900,
          day_offset_minutes: 420,
          season_length_ticks: 5_376,
          season_break_ticks: 96,
          membership: "open",
          factions: Object.fromEntries(factions.map((id) => [id, { name: id }])),
          resources,
          territories: Object.fromEntries(
            territories.map((id, i) => [id, landOf(id, territories, factions, resources, map[i]!)]),
          ),
          relics: Object.fromEntries(relics.map((id, i) => [id, { name: id, territory: places[i]! }])),
          base_maximum: {
            chapter_outcome: 200,
            combat_milestone: 120,
            faction_quest: 250,
            rare_discovery: 400,
            campaign_participation: 150,
          },
          caps: Ruleset.shape.caps.parse({ user_day: 1_000 }),
          judgement: Ruleset.shape.judgement.parse(undefined),
          chain: { goal: 5_000, min_contributors: 20 },
          sovereign: SOVEREIGN,
          council: COUNCIL,
          ...numbers,
          // The bounds of the two overlap; the lower must not pass the upper.
          influence: {
            ...numbers.influence,
            burst_max: Math.max(numbers.influence.burst_max, numbers.influence.burst_min),
          },
          triggers,
        }),
      ),
  );

/** Every territory touches every other one. */
function landOf(
  id: string,
  territories: readonly string[],
  factions: readonly string[],
  resources: readonly string[],
  land: { value: number; weights: number[]; controller: string | undefined; yields: number[] },
) {
  const weights = new Map(factions.map((faction, i) => [faction, land.weights[i]!]));
  return {
    name: id,
    strategic_value: land.value,
    adjacent: territories.filter((other) => other !== id),
    control: Object.fromEntries(apportion(10_000, weights)),
    ...(land.controller === undefined ? {} : { controller: land.controller }),
    yields: Object.fromEntries(resources.map((resource, i) => [resource, land.yields[i]!])),
  };
}

/** Intervals of a few events each, by a few users, on everything that the ruleset names. */
export const intervalsUnder = (rules: Ruleset, maxTicks = 6): fc.Arbitrary<Interval[]> => {
  const faction_id = fc.constantFrom(...Object.keys(rules.factions));
  const territory_id = fc.constantFrom(...Object.keys(rules.territories));
  const relics = Object.keys(rules.relics);
  const shared = {
    faction_id,
    user_id: fc.constantFrom("constructor", "ann", "ben", "cleo"),
    /** Milli-points: little, a daily cap's worth, and a crowd's in one. */
    normalized_points: fc.oneof(
      fc.integer({ min: 0, max: 100_000 }),
      fc.integer({ min: 0, max: 1_600_000 }),
      fc.integer({ min: 0, max: 2_000_000_000 }),
    ),
    /** What triggers may have opened. */
    campaign: fc.option(fc.constantFrom("storm", "decrees"), { nil: undefined }),
    first: fc.boolean(),
  };
  const event = fc.oneof(
    fc.record({ ...shared, event_type: fc.constant("influence_gain" as const) }),
    fc.record({ ...shared, event_type: fc.constant("territory_push" as const), territory_id }),
    ...(relics.length === 0
      ? []
      : [
          fc.record({
            ...shared,
            event_type: fc.constant("relic_claim" as const),
            relic_id: fc.constantFrom(...relics),
          }),
        ]),
  );
  const interval = fc.record({
    events: fc.array(event, { maxLength: 12 }).map((events) =>
      events.map(({ campaign, first, ...each }, i) =>
        accepted({
          ...each,
          event_id: `event-${i}`,
          ...(campaign === undefined ? {} : { campaign_id: campaign }),
          ...(first ? { campaign_first: 1 } : {}),
        }),
      ),
    ),
    sinceMs: fc.constantFrom(0, 1_000, 900_000, 1_350_000, 10_000_000),
  });
  return fc.array(interval, { minLength: 1, maxLength: maxTicks });
};

/** A ruleset and what its realm lives through. */
export const histories = (maxTicks = 6): fc.Arbitrary<{ rules: Ruleset; intervals: Interval[] }> =>
  rulesets.chain((rules) => intervalsUnder(rules, maxTicks).map((intervals) => ({ rules, intervals })));
