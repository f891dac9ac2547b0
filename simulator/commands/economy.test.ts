import { beforeAll, expect, test } from "vitest";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { play, standing, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";

let rules: Ruleset;
beforeAll(async () => {
  rules = await loadRuleset("amoi-1");
});

/** One tick of a realm whose land yields nothing, in which the freeholds have 100 aether. */
function afterwards(commands: DecidedCommand[]) {
  const barren = { ...rules, stock: { ...rules.stock, decay_bp: 2 } };
  const from = standing(started(barren), ({ public: world }) => {
    for (const territory of Object.values(world.territories)) delete territory.controller;
    world.factions.freeholds!.resources.aether = 100_000;
  });
  const [{ state, record }] = play(from, [{ commands }]) as [ReturnType<typeof play>[number]];
  return { aether: state.public.factions.freeholds!.resources.aether, events: record.events };
}
const aether = (amount: number) => ({ faction: "freeholds", resource: "aether", amount });
const refusal = (kind: string, id: string, reason: string) => [
  { tick: 1, n: 1, kind: "refused", id, command: kind, reason },
];

test("a grant and a spending move the stock before the tick's harvest and decay, and stand in the public log", () => {
  const { aether: left, events } = afterwards([
    passed("resource.grant", aether(50_000), 1),
    passed("resource.spend", aether(30_000), 2),
  ]);
  expect(left).toBe(120_000 - 24);
  expect(events).toEqual([
    { tick: 1, n: 1, kind: "resource", faction: "freeholds", resource: "aether", change: 50_000 },
    { tick: 1, n: 2, kind: "resource", faction: "freeholds", resource: "aether", change: -30_000 },
  ]);
});

test("nothing is spent below zero: not a thousandth more than there is", () => {
  const { aether: left, events } = afterwards([passed("resource.spend", aether(100_001), 7)]);
  expect(left).toBe(100_000 - 20);
  expect(events).toEqual(refusal("resource.spend", "command-7", "insufficient"));
  expect(afterwards([passed("resource.spend", aether(100_000), 7)]).aether).toBe(0);
});

test("a grant beyond what a faction can store is refused whole", () => {
  const room = 10_000_000 - 100_000;
  const { aether: left, events } = afterwards([passed("resource.grant", aether(room + 1), 7)]);
  expect(left).toBe(100_000 - 20);
  expect(events).toEqual(refusal("resource.grant", "command-7", "above_maximum"));
  expect(afterwards([passed("resource.grant", aether(room), 7)]).aether).toBe(10_000_000 - 2_000);
});

test.each([
  ["atlantis", "iron", "unknown_faction"],
  ["constructor", "iron", "unknown_faction"],
  ["empire", "salt", "unknown_resource"],
  ["empire", "constructor", "unknown_resource"],
])("a stock that isn't there is refused: %s %s", (faction, resource, reason) => {
  const grant = passed("resource.grant", { faction, resource, amount: 1 }, 1);
  expect(afterwards([grant]).events).toEqual(refusal("resource.grant", "command-1", reason));
});

test("what stands earlier in the log is decided first, in whatever order it was read", () => {
  const grant = passed("resource.grant", aether(50_000), 1);
  const spend = passed("resource.spend", aether(150_000), 2);
  expect(afterwards([spend, grant]).aether).toBe(0);
  const tooEarly = passed("resource.spend", aether(150_000), 0);
  expect(afterwards([grant, tooEarly]).events[0]).toMatchObject({ kind: "refused", id: "command-0" });
});
