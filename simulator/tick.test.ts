import { beforeAll, describe, expect, test } from "vitest";
import type { Ruleset } from "../shared/contracts/ruleset.ts";
import type { WorldState } from "../shared/contracts/world.ts";
import { find } from "../shared/exact/by-id.ts";
import { loadRuleset } from "../shared/rulesets/rulesets.ts";
import { largestIntegers } from "../shared/world/check-ruleset.ts";
import { openFolding } from "./steps/fold.ts";
import { accepted, decided, play, START_MS, standing, started } from "./testing/builders.ts";
import { tick } from "./tick.ts";

let rules: Ruleset;
/** Without decay, so that a share stays what a test made it. */
let lasting: Ruleset;
beforeAll(async () => {
  rules = await loadRuleset("amoi-1");
  lasting = { ...rules, influence: { ...rules.influence, decay_bp: 0 } };
});

const last = <Value>(values: readonly Value[]): Value => values.at(-1)!;
const at = (ms: number) => new Date(START_MS + ms).toISOString();
const pushes = (faction_id: string, territory_id: string, users: number, points: number) =>
  Array.from({ length: users }, (_, i) =>
    accepted({
      event_id: `${faction_id}-${territory_id}-${i}`,
      event_type: "territory_push",
      faction_id,
      territory_id,
      user_id: `user-${i}`,
      normalized_points: points,
    }),
  );

/** A world whose next quiet tick publishes `shareBp` for the empire, halves of the rest for the others. */
function withShare(world: WorldState, shareBp: number): void {
  const total = 10_000_000_000;
  const share = (bp: number) => (total / 10_000) * bp - rules.influence.prior * 1_000;
  const rest = 10_000 - shareBp;
  world.public.factions.empire!.influence = share(shareBp);
  world.public.factions.freeholds!.influence = share(Math.floor(rest / 2));
  world.public.factions.veilborn!.influence = share(rest - Math.floor(rest / 2));
}

describe("influence", () => {
  test("freeholds alone push the Iron Gate with 300 pt of many users: 120 bp move, to 6901/1620/1479", () => {
    const [result] = play(started(rules), [{ events: pushes("freeholds", "iron_gate", 10, 30_000) }]);
    const { control, last_changed_tick } = result!.state.public.territories.iron_gate!;
    expect(control).toEqual({ empire: 6_901, freeholds: 1_620, veilborn: 1_479 });
    expect(last_changed_tick).toBe(1);
  });

  test("one user pushes a territory with 60 pt a tick and no more, whatever the influence gained", () => {
    const crowd = pushes("freeholds", "iron_gate", 1, 60_000);
    const whale = [0, 1, 2, 3].map((i) => ({
      ...crowd[0]!,
      event_id: `whale-${i}`,
      normalized_points: 50_000,
    }));
    const [one] = play(started(rules), [{ events: crowd }]);
    const [four] = play(started(rules), [{ events: whale }]);
    expect(four!.state.public.territories.iron_gate).toEqual({
      ...one!.state.public.territories.iron_gate,
    });
    expect(four!.state.public.factions.freeholds!.influence).toBe(200_000);
  });

  test("a push weighs by the share that its own tick publishes", () => {
    const own = pushes("veilborn", "iron_gate", 6, 60_000);
    const rush = Array.from({ length: 40 }, (_, i) =>
      accepted({ event_id: `rush-${i}`, faction_id: "veilborn", normalized_points: 100_000 }),
    );
    const others = pushes("empire", "iron_gate", 6, 60_000);
    const steep: Ruleset = {
      ...rules,
      influence: { ...rules.influence, burst_min: 6_000 },
      contest: { ...rules.contest, share_weight_bp: 30_000 },
    };
    const contest = (events: readonly ReturnType<typeof accepted>[]) =>
      play(started(steep), [{ events: [...own, ...others, ...events] }])[0]!.state.public.territories
        .iron_gate!;
    expect(contest(rush).control.veilborn).toBeGreaterThan(contest([]).control.veilborn!);
  });

  test("a faction's burst is cut to 600 pt at the start of a realm, and recorded", () => {
    const [result] = play(started(rules), [{ events: pushes("freeholds", "iron_gate", 50, 30_000) }]);
    expect(result!.record.factions.freeholds).toEqual({ sum: 1_500_000, cap: 600_000, gain_bp: 0 });
    expect(result!.state.public.factions.freeholds!.influence).toBe(600_000);
  });

  test.each([
    [900, 1],
    [1_349, 1],
    [1_350, 2],
    [3_150, 4],
    [900_000, 4],
    [0, 1],
  ])("a tick %i s after the previous one is worth %i bursts and decays", (seconds, k) => {
    const from = standing(last(play(started(rules), [{}])), (world) => {
      world.public.factions.empire!.influence = 1_000_000_000;
    });
    const [result] = play(from, [{ sinceMs: seconds * 1_000 }]);
    expect(result!.record.factions.empire!.cap).toBe(10_600_000 * k);
    expect(result!.state.public.factions.empire!.influence).toBe(
      [0, 999_000_000, 998_001_000, 997_002_999, 996_005_997][k === 4 ? 4 : k],
    );
  });

  test("the first tick is worth one burst, however old the realm", () => {
    const [result] = play(started(rules), [{ sinceMs: 90_000_000 }]);
    expect(result!.record.factions.empire!.cap).toBe(600_000);
  });

  test("a faction called constructor and a user called constructor count like any other", () => {
    const odd: Ruleset = {
      ...rules,
      factions: { constructor: { name: "C" }, empire: { name: "E" } },
      territories: {
        constructor: {
          name: "C",
          strategic_value: 1,
          adjacent: [],
          control: { constructor: 0, empire: 10_000 },
          yields: {},
        },
      },
      relics: {},
      triggers: [],
    };
    const events = pushes("constructor", "constructor", 9, 20_000);
    const [result] = play(started(odd), [
      { events: events.map((each) => ({ ...each, user_id: "constructor" })) },
    ]);
    const { factions, territories } = result!.state.public;
    const land = find(territories, "constructor");
    expect(find(land!.control, "constructor")).toBeGreaterThan(0);
    expect(find(factions, "constructor")!.influence).toBe(180_000);
  });
});

describe("triggers", () => {
  test("70.0 % does not start the Age of Iron: 7000, 7001, 7400, 7100 start it with the fourth", () => {
    let from = standing(started(lasting), (world) => {
      world.public.tick = 9;
    });
    const fired: number[] = [];
    for (const shareBp of [7_000, 7_001, 7_400, 7_100]) {
      from = standing(from, (world) => withShare(world, shareBp));
      const [result] = play(from, [{}]);
      expect(result!.state.public.factions.empire!.share_bp).toBe(shareBp);
      for (const event of result!.record.events) if (event.kind === "trigger") fired.push(event.tick);
      from = result!;
    }
    expect(fired).toEqual([13]);
  });

  test("exactly 7000 never fires, for as long as it lasts", () => {
    const from = standing(started(lasting), (world) => withShare(world, 7_000));
    const results = play(from, Array(20).fill({}));
    expect(results.map(({ state }) => state.public.factions.empire!.share_bp)).toEqual(Array(20).fill(7_000));
    expect(results.flatMap(({ record }) => record.events)).toEqual([]);
    expect(last(results).state.public.triggers.age_of_iron).toEqual({ armed: 1, streak: 0 });
  });

  test("the Age of Iron: fires once, holds from the next tick, ends on time, and waits for 65 % to be armed again", () => {
    const short: Ruleset = {
      ...lasting,
      triggers: rules.triggers.map((trigger) => ({
        ...trigger,
        cooldown: 4,
        effects: trigger.effects.map((effect) =>
          effect.do === "chain"
            ? { do: "chain", id: effect.id, ticks: 2 }
            : "ticks" in effect
              ? { ...effect, ticks: 2 }
              : effect,
        ),
      })),
    };
    const reigning = standing(started(short), (world) => withShare(world, 7_500));
    const results = play(reigning, Array(8).fill({}));
    const happened = results.map(({ record }) => record.events.map(({ kind }) => kind));
    expect(happened).toEqual([
      [],
      [],
      ["trigger"],
      ["effect_start", "campaign", "effect_start", "effect_start", "effect_start"],
      ["campaign"],
      ["effect_end", "effect_end", "effect_end", "effect_end"],
      [],
      [],
    ]);
    const [fired, holding, held, over] = results.slice(2).map(({ state }) => state.public);
    expect(fired!.effects).toEqual({});
    expect(fired!.triggers.age_of_iron).toEqual({ armed: 0, streak: 3, last_triggered_tick: 3 });
    expect(holding!.effects["age_of_iron.1"]).toEqual({
      kind: "modify",
      source: "age_of_iron",
      name: "push_weight_bp",
      faction: "empire",
      add: -800,
      until_tick: 6,
    });
    expect(holding!.factions.empire!.modifiers).toEqual({ push_weight_bp: -800 });
    expect(held!.factions.freeholds!.modifiers).toEqual({ influence_gain_bp: 800 });
    expect(holding!.campaigns.iron_decrees).toEqual({
      goal: 5_000_000,
      points: 0,
      min_contributors: 20,
      contributors: 0,
      stage: 0,
      until_tick: 6,
    });
    expect([over!.effects, over!.campaigns, over!.factions.empire!.modifiers]).toEqual([{}, {}, {}]);

    const fallen = standing(last(results), (world) => withShare(world, 6_500));
    const [armed] = play(fallen, [{}]);
    expect(armed!.state.public.triggers.age_of_iron).toEqual({ armed: 1, streak: 0, last_triggered_tick: 3 });
    const again = play(
      standing(armed!, (world) => withShare(world, 7_500)),
      Array(3).fill({}),
    );
    expect(last(again).record.events).toContainEqual({
      ...{ tick: 12, n: 1, kind: "trigger", key: "age_of_iron" },
      cause: {
        readings: [{ of: "faction.empire.share_bp", operator: "gt", than: 7_000, is: expect.any(Number) }],
        streak: 3,
      },
    });
  });

  test("a meter effect is added once, at the start of the next tick", () => {
    const from = standing(started(rules), (world) => {
      world.public.meters = { global_tension: 0, catastrophe_meter: 8_500 };
    });
    const results = play(from, [{}, {}, {}]);
    expect(results.map(({ state }) => state.public.meters.catastrophe_meter)).toEqual([8_490, 5_480, 5_470]);
    expect(results[1]!.record.events.map((event) => ("id" in event ? event.id : event.kind))).toEqual([
      "veil_fracture.0",
      "seal_the_veil",
      "veil_rite",
      "seal_the_veil",
      "veil_fracture.3",
      "veil_uncanny",
    ]);
    expect(Object.keys(results[1]!.state.public.effects)).not.toContain("veil_fracture.0");
  });

  test("two relics contested in one tick raise the storm", () => {
    const claim = (relic_id: string, faction_id: string) =>
      accepted({
        event_id: `${relic_id}-${faction_id}`,
        event_type: "relic_claim",
        relic_id,
        faction_id,
        normalized_points: 40_000,
      });
    const both = ["ember_crown", "tide_bell"].flatMap((relic) => [
      claim(relic, "empire"),
      claim(relic, "veilborn"),
    ]);
    const [one] = play(started(rules), [{ events: both.slice(0, 2) }]);
    expect(one!.record.events).toEqual([]);
    const [two] = play(started(rules), [{ events: both }]);
    const readings = [{ of: "count.relics", operator: "gte", than: 2, is: 2 }];
    expect(two!.record.events).toEqual([
      { tick: 1, n: 1, kind: "trigger", key: "relic_storm", cause: { readings, streak: 1 } },
    ]);
    expect(two!.state.public.relics.tide_bell).toEqual({ territory: "salt_terrace", contested: 1 });
  });

  test("a trigger whose condition comes and goes fires again when its cooldown is over, not a tick sooner", () => {
    const odd: Ruleset = {
      ...rules,
      triggers: [
        {
          key: "odd",
          // Held from tick 1 on except in ticks 2 and 4, which arm it again.
          when: { not: { any: [2, 4].map((tick) => ({ eq: ["realm.tick", tick] })) } },
          sustain: 1,
          cooldown: 4,
          rearm: "auto",
          priority: 0,
          effects: [{ do: "style", id: "odd", ticks: 1 }],
        },
      ],
    };
    const results = play(started(odd), Array(8).fill({}));
    const fired = results.flatMap(({ record }) => record.events.filter(({ kind }) => kind === "trigger"));
    expect(fired.map(({ tick }) => tick)).toEqual([1, 5]);
  });

  test("of four ready triggers the first three by priority and key fire, the fourth with the next tick", () => {
    const ready = (key: string, priority: number): Ruleset["triggers"][number] => ({
      key,
      when: { gte: ["meter.tension", 0] },
      sustain: 1,
      cooldown: 0,
      rearm: "auto",
      priority,
      effects: [{ do: "style", id: `style-${key}`, ticks: 5 }],
    });
    const crowded = { ...rules, triggers: [ready("d", 1), ready("c", 2), ready("b", 1), ready("a", 1)] };
    const results = play(started(crowded), [{}, {}, {}]);
    const fired = results.map(({ record }) =>
      record.events.flatMap((e) => (e.kind === "trigger" ? [e.key] : [])),
    );
    expect(fired).toEqual([["c", "a", "b"], ["d"], []]);
  });
});

describe("commands", () => {
  test("of statuses read in one tick the last in the log holds, and one event tells it", () => {
    const say = (status: "active" | "maintenance", seq: number) =>
      decided({ kind: "realm.status", payload: { status } }, seq);
    const [there] = play(started(rules), [{ commands: [say("maintenance", 8), say("active", 7)] }]);
    expect(there!.state.public.status).toBe("maintenance");
    expect(there!.record.events).toEqual([{ tick: 1, n: 1, kind: "status", status: "maintenance" }]);
    const [back] = play(started(rules), [{ commands: [say("maintenance", 7), say("active", 8)] }]);
    expect(back!.record.events).toEqual([]);
  });

  test("manual ticks wait in the private state until a marker bears their key", () => {
    const asked = ["first", "second"].map((key, i) =>
      decided({ kind: "tick.run", idempotency_key: key }, 5 - i),
    );
    const results = play(started(rules), [{ commands: asked, key: "second" }, { key: "first" }]);
    expect(results.map(({ state }) => state.private.manual_ticks)).toEqual([["first"], []]);
    expect(results.map(({ record }) => record.kind)).toEqual(["manual", "manual"]);
  });

  test("the first ruleset may come by again at the first tick: nothing happens", () => {
    const again = decided({ kind: "ruleset.set", payload: { ruleset: rules }, ruleset_version: 1 });
    const [plain] = play(started(rules), [{}]);
    expect(play(started(rules), [{ commands: [again] }])[0]).toEqual(plain);
  });

  test("a new ruleset rules the tick of its marker: its cap counts for the events before it", () => {
    const generous = { ...rules, influence: { ...rules.influence, burst_min: 6_000 } };
    const set = decided({ kind: "ruleset.set", payload: { ruleset: generous }, ruleset_version: 2 });
    const [result] = play(started(rules), [
      { events: pushes("freeholds", "iron_gate", 50, 30_000), commands: [set] },
    ]);
    expect(result!.record.factions.freeholds!.cap).toBe(6_000_000);
    expect(result!.record.ruleset_version).toBe(2);
    expect(result!.state.private.ruleset).toEqual(generous);
    expect(result!.record.events).toEqual([{ tick: 1, n: 1, kind: "ruleset", version: 2 }]);
  });
});

describe("bounds", () => {
  test("a world of eight factions at every maximum, late and crowded, stores safe integers alone", () => {
    const ids = [..."abcdefgh"];
    const most: Ruleset = {
      ...rules,
      factions: Object.fromEntries(ids.map((id) => [id, { name: id }])),
      influence: {
        prior: 200_000,
        decay_bp: 1,
        burst_rate_bp: 1_000,
        burst_min: 6_000,
        burst_max: 5_000_000,
      },
      contest: { ...rules.contest, user_push: 600, rate_max_bp: 6_000, clamp_bp: 1_200, half_score: 2_000 },
      claims: { ...rules.claims, decay_bp: 50 },
      territories: {
        hub: {
          name: "Hub",
          strategic_value: 50,
          adjacent: [],
          control: Object.fromEntries(ids.map((id) => [id, 1_250])),
          yields: { iron: 100 },
        },
      },
      relics: { crown: { name: "Crown", territory: "hub" } },
      triggers: [],
    };
    const bound = new Map(largestIntegers(most).map(([what, largest]) => [what, Number(largest)]));
    const full = standing(started(most), ({ public: world, private: privateState }) => {
      world.tick = 7;
      world.meters = { global_tension: 10_000, catastrophe_meter: 10_000 };
      world.territories.hub!.instability = 10_000;
      for (const id of ids) {
        world.factions[id]!.influence = Math.floor(bound.get("influence of all factions")! / 8) - 200_000_000;
        privateState.claims.crown!.points[id] = bound.get("claim on a relic")!;
      }
    });
    const crowd = ids.flatMap((faction_id) => [
      accepted({ event_id: `${faction_id}-1`, faction_id, normalized_points: 3 * 10 ** 10 }),
      ...pushes(faction_id, "hub", 3, 10 ** 10),
      accepted({
        event_id: `${faction_id}-2`,
        faction_id,
        event_type: "relic_claim",
        relic_id: "crown",
        normalized_points: 10 ** 10,
      }),
    ]);
    const results = play(full, Array(3).fill({ events: crowd, sinceMs: 10 ** 9 }));
    for (const { state } of results)
      for (const id of ids) {
        expect(state.public.factions[id]!.influence).toBeLessThanOrEqual(
          bound.get("influence of all factions")! / 8,
        );
        expect(state.private.claims.crown!.points[id] ?? 0).toBeLessThanOrEqual(
          bound.get("claim on a relic")!,
        );
      }
    expect(results[0]!.record.factions.a!.cap).toBe(20_000_000_000);
  });
});

describe("time", () => {
  test("a marker older than the state doesn't turn the world's clock back", () => {
    const [result] = play(started(rules), [{ sinceMs: -5_000 }]);
    expect(result!.state.public.at).toBe(at(0));
    expect(result!.record.at).toBe(at(0));
  });

  test("a marker that isn't the next one is an error", () => {
    const { state, record } = started(rules);
    const marker = { tick: 2, kind: "scheduled" as const, at: at(900_000), from_seq: 1, through_seq: 2 };
    const hashes = { record_hash: record.hash, public_hash: record.public_hash };
    expect(() => tick(state, openFolding(), marker, hashes)).toThrow("the marker of tick 2");
  });
});
