import { beforeAll, describe, expect, test } from "vitest";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { Effect } from "../../shared/contracts/trigger.ts";
import type { EffectState } from "../../shared/contracts/world.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { decided, play, standing, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";

let rules: Ruleset;
beforeAll(async () => {
  rules = await loadRuleset("amoi-1");
});

const style = (id: string, ticks: number): Effect => ({ do: "style", id, ticks });
const decree = (seq: number, effects: Effect[]) =>
  passed("decree", { text: "The gates stay shut.", effects }, seq);
const held = (source: string, until_tick: number): EffectState => ({ kind: "style", source, until_tick });
const aboutToStart = (...effects: [id: string, EffectState][]) =>
  standing(started(rules), ({ private: privateState }) => {
    privateState.starting = effects.map(([id, effect]) => ({ id, effect }));
  });

test("a decree stands in the public log with its words, and its effects hold from the next tick", () => {
  const clamp: Effect = { do: "modify", name: "clamp_bp", territory: "iron_gate", add: -2_000, ticks: 2 };
  const results = play(started(rules), [{ commands: [decree(1, [clamp, style("grey", 1)])] }, {}, {}, {}]);
  expect(results.flatMap(({ record }) => record.events)).toEqual([
    { tick: 1, n: 1, kind: "decree", id: "command-1", text: "The gates stay shut.", author: "gm" },
    {
      tick: 2,
      n: 1,
      kind: "effect_start",
      id: "decree.command-1.0",
      effect: results[1]!.state.public.effects["decree.command-1.0"],
    },
    {
      tick: 2,
      n: 2,
      kind: "effect_start",
      id: "grey",
      effect: { kind: "style", source: "decree.command-1", until_tick: 3 },
    },
    { tick: 3, n: 1, kind: "effect_end", id: "grey" },
    { tick: 4, n: 1, kind: "effect_end", id: "decree.command-1.0" },
  ]);
  expect(results[1]!.state.public.effects["decree.command-1.0"]).toEqual({
    kind: "modify",
    source: "decree.command-1",
    name: "clamp_bp",
    territory: "iron_gate",
    add: -2_000,
    until_tick: 4,
  });
});

test("words alone are a decree too", () => {
  expect(play(started(rules), [{ commands: [decree(1, [])] }])[0]!.record.events).toHaveLength(1);
});

describe("two effects on one thing", () => {
  const RANKED = ["decree.a", "council.b", "action.c", "age_of_iron"];

  test("of those that start in one tick the highest rank holds: decree, council, action, trigger", () => {
    for (let rank = 0; rank < RANKED.length; rank++) {
      const rivals = RANKED.slice(rank)
        .toReversed()
        .map((source): [string, EffectState] => ["grey", held(source, 9)]);
      const { state, record } = play(aboutToStart(...rivals), [{}])[0]!;
      expect(state.public.effects.grey!.source).toBe(RANKED[rank]);
      expect(record.events).toEqual([
        { tick: 1, n: 1, kind: "effect_start", id: "grey", effect: expect.anything() },
        ...rivals.slice(1).map((_, i) => ({
          tick: 1,
          n: i + 2,
          kind: "effect_refused",
          id: "grey",
          reason: "overridden",
        })),
      ]);
    }
  });

  test("one that holds yields to its own rank and to a higher one, never to a lower", () => {
    for (const [running, i] of RANKED.map((source, i) => [source, i] as const))
      for (const [coming, j] of RANKED.map((source, j) => [source, j] as const)) {
        const from = standing(aboutToStart(["grey", held(coming, 9)]), ({ public: world }) => {
          world.effects.grey = held(running, 5);
        });
        const { state, record } = play(from, [{}])[0]!;
        expect(state.public.effects.grey!.source).toBe(j <= i ? coming : running);
        expect(record.events[0]).toMatchObject(
          j <= i ? { kind: "effect_start" } : { kind: "effect_refused", reason: "overridden" },
        );
      }
  });

  test("of two decrees in one tick the first in the log holds", () => {
    const commands = [decree(2, [style("grey", 7)]), decree(1, [style("grey", 3)])];
    const [, second] = play(started(rules), [{ commands }, {}]);
    expect(second!.state.public.effects.grey).toEqual(held("decree.command-1", 5));
    expect(second!.record.events.map(({ kind }) => kind)).toEqual(["effect_start", "effect_refused"]);
  });

  describe("with all 16 places taken", () => {
    /** 15 effects of councils, and a decree's; a trigger's is about to start. */
    const crowded = (decree: Partial<EffectState>, running = true) =>
      standing(
        aboutToStart(
          ["iron_austerity", held("age_of_iron", 9)],
          ...(running ? [] : [["grey", { ...held("decree.a", 9), ...decree }] as [string, EffectState]]),
        ),
        ({ public: world }) => {
          for (let i = 0; i < 15; i++) world.effects[`s${i}`] = held("council.b", 9);
          if (running) world.effects.grey = { ...held("decree.a", 9), ...decree };
        },
      );
    const priority = () => rules.triggers.find(({ key }) => key === "age_of_iron")!.priority;
    const events = (from: ReturnType<typeof crowded>) => play(from, [{}])[0]!.record.events;

    test("a trigger takes the place of a decree of a lower priority, whichever of them came first", () => {
      expect(events(crowded({ priority: priority() - 1 }))).toMatchObject([
        { kind: "effect_end", id: "grey", reason: "gave_way" },
        { kind: "effect_start", id: "iron_austerity" },
      ]);
      expect(events(crowded({}, false))).toMatchObject([
        { kind: "effect_start", id: "grey" },
        { kind: "effect_end", id: "grey", reason: "gave_way" },
        { kind: "effect_start", id: "iron_austerity" },
      ]);
    });

    test("a decree of the trigger's priority keeps its place, and the trigger's effect is told as refused", () => {
      expect(events(crowded({ priority: priority() }))).toMatchObject([
        { kind: "effect_refused", id: "iron_austerity", reason: "too_many" },
      ]);
    });

    test("of several decrees the one of the lowest priority gives way, of those the one that ends first", () => {
      const from = standing(crowded({ priority: 2 }), ({ public: world }) => {
        world.effects.s0 = { ...held("decree.c", 8), priority: 1 };
        world.effects.s1 = { ...held("decree.c", 7), priority: 1 };
      });
      expect(events(from)[0]).toMatchObject({ kind: "effect_end", id: "s1" });
    });

    test("neither a council nor a running trigger gives way", () => {
      const from = standing(crowded({}), ({ public: world }) => {
        world.effects.grey = held("age_of_iron", 9);
      });
      expect(events(from)).toMatchObject([{ kind: "effect_refused", id: "iron_austerity" }]);
    });
  });
});

test("a decree's priority is its effects'", () => {
  const command = passed("decree", { text: "Hold.", effects: [style("grey", 3)], priority: 7 }, 1);
  expect(play(started(rules), [{ commands: [command] }, {}])[1]!.state.public.effects.grey).toMatchObject({
    priority: 7,
  });
});

test("an effect whose faction a ruleset removes before it starts is refused and recorded", () => {
  const without = structuredClone(rules);
  delete without.factions.veilborn;
  for (const territory of Object.values(without.territories)) {
    territory.control = { empire: 5_000, freeholds: 5_000 };
    if (territory.controller === "veilborn") delete territory.controller;
  }
  const hail: Effect = { do: "modify", name: "claim_bp", faction: "veilborn", add: 1, ticks: 9 };
  const change = decided({ kind: "ruleset.set", payload: { ruleset: without }, ruleset_version: 2 }, 5);
  const [, second] = play(started(rules), [{ commands: [decree(1, [hail])] }, { commands: [change] }]);
  expect(second!.record.events).toEqual([
    { tick: 2, n: 1, kind: "ruleset", version: 2 },
    { tick: 2, n: 2, kind: "effect_refused", id: "decree.command-1.0", reason: "no_target" },
  ]);
});
