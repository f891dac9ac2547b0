import { beforeAll, describe, expect, test } from "vitest";
import { Ruleset } from "../contracts/ruleset.ts";
import { Condition, type Effect } from "../contracts/trigger.ts";
import { loadRuleset } from "../rulesets/rulesets.ts";
import { checkRuleset, largestIntegers } from "./check-ruleset.ts";
import { resolveCondition } from "./conditions.ts";
import { genesis } from "./genesis.ts";

let rules: Ruleset;
beforeAll(async () => {
  rules = await loadRuleset("amoi-1");
});

const withTrigger = (
  when: Condition,
  effects: Effect[] = [{ do: "style", id: "grey", ticks: 1 }],
): Ruleset => ({
  ...rules,
  triggers: [{ key: "trial", when, sustain: 1, cooldown: 0, rearm: "auto", priority: 0, effects }],
});
const reasonsOf = (when: Condition) => checkRuleset(withTrigger(when));

test("the checked-in rulesets have no reason against them", async () => {
  for (const name of ["amoi-1", "demo"]) expect(checkRuleset(await loadRuleset(name))).toEqual([]);
});

test("a name of a resource that the ruleset doesn't have is a reason", () => {
  const named = { ...rules, names: { resources: { iron: "iron", irn: "iron" } } };
  expect(checkRuleset(named)).toEqual(["names.resources.irn: no such resource"]);
});

describe("conditions", () => {
  test.each([
    "faction.empires.share_bp",
    "faction.empire.share",
    "faction.constructor.share_bp",
    "faction.empire.constructor",
    "faction.empire",
    "meter.chaos",
    "meter",
    "territory.iron_gate.control",
    "control.iron_gate.nobody",
    "control.nowhere.empire",
    "relic.ember_crown.owner",
    "resource.empire.gold",
    "realm.clock",
    "constructor",
  ])("an unknown path is a reason: %s", (path) => {
    expect(reasonsOf({ gt: [path, 1] })).toEqual([`triggers.trial.when: unknown path ${path}`]);
    const rearming = rules.triggers.map((trigger) => ({ ...trigger, rearm: { lt: [path, 1] } as Condition }));
    expect(checkRuleset({ ...rules, triggers: rearming.slice(0, 1) })).toEqual([
      `triggers.age_of_iron.rearm: unknown path ${path}`,
    ]);
  });

  test.each<[Condition, string]>([
    [
      { gt: ["faction.empire.share_bp", "7000"] },
      'faction.empire.share_bp is an integer, compared with "7000"',
    ],
    [
      { eq: ["territory.iron_gate.controller", 1] },
      "territory.iron_gate.controller is text, compared with 1",
    ],
    [
      { gt: ["territory.iron_gate.controller", "a"] },
      "territory.iron_gate.controller is text, which has no order",
    ],
    [
      { eq: ["territory.iron_gate.controller", "empir"] },
      'territory.iron_gate.controller can never be "empir"',
    ],
    [{ gt: [{ count: "relics", where: { eq: ["contest", 1] } }, 1] }, "unknown path contest"],
    [{ gt: [{ count: "relics" }, "two"] }, 'count.relics is an integer, compared with "two"'],
    [
      { gt: [{ count: "relics", where: { gt: [{ count: "factions" }, 1] } }, 1] },
      "unknown path count.factions",
    ],
    [
      { gt: [{ count: "territories", where: { gt: ["faction.empire.share_bp", 1] } }, 1] },
      "unknown path faction.empire.share_bp",
    ],
  ])("%j is refused", (when, reason) => {
    expect(reasonsOf(when)).toEqual([`triggers.trial.when: ${reason}`]);
  });

  const nested = (depth: number): Condition =>
    depth === 1 ? { gt: ["meter.tension", 1] } : { not: nested(depth - 1) };

  test("four deep is allowed, five is not; the schema refuses a hundred thousand without a stack overflow", () => {
    expect(reasonsOf(nested(4))).toEqual([]);
    expect(reasonsOf(nested(5))).toEqual(["triggers.trial.when: deeper than 4"]);
    expect(Condition.safeParse(nested(4)).success).toBe(true);
    expect(Condition.safeParse(nested(5)).success).toBe(false);
    let deep: unknown = { gt: ["meter.tension", 1] };
    for (let i = 0; i < 100_000; i++) deep = { not: deep };
    expect(Condition.safeParse(deep).success).toBe(false);
  });

  test("32 nodes are allowed, 33 are not, and a where lies one deeper", () => {
    const wide = (nodes: number): Condition => ({ all: Array.from({ length: nodes - 1 }, () => nested(1)) });
    expect(reasonsOf(wide(32))).toEqual([]);
    expect(reasonsOf(wide(33))).toEqual(["triggers.trial.when: 33 nodes, more than 32"]);
    const counting = (where: Condition): Condition => ({
      not: { not: { gt: [{ count: "relics", where }, 0] } },
    });
    expect(reasonsOf(counting({ eq: ["contested", 1] }))).toEqual([]);
    expect(reasonsOf(counting({ not: { eq: ["contested", 1] } }))).toEqual([
      "triggers.trial.when: deeper than 4",
    ]);
  });

  test.each<[Condition, boolean]>([
    [{ gt: ["faction.empire.share_bp", 3_333] }, true],
    [{ gt: ["faction.empire.share_bp", 3_334] }, false],
    [{ gte: ["faction.empire.share_bp", 3_334] }, true],
    [{ lt: ["faction.empire.influence", 1] }, true],
    [{ lte: ["meter.catastrophe", 0] }, true],
    [{ eq: ["realm.season", 1] }, true],
    [{ eq: ["realm.tick", 1] }, false],
    [{ eq: ["territory.iron_gate.controller", "empire"] }, true],
    [{ eq: ["territory.hollow_cross.controller", ""] }, true],
    [{ eq: ["relic.ember_crown.holder", ""] }, true],
    [{ eq: ["relic.ember_crown.territory", "crown_fields"] }, true],
    [{ gte: ["control.iron_gate.empire", 7_000] }, true],
    [{ gt: ["resource.empire.iron", 0] }, false],
    [{ not: { eq: ["meter.tension", 0] } }, false],
    [{ all: [{ eq: ["meter.tension", 0] }, { gt: ["meter.tension", 0] }] }, false],
    [{ any: [{ eq: ["meter.tension", 0] }, { gt: ["meter.tension", 0] }] }, true],
    [{ eq: [{ count: "territories" }, 7] }, true],
    [{ eq: [{ count: "territories", where: { eq: ["controller", "empire"] } }, 2] }, true],
    [{ eq: [{ count: "territories", where: { gte: ["control.empire", 3_000] } }, 4] }, true],
    [{ eq: [{ count: "relics", where: { eq: ["id", "tide_bell"] } }, 1] }, true],
    [{ eq: [{ count: "effects", where: { eq: ["kind", "style"] } }, 0] }, true],
    [{ eq: [{ count: "campaigns" }, 0] }, true],
    [{ eq: [{ count: "factions", where: { gt: ["share_bp", 3_333] } }, 1] }, true],
  ])("at the start of the realm %j is %s", (when, holds) => {
    const { state } = genesis("amoi-1", rules, "2026-01-01T00:00:00.000Z");
    expect(reasonsOf(when)).toEqual([]);
    expect(resolveCondition(when, rules)(state.public)).toBe(holds);
  });
});

describe("effects and names", () => {
  test.each<[Effect, string]>([
    [{ do: "modify", name: "yield_bp", faction: "nobody", add: 1, ticks: 1 }, "unknown faction nobody"],
    [{ do: "modify", name: "yield_bp", faction: "!nobody", add: 1, ticks: 1 }, "unknown faction nobody"],
    [{ do: "modify", name: "clamp_bp", territory: "nowhere", add: 1, ticks: 1 }, "unknown territory nowhere"],
  ])("%j has no target", (effect, reason) => {
    expect(checkRuleset(withTrigger({ gt: ["meter.tension", 1] }, [effect]))).toEqual([
      `triggers.trial.effects.0: ${reason}`,
    ]);
  });

  test("one id is one kind of effect, once in a trigger", () => {
    const twice: Effect = { do: "style", id: "grey", ticks: 1 };
    expect(checkRuleset(withTrigger({ gt: ["meter.tension", 1] }, [twice, { ...twice, ticks: 2 }]))).toEqual([
      "triggers.trial.effects: grey stands twice",
    ]);
    const [iron, ...others] = rules.triggers;
    const stolen: Effect = { do: "style", id: "iron_decrees", ticks: 1 };
    const mixed = { ...rules, triggers: [iron!, { ...others[0]!, effects: [stolen] }] };
    expect(checkRuleset(mixed)).toEqual([
      "triggers.veil_fracture.effects: iron_decrees is a chain and a style",
    ]);
  });

  test("nothing stands twice", () => {
    const [first] = rules.triggers;
    const doubled = { ...rules, resources: [...rules.resources, "iron"], triggers: [first!, first!] };
    expect(checkRuleset(doubled)).toEqual([
      "resources: iron stands twice",
      "triggers: age_of_iron stands twice",
    ]);
  });

  test("a territory next to constructor is a reason, not a crash", () => {
    const lost = structuredClone(rules);
    lost.territories.iron_gate!.adjacent.push("constructor");
    expect(Ruleset.safeParse(lost).success).toBe(false);
  });
});

describe("bounds", () => {
  test("numbers beyond the schema's bounds that could pass 2^53 are refused", () => {
    const huge = { ...rules, influence: { ...rules.influence, burst_max: 10 ** 10, decay_bp: 1 } };
    expect(checkRuleset(huge)).toEqual([
      expect.stringMatching(/^influence of all factions could reach \d+, beyond 2\^53$/),
    ]);
    expect(
      checkRuleset({ ...rules, influence: { ...rules.influence, burst_min: 9_000, burst_max: 8_000 } }),
    ).toEqual(["influence.burst_min: above burst_max"]);
  });

  test("at the maxima of the schema every bound stays under a fifth of 2^53", () => {
    const most = {
      ...rules,
      factions: Object.fromEntries([..."abcdefgh"].map((id) => [id, { name: id }])),
      influence: { ...rules.influence, prior: 200_000, burst_max: 5_000_000, decay_bp: 1 },
      contest: { ...rules.contest, weight_max_bp: 20_000 },
      claims: { ...rules.claims, decay_bp: 50 },
      stock: { decay_bp: 2, max: 100_000 },
      chain: { goal: 50_000, min_contributors: 200 },
      sovereign: {
        ...rules.sovereign,
        season_max: 30,
        counter_bp: 80_000,
        iron_levy: { ...rules.sovereign.iron_levy, cost: 4_000 },
      },
    };
    for (const [, largest] of largestIntegers(most))
      expect(largest).toBeLessThan(BigInt(Number.MAX_SAFE_INTEGER) / 5n);
  });
});
