import { beforeAll, expect, test } from "vitest";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { EffectState } from "../../shared/contracts/world.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { accepted, decided, play, standing, started } from "../testing/builders.ts";

let rules: Ruleset;
beforeAll(async () => {
  rules = await loadRuleset("amoi-1");
});

const under = (ruleset: Ruleset) => ({
  commands: [decided({ kind: "ruleset.set", payload: { ruleset }, ruleset_version: 2 })],
});
const modify = (faction: string): EffectState => ({
  kind: "modify",
  source: "age_of_iron",
  name: "yield_bp",
  faction,
  add: 100,
  until_tick: 50,
});

/** Without the veilborn, their land and the trigger veil_fracture. */
function smaller(): Ruleset {
  const next = structuredClone(rules);
  delete next.factions.veilborn;
  delete next.territories.mist_fen;
  delete next.relics.night_loom;
  next.triggers = next.triggers.filter(({ key }) => key !== "veil_fracture");
  for (const territory of Object.values(next.territories)) {
    territory.adjacent = territory.adjacent.filter((id) => id !== "mist_fen");
    territory.control = { empire: 5_000, freeholds: 5_000 };
    if (territory.controller === "veilborn") delete territory.controller;
  }
  next.territories.hollow_cross!.control = { empire: 6_000, freeholds: 4_000 };
  return next;
}

test("a faction that is gone leaves its control to the others in proportion, its land and relics to nobody", () => {
  const from = standing(started(rules), ({ public: world, private: privateState }) => {
    world.relics.tide_bell!.holder = "veilborn";
    world.territories.hollow_cross!.control = { empire: 0, freeholds: 0, veilborn: 10_000 };
    privateState.claims.tide_bell = { points: { veilborn: 5_000, empire: 7_000 }, last_capture_tick: 1 };
    privateState.fronts.iron_gate = { leader: "veilborn", streak: 1, last_flip_tick: 3 };
  });
  const events = [
    accepted({ faction_id: "veilborn", event_type: "territory_push", territory_id: "iron_gate" }),
  ];
  const [result] = play(from, [{ ...under(smaller()), events }]);
  const { public: world, private: privateState } = result!.state;
  expect(Object.keys(world.factions)).toEqual(["empire", "freeholds"]);
  expect(Object.values(world.factions).map(({ share_bp }) => share_bp)).toEqual([5_000, 5_000]);
  expect(world.territories.moon_stair!.controller).toBeUndefined();
  expect(world.territories.moon_stair!.control).toEqual({ empire: 5_000, freeholds: 5_000 });
  expect(world.territories.iron_gate!.control).toEqual({ empire: 8_235, freeholds: 1_765 });
  // Nobody who is left had any control: as at the start.
  expect(world.territories.hollow_cross!.control).toEqual({ empire: 6_000, freeholds: 4_000 });
  expect(world.territories.mist_fen).toBeUndefined();
  expect(world.relics).toEqual({
    ember_crown: { territory: "crown_fields", contested: 0 },
    tide_bell: { territory: "salt_terrace", contested: 0 },
  });
  expect(privateState.claims.tide_bell).toEqual({ points: { empire: 6_650 }, last_capture_tick: 1 });
  expect(privateState.fronts.iron_gate).toEqual({ streak: 0, last_flip_tick: 3 });
  expect(Object.keys(privateState.fronts)).not.toContain("mist_fen");
  expect(Object.keys(world.triggers)).toEqual(["age_of_iron", "relic_storm"]);
  expect(result!.record.factions).not.toHaveProperty("veilborn");
});

test("effects end with the faction, territory or trigger that they name, and so does what was to start", () => {
  const from = standing(started(rules), ({ public: world, private: privateState }) => {
    world.effects = {
      all: modify("*"),
      empire: modify("empire"),
      "not-veilborn": modify("!veilborn"),
      veilborn: modify("veilborn"),
      fen: {
        kind: "modify",
        source: "age_of_iron",
        name: "clamp_bp",
        territory: "mist_fen",
        add: 1,
        until_tick: 50,
      },
      veil_uncanny: { kind: "style", source: "veil_fracture", until_tick: 50 },
    };
    privateState.starting = [{ id: "age_of_iron.9", effect: modify("veilborn") }];
  });
  const [result] = play(from, [under(smaller())]);
  expect(Object.keys(result!.state.public.effects)).toEqual(["all", "empire"]);
  expect(result!.record.events).toEqual([
    { tick: 1, n: 1, kind: "ruleset", version: 2 },
    { tick: 1, n: 2, kind: "effect_end", id: "fen" },
    { tick: 1, n: 3, kind: "effect_end", id: "not-veilborn" },
    { tick: 1, n: 4, kind: "effect_end", id: "veil_uncanny" },
    { tick: 1, n: 5, kind: "effect_end", id: "veilborn" },
    { tick: 1, n: 6, kind: "effect_refused", id: "age_of_iron.9", reason: "no_target" },
  ]);
});

test("what is new starts as the ruleset says, and what stays keeps its state", () => {
  const [small] = play(started(smaller()), [{ events: [accepted({ normalized_points: 500_000 })] }]);
  const grown = structuredClone(rules);
  grown.resources.push("salt");
  grown.territories.iron_gate!.strategic_value = 9;
  const [result] = play(small!, [under(grown)]);
  const { public: world } = result!.state;
  expect(world.factions.empire!.influence).toBe(499_500);
  expect(world.factions.veilborn).toMatchObject({ influence: 0, modifiers: {} });
  expect(world.factions.empire!.resources.salt).toBe(0);
  // The gate's iron, 6 and again 6 after spoiling, and the hub's 2 in the unrest of its flip to the empire.
  expect(world.factions.empire!.resources.iron).toBe(11_988 + 1_850);
  expect(world.territories.mist_fen).toMatchObject({ controller: "veilborn", control: { veilborn: 5_500 } });
  expect(world.territories.iron_gate!.control).toEqual({ empire: 5_000, freeholds: 5_000, veilborn: 0 });
  expect(world.territories.iron_gate!.strategic_value).toBe(9);
  expect(world.relics.night_loom).toEqual({ territory: "mist_fen", contested: 0 });
  expect(world.triggers.veil_fracture).toEqual({ armed: 1, streak: 0 });
});
