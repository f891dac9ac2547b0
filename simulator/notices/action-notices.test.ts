import { beforeAll, expect, test } from "vitest";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import { SOVEREIGN } from "../../shared/contracts/politics.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { decided, play, standing, started } from "../testing/builders.ts";
import { passed, player } from "../testing/command-builders.ts";

let rules: Ruleset;
beforeAll(async () => {
  const base = await loadRuleset("amoi-1");
  rules = { ...base, sovereign: { ...SOVEREIGN, window_ticks: 3 } };
});

const levy = passed("sovereign.propose", { action_type: "iron_levy", faction: "empire" }, 1, {
  actor: player("ada"),
});
const counter = (seq: number, by: string, units: number) =>
  passed("sovereign.counter", { action: "command-1", faction: "freeholds", stake: units * 1_000 }, seq, {
    actor: player(by),
  });

/** Who was told of the action, tick by tick; the action is proposed in tick 1 and closes in tick 4. */
function told(commands: DecidedCommand[][]): [user: string, role: string, status: string][][] {
  const rich = standing(started(rules), (world) => {
    for (const faction of Object.values(world.public.factions)) faction.resources.iron = 1_000_000;
    world.private.councils = { empire: { seats: ["ada"] }, freeholds: { seats: ["bo", "cleo", "dan"] } };
  });
  const results = play(
    rich,
    [0, 1, 2, 3, 4].map((i) => ({ commands: commands[i] ?? [] })),
  );
  for (const { state } of results)
    for (const id of Object.keys(state.private.rosters?.actions ?? {}))
      expect(state.public.actions).toHaveProperty(id);
  expect(results.at(-1)!.state.private.rosters).toBeUndefined();
  return results.map(({ notices }) =>
    notices.flatMap(({ user, items }) =>
      items.flatMap((item): [string, string, string][] =>
        item.kind === "action" ? [[user, item.role, item.status]] : [],
      ),
    ),
  );
}

test("a resolved action is its proposer's doing, and those who staked in vain hear of it", () => {
  expect(told([[levy], [counter(2, "bo", 100)]])).toEqual([
    [],
    [],
    [],
    [
      ["ada", "pivotal", "resolved"],
      ["bo", "major", "resolved"],
    ],
    [],
  ]);
});

test("a counter needs those without whose stakes it would not have been enough: 320 of 400 iron", () => {
  expect(
    told([[levy], [counter(2, "bo", 200), counter(3, "cleo", 100)], [counter(4, "dan", 25)]])[3],
  ).toEqual([
    ["ada", "major", "countered"],
    ["bo", "pivotal", "countered"],
    ["cleo", "pivotal", "countered"],
    ["dan", "pivotal", "countered"],
  ]);
  expect(told([[levy], [counter(2, "bo", 310), counter(3, "cleo", 5)], [counter(4, "dan", 15)]])[3]).toEqual([
    ["ada", "major", "countered"],
    ["bo", "pivotal", "countered"],
    ["dan", "pivotal", "countered"],
  ]);
});

test("a refused stake and one without a seat take part in nothing", () => {
  expect(told([[levy], [counter(2, "eve", 100), counter(3, "bo", 2_000)]])[3]).toEqual([
    ["ada", "pivotal", "resolved"],
  ]);
});

/** Of the rules without a faction, from the next tick on. */
function gone(faction: string, seq: number): DecidedCommand {
  const ruleset = structuredClone(rules);
  delete ruleset.factions[faction];
  ruleset.triggers = [];
  for (const land of Object.values(ruleset.territories)) {
    land.control = { freeholds: 10_000 };
    if (land.controller === faction) delete land.controller;
  }
  return decided({ kind: "ruleset.set", payload: { ruleset }, ruleset_version: 2 }, seq);
}

test("an action whose faction a ruleset removes is cancelled, and who took part in it hears of that", () => {
  expect(told([[levy, counter(2, "bo", 100)], [gone("empire", 3)]])).toEqual([
    [],
    [
      ["ada", "major", "cancelled"],
      ["bo", "major", "cancelled"],
    ],
    [],
    [],
    [],
  ]);
});

test("an action whose season closes and opens within one tick is cancelled, even where it was proposed in that tick", () => {
  const close = passed("season.close", {}, 5);
  const open = passed("season.open", {}, 6);
  const all = [
    ["ada", "major", "cancelled"],
    ["bo", "major", "cancelled"],
  ];
  expect(told([[levy, counter(2, "bo", 100), close, open]])[0]).toEqual(all);
  expect(told([[levy], [counter(2, "bo", 100), close, open]])[1]).toEqual(all);
});
