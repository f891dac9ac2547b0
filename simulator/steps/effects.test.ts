import { beforeAll, expect, test } from "vitest";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { EffectState, WorldState } from "../../shared/contracts/world.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { accepted, play, standing, started } from "../testing/builders.ts";

let rules: Ruleset;
beforeAll(async () => {
  rules = await loadRuleset("amoi-1");
});

const effect = (over: Partial<EffectState> = {}): EffectState => ({
  kind: "style",
  source: "age_of_iron",
  until_tick: 9,
  ...over,
});
const modify = (name: string, add: number, faction = "*") => effect({ kind: "modify", name, add, faction });
const first = (change: (world: WorldState) => void, events = [accepted({ normalized_points: 100_001 })]) =>
  play(standing(started(rules), change), [{ events }])[0]!;

test("a 17th active effect is refused and recorded; one that ends in this tick makes room", () => {
  const crowd = (over: Partial<EffectState>) => (world: WorldState) => {
    for (let i = 10; i < 26; i++) world.public.effects[`style-${i}`] = effect(i === 25 ? over : {});
    world.private.starting = [{ id: "late", effect: effect() }];
  };
  expect(first(crowd({})).record.events).toEqual([
    { tick: 1, n: 1, kind: "effect_refused", id: "late", reason: "too_many" },
  ]);
  expect(first(crowd({ until_tick: 1 })).record.events).toEqual([
    { tick: 1, n: 1, kind: "effect_end", id: "style-25" },
    { tick: 1, n: 2, kind: "effect_start", id: "late", effect: expect.anything() },
  ]);
});

test("an id holds one effect: of two that start together the first stays, one from before is replaced", () => {
  const { record, state } = first((world) => {
    world.public.effects.seal = effect({ kind: "quest_pool", name: "add", until_tick: 5 });
    world.private.starting = [
      { id: "seal", effect: effect({ kind: "quest_pool", name: "remove", until_tick: 7 }) },
      { id: "seal", effect: effect({ kind: "quest_pool", name: "add", until_tick: 8 }) },
    ];
  });
  expect(record.events.map(({ kind }) => kind)).toEqual(["effect_start", "effect_refused"]);
  expect(state.public.effects.seal).toMatchObject({ name: "remove", until_tick: 7 });
});

test("a chain that starts again gives its running campaign more time and takes nothing back", () => {
  const running = {
    goal: 5_000_000,
    points: 70_000,
    min_contributors: 3,
    contributors: 3,
    stage: 1,
    until_tick: 20,
  };
  const { record, state } = first((world) => {
    world.public.campaigns.storm = running;
    world.private.campaigns = { storm: { opened_tick: 0 } };
    world.private.starting = [{ id: "storm", effect: effect({ kind: "chain", until_tick: 9 }) }];
  });
  expect(state.public.campaigns.storm).toEqual(running);
  expect(record.events.map(({ kind }) => kind)).toEqual(["effect_start"]);
});

test("gain modifiers scale points before the burst cap, and the record says by how much", () => {
  const { record, state } = first((world) => {
    world.public.effects = {
      a: modify("influence_gain_bp", 1_500),
      b: modify("influence_gain_bp", 1_500, "empire"),
    };
  });
  expect(record.factions.empire).toEqual({ sum: 120_001, cap: 600_000, gain_bp: 2_000 });
  expect(record.factions.freeholds!.gain_bp).toBe(1_500);
  expect(state.public.factions.empire!.influence).toBe(120_001);
});

test("modifiers of yield and claim move what they name", () => {
  const claim = accepted({ event_type: "relic_claim", relic_id: "ember_crown", normalized_points: 100_000 });
  const { state } = first(
    (world) => {
      world.public.effects = { a: modify("yield_bp", -1_500), b: modify("claim_bp", -500, "!freeholds") };
    },
    [claim],
  );
  expect(state.public.factions.empire!.resources).toEqual({ aether: 0, grain: 3_400, iron: 5_100 });
  expect(state.private.claims.ember_crown!.points).toEqual({ empire: 95_000 });
  expect(state.public.factions.freeholds!.modifiers).toEqual({ yield_bp: -1_500 });
});

test("a meter stays on its scale whatever is added", () => {
  const { state } = first((world) => {
    world.public.meters = { global_tension: 9_000, catastrophe_meter: 100 };
    world.private.starting = [
      { id: "a", effect: effect({ kind: "meter", name: "tension", add: 9_000 }) },
      { id: "b", effect: effect({ kind: "meter", name: "catastrophe", add: -3_000 }) },
    ];
  });
  // Both are moved on in the same tick: tension falls by 100 towards its target, which feeds catastrophe by 78 − 10.
  expect(state.public.meters).toEqual({ global_tension: 9_900, catastrophe_meter: 68 });
});
