import { beforeAll, describe, expect, test } from "vitest";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { WorldState } from "../../shared/contracts/world.ts";
import { byPlace } from "../../shared/exact/by-id.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { quorumOf } from "../../shared/world/quorum.ts";
import type { WorldCommand } from "../steps/fold.ts";
import { play, started } from "../testing/builders.ts";
import { passed, player } from "../testing/command-builders.ts";
import { runCommands } from "./commands.ts";
import { mayAct, resultOf } from "./council.ts";

let rules: Ruleset;
beforeAll(async () => {
  rules = await loadRuleset("amoi-1");
});

const OPTIONS = [
  { text: "As it is", effects: [] },
  {
    text: "Feed the fields",
    effects: [{ do: "modify" as const, name: "yield_bp" as const, faction: "empire", add: 500, ticks: 3 }],
  },
  { text: "Wear grey", effects: [{ do: "style" as const, id: "grey", ticks: 3 }] },
];
const open = (seq: number, { seats = ["ada", "bo"], active = 20, faction = "empire" } = {}) =>
  passed("council.open", { faction, options: OPTIONS }, seq, { seats, active });
const vote = (
  seq: number,
  option: number,
  weight: number,
  { council = "command-1", faction = "empire" } = {},
) =>
  passed("council.vote", { user: `user-${seq}`, faction, option }, seq, {
    actor: player(`user-${seq}`),
    council,
    weight,
  });
const run = (state: WorldState, tick: number, commands: DecidedCommand[]) =>
  runCommands({ ...state, public: { ...state.public, tick } }, commands as WorldCommand[]);
const opened = () => run(started(rules).state, 10, [open(1)]).state;

test("a council's options are told when it opens, its seats count at once, and nobody's vote is public", () => {
  const { state, happenings } = run(started(rules).state, 10, [open(1), vote(2, 1, 3)]);
  expect(happenings).toEqual([
    {
      kind: "council",
      id: "command-1",
      faction: "empire",
      step: "open",
      options: ["As it is", "Feed the fields", "Wear grey"],
      closes_tick: 106,
    },
  ]);
  expect(mayAct(state, player("bo"), "empire")).toBe(true);
  expect(mayAct(state, player("bo"), "freeholds")).toBe(false);
  expect(mayAct(state, player("cleo"), "empire")).toBe(false);
  expect(state.public.councils.empire).toMatchObject({
    seats: 2,
    open: {
      closes_tick: 106,
      voters: 1,
      quorum: 1,
      options: { "1": { text: "Feed the fields", weight: 3 } },
    },
  });
  expect(JSON.stringify(state.public)).not.toContain("user-2");
});

test("the option of the greatest weight holds when the window closes, and its effects start with the next tick", () => {
  const { state } = run(opened(), 20, [vote(2, 1, 3), vote(3, 2, 1), vote(4, 2, 1)]);
  expect(run(state, 105, []).happenings).toEqual([]);
  const closed = run(state, 106, []);
  expect(closed.happenings).toEqual([
    { kind: "council", id: "command-1", faction: "empire", step: "close", option: 1, reason: "voted" },
  ]);
  expect(closed.state.private.starting).toEqual([
    {
      id: "council.command-1.0",
      effect: {
        kind: "modify",
        source: "council.command-1",
        name: "yield_bp",
        faction: "empire",
        add: 500,
        until_tick: 110,
      },
    },
  ]);
  expect(closed.state.private.councils).toEqual({ empire: { seats: ["ada", "bo"], opened_tick: 10 } });
  expect(closed.state.public.councils).toEqual({ empire: { seats: 2 } });
});

describe("the status quo holds", () => {
  const result = (weights: number[], voters: number, quorum: number) =>
    resultOf({
      options: byPlace(weights.map((weight) => ({ text: "", effects: {}, weight }))),
      voters,
      quorum,
    });
  test("where two options weigh the same", () => {
    expect(result([0, 3, 3], 4, 1)).toEqual({ option: 0, reason: "tie" });
    expect(result([3, 3, 2], 4, 1)).toEqual({ option: 0, reason: "tie" });
  });
  test("where nobody votes, also in a faction without anybody active", () => {
    expect(result([0, 0], 0, 0)).toEqual({ option: 0, reason: "tie" });
    expect(result([0, 0], 0, 1)).toEqual({ option: 0, reason: "no_quorum" });
  });
  test("where fewer than 5 % of the faction's active members vote, whatever their votes weigh", () => {
    expect([quorumOf(81, 500), quorumOf(80, 500), quorumOf(1, 500), quorumOf(0, 500)]).toEqual([5, 4, 1, 0]);
    expect(result([0, 12], 4, 5)).toEqual({ option: 0, reason: "no_quorum" });
    expect(result([0, 12], 4, 4)).toEqual({ option: 1, reason: "voted" });
  });
});

describe("races", () => {
  test("a vote in the tick of the close counts, one in the next doesn't and leaves no line", () => {
    const last = run(opened(), 106, [vote(2, 2, 1)]);
    expect(last.happenings).toMatchObject([{ step: "close", option: 2, reason: "voted" }]);
    const late = run(run(opened(), 106, []).state, 107, [vote(2, 2, 1)]);
    expect(late.happenings).toEqual([]);
    expect(late.state.public.councils).toEqual({ empire: { seats: 2 } });
  });

  test("a council that opens while another votes closes that one as it stands", () => {
    const { state, happenings } = run(opened(), 20, [
      vote(2, 2, 1),
      open(3, { seats: ["cleo"] }),
      vote(4, 1, 1),
    ]);
    expect(happenings.map((each) => (each.kind === "council" ? [each.id, each.step] : each))).toEqual([
      ["command-1", "close"],
      ["command-3", "open"],
    ]);
    expect(state.private.starting.map(({ id }) => id)).toEqual(["grey"]);
    // The vote of 4 was for the first council.
    expect(state.private.councils!.empire).toEqual({ seats: ["cleo"], opened_tick: 20 });
    expect(state.public.councils.empire).toMatchObject({ seats: 1, open: { id: "command-3", voters: 0 } });
  });

  test("a vote before its council in the log counts for nothing", () => {
    const { state } = run(started(rules).state, 10, [vote(0, 1, 3), open(1)]);
    expect(state.public.councils.empire!.open).toMatchObject({ options: { "1": { weight: 0 } }, voters: 0 });
  });

  test("two factions vote side by side", () => {
    const both = run(started(rules).state, 10, [open(2, { faction: "freeholds" }), open(1)]).state;
    const { happenings } = run(both, 106, [
      vote(3, 1, 1),
      vote(4, 2, 2, { council: "command-2", faction: "freeholds" }),
    ]);
    expect(happenings).toMatchObject([
      { faction: "empire", step: "close", option: 1 },
      { faction: "freeholds", step: "close", option: 2 },
    ]);
  });
});

test("when the season is over, a council that is open ends with the status quo and keeps its seats", () => {
  const { state } = run(opened(), 20, [vote(2, 1, 3)]);
  const over = { ...state, public: { ...state.public, status: "season_end" as const } };
  const closed = run(over, 21, []);
  expect(closed.happenings).toEqual([
    {
      kind: "council",
      id: "command-1",
      faction: "empire",
      step: "close",
      option: 0,
      reason: "season_closed",
    },
  ]);
  expect(closed.state.private).toMatchObject({
    starting: [],
    councils: { empire: { seats: ["ada", "bo"] } },
  });
});

test("a council of a faction that isn't there is refused", () => {
  expect(run(started(rules).state, 10, [open(1, { faction: "constructor" })]).happenings).toMatchObject([
    { kind: "refused", reason: "unknown_faction" },
  ]);
});

test("over ticks, a council moves the yield that it voted for, for as long as the option says", () => {
  const quick = { ...rules, council: { ...rules.council, window_ticks: 10 } };
  const intervals = [{ commands: [open(1), vote(2, 1, 1)] }, ...Array.from({ length: 15 }, () => ({}))];
  const results = play(started(quick), intervals);
  expect(results.map(({ state }) => state.public.factions.empire!.modifiers.yield_bp ?? 0)).toEqual([
    ...Array(11).fill(0),
    500,
    500,
    500,
    0,
    0,
  ]);
});
