import { expect, test } from "vitest";
import { runs } from "../ops/testing/fuzz.ts";
import { Ruleset } from "../shared/contracts/ruleset.ts";
import type { PublicState } from "../shared/contracts/world.ts";
import { mapById } from "../shared/exact/by-id.ts";
import { canonical, canonicalHash } from "../shared/exact/canonical.ts";
import { mul } from "../shared/exact/integers.ts";
import { appliedPoints } from "../shared/world/applied.ts";
import { checkRuleset } from "../shared/world/check-ruleset.ts";
import { apply } from "../shared/world/merge-patch.ts";
import { MODIFIER_LIMIT_BP } from "../shared/world/modifiers.ts";
import { MAX_ACTIVE_EFFECTS } from "./steps/effects.ts";
import { yieldOf } from "./steps/resources.ts";
import { MAX_FIRES } from "./steps/triggers.ts";
import { histories } from "./testing/arbitraries.ts";
import { type Interval, play, started } from "./testing/builders.ts";
import { sharedProperty } from "./testing/shared-property.ts";
import type { TickResult } from "./tick-result.ts";

type History = { rules: Ruleset; intervals: Interval[] };
type Step = { before: PublicState; after: TickResult; interval: Interval; rules: Ruleset };

function stepsOf({ rules, intervals }: History): Step[] {
  const results = play(started(rules), intervals);
  return results.map((after, i) => ({
    before: i === 0 ? started(rules).state.public : results[i - 1]!.state.public,
    after,
    interval: intervals[i]!,
    rules,
  }));
}

const everyHistory = sharedProperty(histories(4), stepsOf, runs(2_000));
const everyTick = (fact: string, holds: (step: Step) => void) =>
  everyHistory(fact, (steps) => {
    for (const step of steps) holds(step);
  });
const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, each) => total + each, 0);

everyHistory("every made-up ruleset is one that may be in force", ([step]) => {
  expect(Ruleset.safeParse(step!.rules).error?.issues).toBeUndefined();
  expect(checkRuleset(step!.rules)).toEqual([]);
});

everyTick("control sums to 10 000 and is never negative", ({ after }) => {
  for (const { control } of Object.values(after.state.public.territories)) {
    expect(sum(Object.values(control))).toBe(10_000);
    expect(Math.min(...Object.values(control))).toBeGreaterThanOrEqual(0);
  }
});

everyTick(
  "no more control moves in a tick than the clamp, its modifiers and unrest allow",
  ({ before, after, rules }) => {
    for (const [id, { control }] of Object.entries(after.state.public.territories)) {
      const was = before.territories[id]!;
      const moved = sum(
        Object.keys(control).map((faction) => Math.max(0, control[faction]! - was.control[faction]!)),
      );
      const modifiers = Object.values(after.state.public.effects).filter(
        ({ name, territory }) => name === "clamp_bp" && territory === id,
      );
      const added = Math.max(-2_000, Math.min(2_000, sum(modifiers.map(({ add }) => add!))));
      const heat = 10_000 + Math.floor(was.instability / 2);
      expect(moved).toBeLessThanOrEqual(mul(mul(rules.contest.clamp_bp, 10_000 + added), heat));
    }
  },
);

everyTick("shares sum to 10 000, and trends say how each moved", ({ before, after }) => {
  const factions = Object.entries(after.state.public.factions);
  expect(sum(factions.map(([, { share_bp }]) => share_bp))).toBe(10_000);
  for (const [id, { share_bp, trend_bp }] of factions)
    expect(trend_bp).toBe(share_bp - before.factions[id]!.share_bp);
});

everyTick(
  "what is applied sums to the cap at most, no event moves more than it brought, and influence grows by just that",
  ({ before, after, interval, rules }) => {
    const { factions } = after.record;
    const events = interval.events ?? [];
    const applied = appliedPoints(events, after.record);
    for (const [id, { sum: brought, cap, gain_bp }] of Object.entries(factions)) {
      const own = events.filter(({ faction_id }) => faction_id === id);
      expect(sum(own.map(({ event_id }) => applied.get(event_id)!))).toBe(Math.min(brought, cap));
      const grown = own.filter(
        ({ event_id, normalized_points }) =>
          applied.get(event_id)! > mul(normalized_points, 10_000 + gain_bp),
      );
      expect(grown).toEqual([]);
      // Every bound of the cap but k is in the ruleset, so k shows in what decays.
      let kept = before.factions[id]!.influence;
      for (let k = latenessOf(after, interval); k > 0; k--) kept -= mul(kept, rules.influence.decay_bp);
      expect(after.state.public.factions[id]!.influence).toBe(kept + Math.min(brought, cap));
    }
  },
);

function latenessOf(after: TickResult, { sinceMs }: Interval): number {
  const late = new Map([
    [0, 1],
    [1_000, 1],
    [900_000, 1],
    [1_350_000, 2],
    [10_000_000, 4],
  ]);
  return after.record.tick === 1 ? 1 : late.get(sinceMs!)!;
}

everyTick(
  "effects hold while tick < until_tick, 16 at most, and modifiers are their bounded sums",
  ({ before, after, rules }) => {
    const { tick, effects, factions } = after.state.public;
    expect(Object.keys(effects).length).toBeLessThanOrEqual(MAX_ACTIVE_EFFECTS);
    for (const { until_tick } of Object.values(effects)) expect(until_tick).toBeGreaterThan(tick);
    for (const [id, { modifiers }] of Object.entries(factions)) {
      const held = Object.values(before.relics).filter(({ holder }) => holder === id).length;
      const expected = ["claim_bp", "influence_gain_bp", "push_weight_bp", "yield_bp"].map((name) => {
        const reaching = Object.values(effects).filter(
          (effect) =>
            effect.name === name &&
            (effect.faction === "*" ||
              effect.faction === id ||
              (effect.faction!.startsWith("!") && effect.faction !== `!${id}`)),
        );
        const bonus = name === "push_weight_bp" ? held * rules.claims.holder_push_weight_bp : 0;
        const total = bonus + sum(reaching.map(({ add }) => add!));
        return [name, Math.max(-MODIFIER_LIMIT_BP, Math.min(MODIFIER_LIMIT_BP, total))] as const;
      });
      expect(modifiers).toEqual(Object.fromEntries(expected.filter(([, total]) => total !== 0)));
    }
  },
);

everyTick(
  "resources come from controlled land alone, spoil by their decay, and vanish nowhere else",
  ({ before, after, rules }) => {
    const { factions, territories } = after.state.public;
    const full = rules.stock.max * 1_000;
    const expected = mapById(factions, ({ modifiers }, id) => {
      const land = Object.entries(territories).filter(([, { controller }]) => controller === id);
      return mapById(before.factions[id]!.resources, (was, resource) => {
        const gained = land.map(([place, { instability }]) =>
          yieldOf(rules.territories[place]!.yields[resource]!, instability, modifiers.yield_bp ?? 0),
        );
        return Math.min(full, was - mul(was, rules.stock.decay_bp) + sum(gained));
      });
    });
    expect(canonical(mapById(factions, ({ resources }) => resources))).toBe(canonical(expected));
  },
);

everyTick(
  "meters and unrest stay within 0 and 10 000, and tension moves no faster than its bounds",
  ({ before, after, rules }) => {
    const { meters, territories } = after.state.public;
    const scales = [
      ...Object.values(meters),
      ...Object.values(territories).map(({ instability }) => instability),
    ];
    expect(Math.min(...scales)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...scales)).toBeLessThanOrEqual(10_000);
    if (after.record.events.some(({ kind }) => kind === "effect_start")) return;
    const moved = meters.global_tension - before.meters.global_tension;
    expect(moved).toBeLessThanOrEqual(rules.meters.tension_rise_bp);
    expect(moved).toBeGreaterThanOrEqual(-rules.meters.tension_fall_bp);
  },
);

everyTick("every stored leaf is a safe integer or a string", ({ after }) => {
  expect(strangeLeaves({ state: after.state, record: after.record })).toEqual([]);
});

function strangeLeaves(value: unknown): unknown[] {
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(strangeLeaves);
  const plain = typeof value === "number" ? Number.isSafeInteger(value) && !Object.is(value, -0) : true;
  return plain && ["number", "string"].includes(typeof value) ? [] : [value];
}

everyHistory(
  "a delta turns the state before into the state after, and anyone can recompute the chain",
  (steps) => {
    const start = started(steps[0]!.rules);
    let world: unknown = start.state.public;
    let previous = start.record;
    for (const {
      after: { state, record, delta, snapshot },
    } of steps) {
      world = apply(world, delta.patch);
      expect(canonicalHash(world)).toBe(delta.hash);
      expect(delta.prev).toBe(previous.public_hash);
      const { hash, ...content } = record;
      expect(canonicalHash(content)).toBe(hash);
      expect(record.prev_hash).toBe(previous.hash);
      expect(record.private_hash).toBe(canonicalHash(state.private));
      expect(snapshot).toEqual({
        realm: state.public.realm,
        tick: record.tick,
        public_hash: delta.hash,
        record_hash: hash,
        through_seq: record.through_seq,
        state,
      });
      expect(record.events.map(({ tick, n }) => [tick, n])).toEqual(
        record.events.map((_, i) => [record.tick, i + 1]),
      );
      previous = record;
    }
  },
);

everyHistory("a trigger rests its cooldown, and at most 3 fire in a tick", (steps) => {
  const last = new Map<string, number>();
  for (const {
    after: { record },
    rules,
  } of steps) {
    const fired = record.events.flatMap((event) => (event.kind === "trigger" ? [event.key] : []));
    expect(fired.length).toBeLessThanOrEqual(MAX_FIRES);
    for (const key of fired) {
      const { cooldown } = rules.triggers.find((trigger) => trigger.key === key)!;
      expect(record.tick - (last.get(key) ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(cooldown);
      last.set(key, record.tick);
    }
  }
});

everyTick(
  "a campaign gathers what names it in its ticks, and each stage is told once",
  ({ before, after, interval }) => {
    for (const [id, campaign] of Object.entries(after.state.public.campaigns)) {
      const was = Object.hasOwn(before.campaigns, id) ? before.campaigns[id]! : undefined;
      const renewed = was !== undefined && was.until_tick <= after.record.tick;
      const from = was === undefined || renewed ? { points: 0, contributors: 0, stage: 0 } : was;
      const named = (interval.events ?? []).filter(({ campaign_id }) => campaign_id === id);
      const firsts = named.filter((each) => each.campaign_first === 1 && each.normalized_points > 0);
      expect(campaign.points).toBe(
        from.points + sum(named.map(({ normalized_points }) => normalized_points)),
      );
      expect(campaign.contributors).toBe(from.contributors + firsts.length);
      const stages = after.record.events.flatMap((event) =>
        event.kind === "campaign" && event.id === id && Number(event.stage) > 0 ? [event.stage] : [],
      );
      expect(stages).toEqual(
        Array.from({ length: campaign.stage - from.stage }, (_, i) => from.stage + i + 1),
      );
    }
  },
);

const seen = new Set<string>();
everyTick("what is looked for happens: flips, captures, fires, chains, refusals and clips", ({ after }) => {
  for (const event of after.record.events)
    seen.add(event.kind === "campaign" && event.stage !== 0 ? "stage" : event.kind);
  if (Object.values(after.record.factions).some(({ sum: brought, cap }) => brought > cap)) seen.add("clip");
  if (Object.values(after.record.factions).some(({ gain_bp }) => gain_bp !== 0)) seen.add("gain");
});

test("the made-up histories flip, capture, fire, chain, refuse and clip", () => {
  const kinds = [
    "campaign",
    "capture",
    "clip",
    "effect_end",
    "effect_refused",
    "effect_start",
    "flip",
    "gain",
  ];
  expect([...seen].sort()).toEqual([...kinds, "stage", "trigger"]);
});
