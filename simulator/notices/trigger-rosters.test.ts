import { expect, test } from "vitest";
import type { Accepted } from "../../shared/contracts/decision.ts";
import type { Condition, Effect } from "../../shared/contracts/trigger.ts";
import type { WorldState } from "../../shared/contracts/world.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { accepted, asInExamples, play, standing, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";
import type { TickResult } from "../tick-result.ts";

const rules = asInExamples(await loadRuleset("amoi-1"));

/** A world with the shipped triggers, or with one of these conditions. */
const world = (change: (world: WorldState) => void, when?: Condition, sustain = 1) =>
  standing(started(rules), (state) => {
    if (when !== undefined) {
      const effects: Effect[] = [{ do: "style", id: "grey", ticks: 1 }];
      const rest = { sustain, cooldown: 0, rearm: "auto" as const, priority: 1, effects };
      state.private.ruleset.triggers = [{ key: "told", when, ...rest }];
      state.public.triggers = { told: { armed: 1, streak: 0 } };
    }
    change(state);
  });

const each = (users: readonly string[], points: number, over: Partial<Accepted> = {}): Accepted[] =>
  users.map((user_id) =>
    accepted({
      event_id: `${user_id}-${over.territory_id ?? over.relic_id ?? over.faction_id ?? ""}`,
      user_id,
      normalized_points: points * 1_000,
      ...over,
    }),
  );
const pushed = (users: readonly string[], points: number, faction_id: string, territory_id: string) =>
  each(users, points, { event_type: "territory_push", faction_id, territory_id });

/** Who was told of a trigger, tick by tick: role and share. */
const told = (results: TickResult[]) =>
  results.map(({ notices }) =>
    notices.flatMap(({ user, items }) =>
      items.flatMap((item): [string, string, number][] =>
        item.kind === "trigger" ? [[user, item.role, item.share_bp]] : [],
      ),
    ),
  );
const fired = (results: TickResult[]) =>
  results.map(({ record }) => record.events.some(({ kind }) => kind === "trigger"));

const SIXTEEN = [...Array(16).keys()].map((i) => `player-${String(i).padStart(2, "0")}`);
/** The empire's share is 7000 bp, and 480 points a tick raise it. */
const almostIron = (state: WorldState) => {
  const { empire, freeholds, veilborn } = state.public.factions;
  Object.assign(empire!, { influence: 73_330_000, share_bp: 7_000 });
  for (const other of [freeholds!, veilborn!]) Object.assign(other, { influence: 0, share_bp: 1_500 });
};

test("sixteen players whose influence starts the Age of Iron are all told, those of three ticks of its streak", () => {
  const late = each(["late"], 60);
  const results = play(world(almostIron), [
    { events: each(SIXTEEN, 30) },
    { events: each(SIXTEEN, 30) },
    { events: [...each(SIXTEEN, 30), ...late] },
  ]);
  expect(fired(results)).toEqual([false, false, true]);
  const [, , third] = told(results);
  expect(third!.map(([user]) => user)).toEqual(["late", ...SIXTEEN]);
  expect(third!.every(([, role]) => role === "contributor")).toBe(true);
  const sum = 16 * 90 + 60;
  expect(third!.map(([, , share]) => share)).toEqual([
    Math.floor(600_000 / sum),
    ...SIXTEEN.map(() => Math.floor(900_000 / sum)),
  ]);
});

test("who pushed before the streak began, or for another faction, has no part in a faction's share", () => {
  const early = pushed(["early"], 20, "empire", "iron_gate");
  const foe = pushed(["foe"], 20, "freeholds", "iron_gate");
  const results = play(world(almostIron), [
    { events: early },
    { events: [...each(SIXTEEN, 30), ...foe] },
    { events: [...each(SIXTEEN, 30), ...foe] },
    { events: [...each(SIXTEEN, 30), ...foe] },
  ]);
  expect(fired(results)).toEqual([false, false, false, true]);
  expect(told(results)[3]!.map(([user]) => user)).toEqual(SIXTEEN);
});

test("one who did it alone has all of it", () => {
  const results = play(world(almostIron), [
    { events: each(["ada"], 400) },
    { events: each(["ada"], 400) },
    { events: each(["ada"], 400) },
  ]);
  expect(told(results)[2]).toEqual([["ada", "major", 10_000]]);
});

test("a decree fires veil_fracture: nobody is told that it was their doing", () => {
  const meter = (add: number): Effect => ({ do: "meter", name: "catastrophe", add });
  const decree = passed("decree", { text: "The veil tears.", effects: [meter(4_000)] }, 1);
  const results = play(
    world(({ public: state }) => {
      state.meters.catastrophe_meter = 5_000;
    }),
    [
      { events: pushed(["ada"], 20, "freeholds", "iron_gate") },
      {},
      { commands: [decree] },
      { events: pushed(["bo"], 20, "freeholds", "iron_gate") },
    ],
  );
  expect(fired(results)).toEqual([false, false, false, true]);
  expect(told(results)).toEqual([[], [], [], []]);
  expect(results.at(-1)!.state.private.rosters!.triggers).toEqual({});
});

test("a decree that only lifted the meter near its bound is remembered: what carries it over is not the players' doing alone", () => {
  const meter: Effect = { do: "meter", name: "catastrophe", add: 2_990 };
  const decree = passed("decree", { text: "The veil thins.", effects: [meter] }, 1);
  const results = play(
    world(({ public: state }) => {
      state.meters = { catastrophe_meter: 5_000, global_tension: 9_000 };
    }),
    [{ commands: [decree] }, {}, { events: pushed(["bo"], 20, "freeholds", "iron_gate") }],
  );
  expect(fired(results)).toContain(true);
  expect(told(results).flat()).toEqual([]);
});

test("strife that drives the catastrophe up is told to those who fought, also a tick before, and to nobody whose push moved nothing", () => {
  const fight = [
    ...pushed(["ada"], 60, "freeholds", "iron_gate"),
    ...pushed(["bo"], 60, "empire", "iron_gate"),
  ];
  const results = play(
    world(({ public: state }) => {
      state.meters = { catastrophe_meter: 7_900, global_tension: 9_000 };
      for (const land of Object.values(state.territories)) land.instability = 9_000;
    }),
    [{ events: fight }, { events: pushed(["cleo"], 5, "veilborn", "moon_stair") }],
  );
  expect(fired(results)).toEqual([false, true]);
  const [, second] = told(results);
  expect(second!.map(([user]) => user)).toEqual(["ada", "bo"]);
});

test("a tension that close shares make on quiet land is the clock's doing, whoever pushed a little", () => {
  const when: Condition = { gt: ["meter.tension", 2_000] };
  const results = play(
    world(() => {}, when),
    [...Array(12)].map((_, i) => ({
      events: i === 0 ? pushed(["ada"], 20, "empire", "mist_fen") : [],
    })),
  );
  expect(fired(results)).toContain(true);
  expect(told(results).flat()).toEqual([]);
});

test("a share that falls is the doing of those who raised the others", () => {
  const when: Condition = { lt: ["faction.empire.share_bp", 3_330] };
  const results = play(
    world(() => {}, when),
    [{ events: [...each(["foe"], 500, { faction_id: "freeholds" }), ...each(["ada"], 10)] }],
  );
  expect(fired(results)).toEqual([true]);
  expect(told(results)[0]).toEqual([["foe", "pivotal", 10_000]]);
});

test("of alternatives the one that holds is told", () => {
  const when: Condition = {
    any: [
      { gt: ["control.iron_gate.freeholds", 1_510] },
      { not: { lte: ["control.moon_stair.empire", 9_000] } },
    ],
  };
  const events = [
    ...pushed(["ada"], 60, "freeholds", "iron_gate"),
    ...pushed(["bo"], 60, "empire", "moon_stair"),
  ];
  expect(
    told(
      play(
        world(() => {}, when),
        [{ events }],
      ),
    )[0],
  ).toEqual([["ada", "pivotal", 10_000]]);
});

test("relics that are contested are those of who claimed them in this tick", () => {
  const when: Condition = { gte: [{ count: "relics", where: { eq: ["contested", 1] } }, 1] };
  const claim = (user: string, faction_id: string, relic_id: string) =>
    each([user], 50, { event_type: "relic_claim", faction_id, relic_id });
  const results = play(
    world(() => {}, when),
    [
      { events: claim("early", "empire", "tide_bell") },
      {
        events: [
          ...claim("ada", "empire", "tide_bell"),
          ...claim("bo", "freeholds", "tide_bell"),
          ...claim("cleo", "veilborn", "night_loom"),
        ],
      },
    ],
  );
  expect(fired(results)).toEqual([false, true]);
  expect(told(results)[1]).toEqual([
    ["ada", "pivotal", 5_000],
    ["bo", "pivotal", 5_000],
  ]);
});

test("a streak that goes on is forgotten once it was told, and collects again for the next time", () => {
  const when: Condition = { gt: ["faction.empire.share_bp", 3_340] };
  const again = world((state) => {
    state.private.ruleset.triggers[0]!.rearm = { gt: ["faction.empire.share_bp", 0] };
  }, when);
  const results = play(again, [{ events: each(["ada"], 500) }, { events: each(["bo"], 500) }]);
  expect(told(results)).toEqual([[["ada", "pivotal", 10_000]], [["bo", "major", 10_000]]]);
});
