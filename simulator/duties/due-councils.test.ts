import { expect, test } from "vitest";
import type { WorldState } from "../../shared/contracts/world.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import type { WorldCommand } from "../steps/fold.ts";
import { play, standing, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";
import { dueCommands } from "./due-commands.ts";

const rules = await loadRuleset("amoi-1");
const councils = (state: WorldState) =>
  dueCommands(state).flatMap((command) => (command.kind === "council.open" ? [command] : []));
const keys = (state: WorldState) => councils(state).map(({ idempotency_key }) => idempotency_key);
const at = (tick: number, change: (world: WorldState["public"]) => void = () => {}) =>
  standing(started(rules), ({ public: world }) => {
    world.tick = tick;
    change(world);
  });

test("a season's first councils are called 96 ticks after it began, one of each faction, on the standing options", () => {
  expect(keys(at(95).state)).toEqual([]);
  expect(keys(at(96).state)).toEqual([
    "council.open.empire.1.first.0",
    "council.open.freeholds.1.first.0",
    "council.open.veilborn.1.first.0",
  ]);
  const [empire] = councils(at(96).state);
  expect(empire).toMatchObject({ actor: { type: "system" }, payload: { faction: "empire" } });
  expect(empire!.payload.options.map(({ effects }) => effects)).toMatchObject([
    [],
    [{ name: "push_weight_bp", faction: "empire" }],
    [{ name: "yield_bp", faction: "empire" }],
    [{ name: "claim_bp", faction: "empire" }],
  ]);
});

test("a call that didn't come to pass is made again after 8 ticks, under another key", () => {
  expect(keys(at(103).state)[0]).toBe("council.open.empire.1.first.0");
  expect(keys(at(104).state)[0]).toBe("council.open.empire.1.first.1");
});

test("nobody is called while the realm stands still or its season is over", () => {
  expect(keys(at(96, (world) => Object.assign(world, { status: "maintenance" })).state)).toEqual([]);
  const over = { started_tick: 0, closed_tick: 90, opens_tick: 186 };
  expect(keys(at(96, (world) => Object.assign(world, { calendar: over })).state)).toEqual([]);
});

test("the next council of a faction is called 672 ticks after its last one opened, whoever opened that", () => {
  const payload = {
    faction: "empire",
    options: [
      { text: "As it is", effects: [] },
      { text: "Else", effects: [] },
    ],
  };
  const opening = passed("council.open", payload, 1, { seats: ["ada"], active: 3 }) as WorldCommand;
  const [opened] = play(at(39), [{ commands: [opening] }]);
  expect(opened!.state.public.councils.empire).toMatchObject({ seats: 1, open: { quorum: 1 } });
  const later = (tick: number) =>
    standing(opened!, ({ public: world }) => Object.assign(world, { tick })).state;
  expect(keys(later(711)).filter((key) => key.includes("empire"))).toEqual([]);
  expect(keys(later(712)).filter((key) => key.includes("empire"))).toEqual(["council.open.empire.1.40.0"]);
});
