import { beforeAll, describe, expect, test } from "vitest";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import { SOVEREIGN } from "../../shared/contracts/politics.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { ActionState, Happening, WorldState } from "../../shared/contracts/world.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import type { WorldCommand } from "../steps/fold.ts";
import { decided, play, standing, started } from "../testing/builders.ts";
import { passed, player } from "../testing/command-builders.ts";
import type { TickResult } from "../tick-result.ts";
import { REFUSALS_TOLD, runCommands } from "./commands.ts";
import { closeActions } from "./sovereign.ts";

let rules: Ruleset;
beforeAll(async () => {
  rules = await loadRuleset("amoi-1");
});

/** Every faction has 1 000 of everything, and ada and bo sit for the empire and the freeholds. */
function rich(change: (world: WorldState) => void = () => {}): WorldState {
  return standing(started(rules), (world) => {
    for (const faction of Object.values(world.public.factions))
      for (const resource of rules.resources) faction.resources[resource] = 1_000_000;
    world.private.councils = { empire: { seats: ["ada"] }, freeholds: { seats: ["bo"] } };
    change(world);
  }).state;
}
/** What commands make of a world in its tick, closes included; nothing grows or spoils here. */
function run(state: WorldState, tick: number, commands: DecidedCommand[]) {
  return runCommands({ ...state, public: { ...state.public, tick } }, commands as WorldCommand[]);
}
const iron = (state: WorldState, faction: string) => state.public.factions[faction]!.resources.iron!;

const propose = (
  seq: number,
  payload: { action_type: ActionState["action_type"]; faction: string; target?: string },
  by = "ada",
) => passed("sovereign.propose", payload, seq, { actor: player(by) });
const levy = (seq: number) => propose(seq, { action_type: "iron_levy", faction: "empire" });
const counter = (seq: number, stake: number, faction = "freeholds", by = "bo", action = "command-1") =>
  passed("sovereign.counter", { action, faction, stake }, seq, { actor: player(by) });

const told = (happenings: readonly Happening[]) =>
  happenings.map((each) =>
    each.kind === "refused" ? each.reason : each.kind === "action" ? each.status : each.kind,
  );

test("a proposal holds its cost back at once, and shows until when it can be countered", () => {
  const { state, happenings } = run(rich(), 10, [levy(1)]);
  expect(state.public.actions).toEqual({
    "command-1": {
      action_type: "iron_levy",
      faction: "empire",
      status: "proposed",
      cost: 400_000,
      proposed_tick: 10,
      closes_tick: 34,
    },
  });
  expect(iron(state, "empire")).toBe(600_000);
  expect(state.private.escrow).toEqual({ "command-1": { resource: "iron", stakes: {} } });
  expect(happenings).toEqual([{ kind: "action", id: "command-1", status: "proposed" }]);
});

describe("the three actions", () => {
  const resolved = (payload: Parameters<typeof propose>[1]) => {
    const proposed = run(rich(), 10, [propose(1, payload)]);
    return run(proposed.state, 34, []).state;
  };

  test("an iron levy gives its faction 1500 of push for 48 ticks, from the tick after the close", () => {
    expect(resolved({ action_type: "iron_levy", faction: "empire" }).private.starting).toEqual([
      {
        id: "action.command-1.0",
        effect: {
          kind: "modify",
          source: "action.command-1",
          until_tick: 83,
          name: "push_weight_bp",
          faction: "empire",
          add: 1_500,
        },
      },
    ]);
  });

  test("a veil ward takes 1500 of catastrophe, once, and is paid in aether", () => {
    const { public: world, private: privateState } = resolved({
      action_type: "veil_ward",
      faction: "empire",
    });
    expect(privateState.starting[0]!.effect).toMatchObject({
      kind: "meter",
      name: "catastrophe",
      add: -1_500,
    });
    expect(world.factions.empire!.resources).toEqual({ aether: 600_000, grain: 1_000_000, iron: 1_000_000 });
  });

  test("an embargo takes 2000 of its target's yield for 48 ticks, and is paid in grain", () => {
    const embargo = { action_type: "embargo" as const, faction: "empire", target: "veilborn" };
    const { public: world, private: privateState } = resolved(embargo);
    expect(privateState.starting[0]!.effect).toMatchObject({
      name: "yield_bp",
      faction: "veilborn",
      add: -2_000,
      until_tick: 83,
    });
    expect(world.factions.empire!.resources.grain).toBe(600_000);
  });
});

describe("a refusal says why and charges nothing", () => {
  const embargo = (target?: string) =>
    propose(1, { action_type: "embargo", faction: "empire", ...(target === undefined ? {} : { target }) });
  const poor = (world: WorldState) => {
    world.public.factions.empire!.resources.iron = 399_999;
  };
  const closed = (world: WorldState) => {
    world.public.status = "season_end";
  };
  test.each<[string, () => DecidedCommand, string, ((world: WorldState) => void)?]>([
    [
      "a faction that isn't there",
      () => propose(1, { action_type: "iron_levy", faction: "atlantis" }),
      "unknown_faction",
    ],
    ["who has no seat", () => propose(1, { action_type: "iron_levy", faction: "empire" }, "cleo"), "no_seat"],
    [
      "who sits for another",
      () => propose(1, { action_type: "iron_levy", faction: "empire" }, "bo"),
      "no_seat",
    ],
    [
      "the system",
      () =>
        passed("sovereign.propose", { action_type: "iron_levy", faction: "empire" }, 1, {
          actor: { type: "system", id: "steward" },
        }),
      "no_seat",
    ],
    ["a thousandth too little", () => levy(1), "insufficient", poor],
    ["an embargo on nobody", () => embargo(), "no_target"],
    ["an embargo on oneself", () => embargo("empire"), "own_target"],
    ["an embargo on nowhere", () => embargo("constructor"), "unknown_target"],
    [
      "a levy with a target",
      () => propose(1, { action_type: "iron_levy", faction: "empire", target: "veilborn" }),
      "no_target_allowed",
    ],
    ["a season that is over", () => levy(1), "realm_closed", closed],
  ])("%s", (_what, command, reason, change) => {
    const before = rich(change);
    const { state, happenings } = run(before, 10, [command()]);
    expect(happenings).toEqual([{ kind: "refused", id: "command-1", command: "sovereign.propose", reason }]);
    expect(state).toEqual({ ...before, public: { ...before.public, tick: 10 } });
  });

  test("where the ruleset has no such resource, the action can't be had", () => {
    const state = rich(({ public: world }) => {
      for (const faction of Object.values(world.factions)) delete faction.resources.iron;
    });
    expect(told(run(state, 10, [levy(1)]).happenings)).toEqual(["unknown_resource"]);
  });

  test("a game master needs no seat, and before its first council a faction has none", () => {
    const state = rich(({ private: privateState }) => {
      delete privateState.councils;
    });
    const byGm = passed("sovereign.propose", { action_type: "iron_levy", faction: "empire" }, 2);
    expect(told(run(state, 10, [levy(1), byGm]).happenings)).toEqual(["no_seat", "proposed"]);
  });
});

describe("uses", () => {
  test("a faction rests 192 ticks after a proposal, whatever the type of the next", () => {
    const { state } = run(rich(), 10, [levy(1)]);
    const ward = (seq: number) => propose(seq, { action_type: "veil_ward", faction: "empire" });
    expect(told(run(state, 201, [ward(2)]).happenings)).toEqual(["cooldown", "resolved"]);
    expect(told(run(state, 202, [ward(2)]).happenings)).toEqual(["proposed", "resolved"]);
  });

  test("a fourth in a season is refused, countered ones count, and a new season starts from none", () => {
    const spent = rich(({ private: privateState }) => {
      privateState.uses = { empire: { season: 1, count: 3, last_tick: 5 } };
    });
    expect(told(run(spent, 400, [levy(1)]).happenings)).toEqual(["season_max"]);
    const next = { ...spent, public: { ...spent.public, season: 2 } };
    const { state, happenings } = run(next, 400, [levy(1)]);
    expect(told(happenings)).toEqual(["proposed"]);
    expect(state.private.uses).toEqual({ empire: { season: 2, count: 1, last_tick: 400 } });
  });

  test("a faction begins a season rested", () => {
    const resting = rich(({ public: world, private: privateState }) => {
      world.season = 2;
      privateState.uses = { empire: { season: 1, count: 1, last_tick: 399 } };
    });
    expect(told(run(resting, 400, [levy(1)]).happenings)).toEqual(["proposed"]);
  });

  test("of two activations in one tick the first in the log is proposed, and the second is charged nothing", () => {
    const { state, happenings } = run(rich(), 10, [levy(2), levy(1)]);
    expect(happenings).toEqual([
      { kind: "action", id: "command-1", status: "proposed" },
      { kind: "refused", id: "command-2", command: "sovereign.propose", reason: "cooldown" },
    ]);
    expect(iron(state, "empire")).toBe(600_000);
  });

  test("two factions act in one tick side by side", () => {
    const theirs = propose(2, { action_type: "iron_levy", faction: "freeholds" }, "bo");
    expect(told(run(rich(), 10, [theirs, levy(1)]).happenings)).toEqual(["proposed", "proposed"]);
  });
});

describe("counterplay", () => {
  const proposed = () => run(rich(), 10, [levy(1)]).state;

  test("stakes of 80 % of the cost counter: half of the cost comes back, the use and the stakes are spent", () => {
    const opposed = run(proposed(), 20, [counter(2, 320_000)]);
    expect(opposed.happenings).toEqual([
      { kind: "action", id: "command-1", status: "opposed", faction: "freeholds", stake: 320_000 },
    ]);
    const { state, happenings } = run(opposed.state, 34, []);
    expect(happenings).toEqual([{ kind: "action", id: "command-1", status: "countered" }]);
    expect(state.public.actions["command-1"]).toMatchObject({ status: "countered", closes_tick: 34 });
    expect(iron(state, "empire")).toBe(800_000);
    expect(iron(state, "freeholds")).toBe(680_000);
    expect(state.private).toMatchObject({ escrow: {}, starting: [], uses: { empire: { count: 1 } } });
  });

  test("a thousandth less does not counter, and is spent all the same", () => {
    const opposed = run(proposed(), 20, [counter(2, 319_999)]);
    const { state, happenings } = run(opposed.state, 34, []);
    expect(told(happenings)).toEqual(["resolved"]);
    expect(iron(state, "empire")).toBe(600_000);
    expect(iron(state, "freeholds")).toBe(680_001);
    expect(state.private.starting).toHaveLength(1);
  });

  test("stakes of several factions, and of one several times, add up", () => {
    const gm = passed("sovereign.counter", { action: "command-1", faction: "veilborn", stake: 100_000 }, 4);
    const opposed = run(proposed(), 20, [counter(2, 120_000), counter(3, 100_000), gm]);
    expect(opposed.state.private.escrow!["command-1"]!.stakes).toEqual({
      freeholds: 220_000,
      veilborn: 100_000,
    });
    expect(told(run(opposed.state, 34, []).happenings)).toEqual(["countered"]);
  });

  test("half of an odd cost is rounded down", () => {
    const odd = structuredClone(proposed());
    odd.public.actions["command-1"]!.cost = 400_001;
    const { state } = run(odd, 34, [counter(2, 400_000)]);
    expect(iron(state, "empire")).toBe(800_000);
  });

  test("a counter in the tick of the close is still heard", () => {
    expect(told(run(proposed(), 34, [counter(2, 320_000)]).happenings)).toEqual(["opposed", "countered"]);
  });

  test("a counter in the tick before the close is heard", () => {
    const { state } = run(proposed(), 33, [counter(2, 320_000)]);
    expect(state.public.actions["command-1"]!.status).toBe("proposed");
    expect(told(run(state, 34, []).happenings)).toEqual(["countered"]);
  });

  test("a counter in the tick after the close is refused and keeps its stake", () => {
    const closed = run(proposed(), 34, []).state;
    const { state, happenings } = run(closed, 35, [counter(2, 320_000)]);
    expect(told(happenings)).toEqual(["window_closed"]);
    expect(iron(state, "freeholds")).toBe(1_000_000);
  });

  test("a proposal can be countered in its own tick, by what stands behind it in the log alone", () => {
    expect(told(run(rich(), 10, [counter(2, 4_000), levy(1)]).happenings)).toEqual(["proposed", "opposed"]);
    expect(told(run(rich(), 10, [counter(0, 4_000), levy(1)]).happenings)).toEqual([
      "unknown_action",
      "proposed",
    ]);
  });

  test.each<[string, () => DecidedCommand, string]>([
    ["an action that isn't there", () => counter(2, 1, "freeholds", "bo", "command-9"), "unknown_action"],
    ["one's own action", () => counter(2, 1, "empire", "ada"), "own_action"],
    ["who has no seat of the faction", () => counter(2, 1, "veilborn", "bo"), "no_seat"],
    ["a faction that isn't there", () => counter(2, 1, "atlantis", "bo"), "unknown_faction"],
    ["more than there is", () => counter(2, 1_000_001), "insufficient"],
    ["less than a hundredth of the cost", () => counter(2, 3_999), "too_small"],
  ])("%s is refused and charged nothing", (_what, command, reason) => {
    const before = proposed();
    const { state, happenings } = run(before, 11, [command()]);
    expect(told(happenings)).toEqual([reason]);
    expect(state.public.factions).toEqual(before.public.factions);
    expect(state.private).toEqual(before.private);
  });

  test("the last little that is missing may be staked, and the smallest stakes of 4 of 400 counter as the 80th", () => {
    const short = counter(2, 319_999);
    expect(told(run(proposed(), 11, [short, counter(3, 1)]).happenings)).toEqual(["opposed", "opposed"]);
    const smallest = Array.from({ length: 3_000 }, (_, i) => counter(i + 2, i % 2 === 0 ? 4_000 : 1));
    const { happenings } = run(proposed(), 11, smallest);
    expect(told(happenings).filter((each) => each === "opposed")).toHaveLength(80);
  });

  test("once enough is staked, more is refused rather than lost", () => {
    const { state, happenings } = run(proposed(), 11, [counter(2, 320_000), counter(3, 1)]);
    expect(told(happenings)).toEqual(["opposed", "already_countered"]);
    expect(iron(state, "freeholds")).toBe(680_000);
  });
});

test("when a season closes, what is open is cancelled: cost, stakes, use and rest are given back", () => {
  const before = rich(({ private: privateState }) => {
    privateState.uses = { empire: { season: 1, count: 1, last_tick: 2 } };
  });
  const open = run(before, 200, [levy(1), counter(2, 100_000)]).state;
  const { state, happenings } = closeActions(
    { ...open, public: { ...open.public, tick: 205 } },
    "season_closed",
  );
  expect(happenings).toEqual([
    { kind: "action", id: "command-1", status: "cancelled", reason: "season_closed" },
  ]);
  expect(state.public.factions).toEqual(before.public.factions);
  expect(state.public.actions["command-1"]).toMatchObject({ status: "cancelled", closes_tick: 205 });
  expect(state.private).toMatchObject({ escrow: {}, uses: { empire: { season: 1, count: 1 } } });
  expect(state.private.uses!.empire).not.toHaveProperty("last_tick");
  expect(closeActions(state, "season_closed")).toEqual({ state, happenings: [] });
});

test("an action that is open when the status says that the season is over is cancelled too: nobody could counter it", () => {
  const open = run(rich(), 10, [levy(1)]).state;
  const over = { ...open, public: { ...open.public, status: "season_end" as const } };
  const { state, happenings } = run(over, 34, [counter(2, 320_000)]);
  expect(told(happenings)).toEqual(["realm_closed", "cancelled"]);
  expect(iron(state, "empire")).toBe(1_000_000);
  expect(iron(state, "freeholds")).toBe(1_000_000);
});

describe("an action that closes beside sixteen effects", () => {
  /** Sixteen that hold until `until_tick`, an action that closes in tick 34, and what that tick's decrees call for. */
  const crowded = (
    until_tick: number,
    { action_type = "iron_levy" as const, starting = 0, held = 16 } = {},
  ) => {
    const before = run(rich(), 10, [
      propose(1, { action_type, faction: "empire" }),
      counter(2, 100_000),
    ]).state;
    const effect = { kind: "style" as const, source: "decree.d", until_tick };
    const named = (count: number, name: string) =>
      Array.from({ length: count }, (_, i) => [`${name}-${i}`, effect] as const);
    return {
      public: { ...before.public, effects: Object.fromEntries(named(held, "held")) },
      private: {
        ...before.private,
        starting: named(starting, "called").map(([id, effect]) => ({ id, effect })),
      },
    };
  };

  test("is cancelled with a reason, and cost, stakes and use are given back", () => {
    const { state, happenings } = run(crowded(36), 34, []);
    expect(happenings).toEqual([
      { kind: "action", id: "command-1", status: "cancelled", reason: "too_many_effects" },
    ]);
    expect(iron(state, "empire")).toBe(1_000_000);
    expect(iron(state, "freeholds")).toBe(1_000_000);
    expect(state.public.actions["command-1"]).toMatchObject({ status: "cancelled", closes_tick: 34 });
    expect(state.private).toMatchObject({ escrow: {}, starting: [], uses: { empire: { count: 0 } } });
  });

  test("is resolved where one of them ends with the tick of the close, which leaves it the place", () => {
    const { state, happenings } = run(crowded(35), 34, []);
    expect(told(happenings)).toEqual(["resolved"]);
    expect(state.private.starting).toHaveLength(1);
  });

  test("is cancelled where decrees and councils of its tick take the last places", () => {
    expect(told(run(crowded(99, { held: 14, starting: 1 }), 34, []).happenings)).toEqual(["resolved"]);
    expect(told(run(crowded(99, { held: 14, starting: 2 }), 34, []).happenings)).toEqual(["cancelled"]);
  });

  test("is countered like any other, and a ward, which takes no place, is resolved", () => {
    expect(told(run(crowded(99), 34, [counter(3, 220_000)]).happenings)).toEqual(["opposed", "countered"]);
    expect(told(run(crowded(99, { action_type: "veil_ward" as never }), 34, []).happenings)).toEqual([
      "resolved",
    ]);
  });
});

test("a closed action stays to be seen for 96 ticks", () => {
  const { state } = run(run(rich(), 10, [levy(1)]).state, 34, []);
  expect(Object.keys(run(state, 129, []).state.public.actions)).toEqual(["command-1"]);
  expect(run(state, 130, []).state.public.actions).toEqual({});
});

test("a tick tells 64 refusals and no more, and refuses the others just the same", () => {
  const crowd = Array.from({ length: 100 }, (_, i) =>
    propose(i + 1, { action_type: "iron_levy", faction: "empire" }, "cleo"),
  );
  const { state, happenings } = run(rich(), 10, crowd);
  expect(happenings).toHaveLength(REFUSALS_TOLD);
  expect(state.public.actions).toEqual({});
});

test("over ticks, a levy weighs in pushes from the tick after its close, for 48 ticks", () => {
  const quick = {
    ...rules,
    sovereign: { ...SOVEREIGN, window_ticks: 3, iron_levy: { ...SOVEREIGN.iron_levy, ticks: 5 } },
  };
  const from = standing(started(quick), ({ public: world }) => {
    world.factions.empire!.resources.iron = 500_000;
  });
  const byGm = passed("sovereign.propose", { action_type: "iron_levy", faction: "empire" }, 1);
  const results = play(from, [{ commands: [byGm] }, ...Array.from({ length: 10 }, () => ({}))]);
  const push = ({ state }: TickResult) => state.public.factions.empire!.modifiers.push_weight_bp ?? 0;
  expect(results.map(push)).toEqual([0, 0, 0, 0, 1_500, 1_500, 1_500, 1_500, 1_500, 0, 0]);
  expect(results.flatMap(({ record }) => record.events)).toEqual([
    { tick: 1, n: 1, kind: "action", id: "command-1", status: "proposed" },
    { tick: 4, n: 1, kind: "action", id: "command-1", status: "resolved" },
    { tick: 5, n: 1, kind: "effect_start", id: "action.command-1.0", effect: expect.anything() },
    { tick: 10, n: 1, kind: "effect_end", id: "action.command-1.0" },
  ]);
});

test("a realm whose ruleset was recorded before there were actions has the default numbers, and keeps its bytes", () => {
  const { sovereign: _sovereign, council: _council, ...old } = rules;
  const from = standing(started(rules), ({ public: world, private: privateState }) => {
    privateState.ruleset = old as Ruleset;
    world.factions.empire!.resources.iron = 500_000;
  });
  const byGm = passed("sovereign.propose", { action_type: "iron_levy", faction: "empire" }, 1);
  const [result] = play(from, [{ commands: [byGm, decided({ kind: "tick.run", idempotency_key: "k" }, 2)] }]);
  expect(result!.state.public.actions["command-1"]).toMatchObject({ cost: 400_000, closes_tick: 25 });
  expect(result!.state.private.ruleset).toEqual(old);
});
