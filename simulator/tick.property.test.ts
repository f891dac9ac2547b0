import fc from "fast-check";
import { expect, test } from "vitest";
import { appliedPoints } from "../shared/applied.ts";
import { type ById, mapById } from "../shared/by-id.ts";
import { canonical, canonicalHash } from "../shared/canonical.ts";
import { checkRuleset } from "../shared/check-ruleset.ts";
import { Ruleset } from "../shared/contracts/ruleset.ts";
import type { Condition, Operand } from "../shared/contracts/trigger.ts";
import type { PublicState } from "../shared/contracts/world.ts";
import { mul } from "../shared/integers.ts";
import { apply } from "../shared/merge-patch.ts";
import { MAX_ACTIVE_EFFECTS, MODIFIER_LIMIT_BP } from "./effects.ts";
import { CASES, frozen, histories, type Interval, play, rulesets, started } from "./given.ts";
import { yieldOf } from "./resources.ts";
import type { TickResult } from "./tick.ts";
import { MAX_FIRES } from "./triggers.ts";

type History = { rules: Ruleset; intervals: Interval[] };
type Step = { before: PublicState; after: TickResult; interval: Interval; rules: Ruleset };

/** Plays made-up histories and holds every tick to `holds`. */
const everyTick = (holds: (step: Step) => void) =>
  fc.assert(
    fc.property(histories(), (history) => {
      let before = started(history.rules).state.public;
      for (const [i, after] of live(history).entries()) {
        holds({ before, after, interval: history.intervals[i]!, rules: history.rules });
        before = after.state.public;
      }
    }),
    { numRuns: CASES },
  );
const live = ({ rules, intervals }: History) => play(started(rules), intervals);
const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, each) => total + each, 0);

test("every made-up ruleset is one that may be in force", () => {
  fc.assert(
    fc.property(rulesets, (rules) => {
      expect(Ruleset.safeParse(rules).error?.issues).toBeUndefined();
      expect(checkRuleset(rules)).toEqual([]);
    }),
    { numRuns: CASES },
  );
});

test("control sums to 10 000 and is never negative", () => {
  everyTick(({ after }) => {
    for (const { control } of Object.values(after.state.public.territories)) {
      expect(sum(Object.values(control))).toBe(10_000);
      expect(Math.min(...Object.values(control))).toBeGreaterThanOrEqual(0);
    }
  });
});

test("no more control moves in a tick than the clamp, its modifiers and unrest allow", () => {
  everyTick(({ before, after, rules }) => {
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
  });
});

test("shares sum to 10 000, and trends say how each moved", () => {
  everyTick(({ before, after }) => {
    const factions = Object.entries(after.state.public.factions);
    expect(sum(factions.map(([, { share_bp }]) => share_bp))).toBe(10_000);
    for (const [id, { share_bp, trend_bp }] of factions)
      expect(trend_bp).toBe(share_bp - before.factions[id]!.share_bp);
  });
});

test("the order of events within a tick shows in no byte", () => {
  const permuted = histories().chain(({ rules, intervals }) =>
    fc
      .tuple(
        ...intervals.map(({ events = [] }) => fc.shuffledSubarray([...events], { minLength: events.length })),
      )
      .map((orders) => ({
        rules,
        intervals,
        shuffled: intervals.map((each, i) => ({ ...each, events: orders[i]! })),
      })),
  );
  fc.assert(
    fc.property(permuted, ({ rules, intervals, shuffled }) => {
      const bytes = (results: TickResult[]) => canonical(results);
      expect(bytes(live({ rules, intervals: shuffled }))).toBe(bytes(live({ rules, intervals })));
    }),
    { numRuns: CASES },
  );
});

test("what is applied sums to the cap at most, no event moves more than it brought, and influence grows by just that", () => {
  everyTick(({ before, after, interval, rules }) => {
    const { factions } = after.record;
    const events = interval.events ?? [];
    const applied = appliedPoints(events, factions);
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
  });
});

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

test("renaming factions in their order commutes with the tick", () => {
  fc.assert(
    fc.property(histories(), (history) => {
      const renamed = live(renamedHistory(history));
      live(history).forEach((result, i) => {
        const there = renamed[i]!.state;
        // Notices name factions within texts; that they are the same is said of the rosters that they follow from.
        const unnamed = { ruleset: {}, notices_hash: "" };
        expect(canonical({ ...there, private: { ...there.private, ...unnamed } })).toBe(
          canonical({
            public: renamedIn(result.state.public),
            private: { ...(renamedIn(result.state.private) as object), ...unnamed },
          }),
        );
        expect(canonical(renamed[i]!.record.events)).toBe(canonical(renamedIn(result.record.events)));
      });
    }),
    { numRuns: CASES },
  );
});

/** In the same order as the names they stand for. `constructor` is a territory, resource and relic too: those keep theirs. */
const OTHER_NAMES = new Map([
  ["aurora", "f-a"],
  ["constructor", "f-b"],
  ["empire", "f-c"],
  ["zenith", "f-d"],
]);
const renamedFaction = (id: string) => OTHER_NAMES.get(id) ?? id;
const renamedSelector = (id: string) =>
  id.startsWith("!") ? `!${renamedFaction(id.slice(1))}` : renamedFaction(id);
const renamedKeys = <Value>(record: Record<string, Value>) =>
  Object.fromEntries(Object.entries(record).map(([id, value]) => [renamedFaction(id), value]));

/** The fields that name a faction, wherever they stand. */
function renamedIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamedIn);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (["control", "points"].includes(key) && typeof inner === "object") return [key, renamedKeys(inner)];
      if (key === "rosters")
        return [key, mapById(inner as ById<ById<ById<number>>>, (places) => mapById(places, renamedKeys))];
      if (key === "factions") return [key, renamedKeys(mapById(inner, renamedIn))];
      if (
        ["controller", "holder", "faction", "leader", "from", "to"].includes(key) &&
        typeof inner === "string"
      )
        return [key, renamedSelector(inner)];
      return [key, renamedIn(inner)];
    }),
  );
}

function renamedHistory({ rules, intervals }: History): History {
  const operand = (path: Operand): Operand => {
    if (typeof path !== "string") return path;
    const [head, id, field] = path.split(".");
    return head === "faction" ? `faction.${renamedFaction(id!)}.${field}` : path;
  };
  const condition = (each: Condition): Condition => {
    if ("all" in each) return { all: each.all.map(condition) };
    if ("any" in each) return { any: each.any.map(condition) };
    if ("not" in each) return { not: condition(each.not) };
    if ("gt" in each) return { gt: [operand(each.gt[0]), each.gt[1]] };
    if ("eq" in each) return { eq: [each.eq[0], renamedFaction(String(each.eq[1]))] };
    return each;
  };
  const changed = renamedIn({ ...rules, triggers: [] }) as Ruleset;
  return {
    rules: {
      ...changed,
      triggers: rules.triggers.map((trigger) => ({
        ...trigger,
        when: condition(trigger.when),
        rearm: trigger.rearm === "auto" ? "auto" : condition(trigger.rearm),
        effects: renamedIn(trigger.effects) as typeof trigger.effects,
      })),
    },
    intervals: intervals.map((interval) => ({
      ...interval,
      events: (interval.events ?? []).map((event) => ({
        ...event,
        faction_id: renamedFaction(event.faction_id),
      })),
    })),
  };
}

test("a trigger rests its cooldown, at most 3 fire in a tick, and their effects show in the next one alone", () => {
  fc.assert(
    fc.property(histories(10), (history) => {
      const last = new Map<string, number>();
      const { rules } = history;
      let before = started(rules).state;
      for (const [i, { record, state }] of live(history).entries()) {
        const fired = record.events.flatMap((event) => (event.kind === "trigger" ? [event.key] : []));
        expect(fired.length).toBeLessThanOrEqual(MAX_FIRES);
        for (const key of fired) {
          const { cooldown } = rules.triggers.find((trigger) => trigger.key === key)!;
          expect(record.tick - (last.get(key) ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(cooldown);
          last.set(key, record.tick);
        }
        // The same tick under rules without triggers: what fires now has changed nothing else.
        const without = play({ state: withoutTriggers(before), record }, [history.intervals[i]!])[0]!.state;
        const visible = (world: PublicState) =>
          canonical({ ...world, triggers: {}, effects: {}, campaigns: {} });
        expect(visible(state.public)).toBe(visible(without.public));
        before = state;
      }

      function withoutTriggers(world: TickResult["state"]): TickResult["state"] {
        // Effects stay aimed by their source, so the triggers stay by name and never hold.
        const silent = rules.triggers.map((trigger) => ({
          ...trigger,
          when: { gt: ["meter.tension", 10_000] satisfies [string, number] },
        }));
        return { ...world, private: { ...world.private, ruleset: { ...rules, triggers: silent } } };
      }
    }),
    { numRuns: CASES },
  );
});

test("effects hold while tick < until_tick, 16 at most, and modifiers are their bounded sums", () => {
  everyTick(({ before, after, rules }) => {
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
  });
});

test("resources come from controlled land alone, spoil by their decay, and vanish nowhere else", () => {
  everyTick(({ before, after, rules }) => {
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
  });
});

test("meters and unrest stay within 0 and 10 000, and tension moves no faster than its bounds", () => {
  everyTick(({ before, after, rules }) => {
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
  });
});

test("a delta turns the state before into the state after, and anyone can recompute the chain", () => {
  fc.assert(
    fc.property(histories(), (history) => {
      const start = started(history.rules);
      let world: unknown = start.state.public;
      let previous = start.record;
      for (const { state, record, delta, snapshot } of live(history)) {
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
    }),
    { numRuns: CASES },
  );
});

test("a snapshot read back from JSON goes on to the same bytes, and no argument is changed", () => {
  fc.assert(
    fc.property(histories(), ({ rules, intervals }) => {
      const straight = play(started(rules), intervals);
      let from: Pick<TickResult, "state" | "record"> = started(rules);
      intervals.forEach((interval, i) => {
        const [result] = play(frozen(JSON.parse(JSON.stringify(from))), [frozen(interval)]);
        expect(canonical(result)).toBe(canonical(straight[i]));
        from = result!;
      });
    }),
    { numRuns: CASES },
  );
});

test("every stored leaf is a safe integer or a string", () => {
  everyTick(({ after }) => {
    expect(strangeLeaves({ state: after.state, record: after.record })).toEqual([]);
  });
});

function strangeLeaves(value: unknown): unknown[] {
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(strangeLeaves);
  const plain = typeof value === "number" ? Number.isSafeInteger(value) && !Object.is(value, -0) : true;
  return plain && ["number", "string"].includes(typeof value) ? [] : [value];
}

test("the made-up histories flip, capture, fire, chain, refuse and clip", () => {
  const seen = new Set<string>();
  everyTick(({ after }) => {
    for (const { kind } of after.record.events) seen.add(kind);
    if (Object.values(after.record.factions).some(({ sum: brought, cap }) => brought > cap)) seen.add("clip");
    if (Object.values(after.record.factions).some(({ gain_bp }) => gain_bp !== 0)) seen.add("gain");
  });
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
  expect([...seen].sort()).toEqual([...kinds, "trigger"]);
});
