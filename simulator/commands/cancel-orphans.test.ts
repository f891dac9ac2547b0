import { beforeAll, expect, test } from "vitest";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { decided, play, standing, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";
import type { TickResult } from "../tick-result.ts";

let rules: Ruleset;
beforeAll(async () => {
  rules = await loadRuleset("amoi-1");
});

const without = (change: (ruleset: Ruleset) => void): Ruleset => {
  const next = structuredClone(rules);
  for (const territory of Object.values(next.territories)) {
    territory.control = { empire: 5_000, freeholds: 5_000 };
    delete territory.controller;
    territory.yields = {};
  }
  change(next);
  return next;
};
const under = (ruleset: Ruleset) => ({
  commands: [decided({ kind: "ruleset.set", payload: { ruleset }, ruleset_version: 2 }, 99)],
});

/** Everybody has 1 000 of everything; the first tick brings these commands. Nothing is yielded, and hardly anything spoils. */
function open(commands: ReturnType<typeof passed>[]): TickResult {
  const barren = without((next) => {
    next.stock.decay_bp = 2;
  });
  const from = standing(started(barren), ({ public: world }) => {
    for (const faction of Object.values(world.factions))
      for (const resource of rules.resources) faction.resources[resource] = 1_000_000;
  });
  return play(from, [{ commands }])[0]!;
}
const embargo = passed(
  "sovereign.propose",
  { action_type: "embargo", faction: "empire", target: "veilborn" },
  1,
);
const levy = passed("sovereign.propose", { action_type: "iron_levy", faction: "veilborn" }, 2);
const against = (action: string, faction: string, seq: number) =>
  passed("sovereign.counter", { action, faction, stake: 100_000 }, seq);
const council = passed(
  "council.open",
  {
    faction: "veilborn",
    options: [
      { text: "No", effects: [] },
      { text: "Yes", effects: [] },
    ],
  },
  7,
  { seats: ["ada"], active: 1 },
);
const spoiled = (stock: number, ticks: number): number =>
  ticks === 0 ? stock : spoiled(stock - Math.floor((stock * 2) / 10_000), ticks - 1);

const noVeilborn = () =>
  without((next) => {
    delete next.factions.veilborn;
    next.stock.decay_bp = 2;
  });

test("with a faction go its council, what it did and what it staked; what the others paid for or against it comes back", () => {
  const before = open([
    embargo,
    levy,
    against("command-1", "veilborn", 3),
    against("command-2", "freeholds", 4),
    council,
  ]);
  const { state, record } = play(before, [under(noVeilborn())])[0]!;
  expect(record.events).toEqual([
    { tick: 2, n: 1, kind: "ruleset", version: 2 },
    { tick: 2, n: 2, kind: "action", id: "command-1", status: "cancelled", reason: "rules_changed" },
    { tick: 2, n: 3, kind: "action", id: "command-2", status: "cancelled", reason: "rules_changed" },
    {
      tick: 2,
      n: 4,
      kind: "council",
      id: "command-7",
      faction: "veilborn",
      step: "close",
      option: 0,
      reason: "faction_gone",
    },
  ]);
  // The empire's embargo was aimed at the veilborn; the freeholds had staked against their levy.
  expect(state.public.factions.empire!.resources.grain).toBe(spoiled(spoiled(600_000, 1) + 400_000, 1));
  expect(state.public.factions.freeholds!.resources.iron).toBe(spoiled(spoiled(900_000, 1) + 100_000, 1));
  expect(Object.keys(state.public.actions)).toEqual(["command-1"]);
  expect(state.public.actions["command-1"]).toMatchObject({ status: "cancelled", closes_tick: 2 });
  expect(state.private).toMatchObject({ escrow: {}, councils: {}, uses: { empire: { count: 0 } } });
  expect(state.private.uses).not.toHaveProperty("veilborn");
});

test("a stake of a faction that is gone no longer weighs against an action that stays", () => {
  const byEmpire = passed("sovereign.propose", { action_type: "iron_levy", faction: "empire" }, 1);
  const before = open([byEmpire, against("command-1", "veilborn", 3), against("command-1", "freeholds", 4)]);
  const { state, record } = play(before, [under(noVeilborn())])[0]!;
  expect(record.events).toHaveLength(1);
  expect(state.private.escrow).toEqual({ "command-1": { resource: "iron", stakes: { freeholds: 100_000 } } });
});

test("with a resource go the costs and stakes in it: the action is cancelled and its use given back", () => {
  const before = open([embargo, against("command-1", "veilborn", 3)]);
  const noGrain = without((next) => {
    next.resources = ["iron", "aether"];
  });
  noGrain.territories = Object.fromEntries(
    Object.entries(noGrain.territories).map(([id, land]) => [
      id,
      { ...land, control: { empire: 3_334, freeholds: 3_333, veilborn: 3_333 } },
    ]),
  );
  const { state, record } = play(before, [under(noGrain)])[0]!;
  expect(record.events).toMatchObject([
    { kind: "ruleset" },
    { status: "cancelled", reason: "rules_changed" },
  ]);
  expect(state.private).toMatchObject({ escrow: {}, uses: { empire: { count: 0 } } });
  expect(Object.keys(state.public.factions.empire!.resources)).toEqual(["aether", "iron"]);
});

test("an action that is open goes on under new numbers: what it costs is fixed, what it takes to counter it is not", () => {
  const byEmpire = passed("sovereign.propose", { action_type: "iron_levy", faction: "empire" }, 1);
  const before = open([byEmpire, against("command-1", "freeholds", 4)]);
  const dearer = structuredClone(rules);
  dearer.sovereign.iron_levy.cost = 4_000;
  dearer.sovereign.counter_bp = 2_500;
  const results = play(before, [under(dearer), ...Array.from({ length: 23 }, () => ({}))]);
  expect(results.at(-1)!.record.events).toMatchObject([{ kind: "action", status: "countered" }]);
});
