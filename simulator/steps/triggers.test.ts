import { beforeAll, expect, test } from "vitest";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { Condition, Trigger } from "../../shared/contracts/trigger.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { decided, play, started } from "../testing/builders.ts";

let rules: Ruleset;
beforeAll(async () => {
  rules = await loadRuleset("amoi-1");
});

/** Held from the first tick on. */
const ALWAYS: Condition = { gte: ["realm.tick", 1] };
const inTicks = (...ticks: number[]): Condition => ({
  any: ticks.map((tick) => ({ eq: ["realm.tick", tick] satisfies [string, number] })),
});
const trigger = (key: string, over: Partial<Trigger> = {}): Trigger => ({
  key,
  when: ALWAYS,
  sustain: 1,
  cooldown: 0,
  rearm: "auto",
  priority: 0,
  effects: [{ do: "style", id: `style-${key}`, ticks: 1 }],
  ...over,
});
const over = (ticks: number, ...triggers: Trigger[]) =>
  play(started({ ...rules, triggers }), Array(ticks).fill({}));
const fires = (results: ReturnType<typeof play>) =>
  results.flatMap(({ record }) =>
    record.events.flatMap((event) => (event.kind === "trigger" ? [`${event.key}@${event.tick}`] : [])),
  );
const effectWith = (source: string): Condition => ({
  gte: [{ count: "effects", where: { eq: ["source", source] } }, 1],
});

test("a condition must hold in a row: what breaks it begins the streak anew", () => {
  const broken = trigger("a", { when: { not: inTicks(3) }, sustain: 3 });
  const results = over(7, broken);
  expect(fires(results)).toEqual(["a@6"]);
  expect(results.map(({ state }) => state.public.triggers.a!.streak)).toEqual([1, 2, 0, 1, 2, 3, 4]);
});

test("the streak counts on while a trigger rests, so that it fires as soon as it is armed and its cooldown over", () => {
  const rested = trigger("a", { sustain: 2, cooldown: 3, rearm: inTicks(4, 9) });
  expect(fires(over(10, rested))).toEqual(["a@2", "a@5", "a@9"]);
});

test("auto is armed again by a false condition alone, whatever the cooldown", () => {
  const steady = trigger("steady", { cooldown: 1 });
  const blinking = trigger("blinking", { when: { not: inTicks(3, 4) }, cooldown: 1 });
  expect(fires(over(8, steady, blinking))).toEqual(["blinking@1", "steady@1", "blinking@5"]);
});

test("a cascade costs a tick for each step, and a loop can't run within a tick", () => {
  const first = trigger("first", { when: { any: [inTicks(1), effectWith("third")] } });
  const second = trigger("second", { when: effectWith("first") });
  const third = trigger("third", { when: effectWith("second") });
  expect(fires(over(7, third, second, first))).toEqual([
    "first@1",
    "second@2",
    "third@3",
    "first@4",
    "second@5",
    "third@6",
    "first@7",
  ]);
});

test("of two effects on one thing that start together the higher priority's holds, and the other is recorded", () => {
  const quest = (key: string, priority: number, op: "add" | "remove") =>
    trigger(key, { priority, effects: [{ do: "quest_pool", id: "seal", op, ticks: 3 }] });
  const [, second] = over(2, quest("a", 1, "add"), quest("b", 2, "remove"));
  expect(second!.record.events).toEqual([
    { tick: 2, n: 1, kind: "effect_start", id: "seal", effect: expect.anything() },
    { tick: 2, n: 2, kind: "effect_refused", id: "seal", reason: "overridden" },
  ]);
  expect(second!.state.public.effects.seal).toMatchObject({ source: "b", name: "remove" });
});

test("modifiers of several triggers add up to ±2000 and no further", () => {
  const modify = (key: string, add: number) =>
    trigger(key, { effects: [{ do: "modify", name: "yield_bp", faction: "*", add, ticks: 3 }] });
  const yieldIn = (...triggers: Trigger[]) =>
    over(2, ...triggers)[1]!.state.public.factions.empire!.modifiers.yield_bp;
  expect(yieldIn(modify("a", 900), modify("b", 900))).toBe(1_800);
  expect(yieldIn(modify("a", 1_500), modify("b", 1_500), modify("c", -200))).toBe(2_000);
  expect(yieldIn(modify("a", -1_500), modify("b", -1_500))).toBe(-2_000);
});

test("a new ruleset edits triggers without a deploy: a kept one goes on, a new one begins, a removed one ends with its effects", () => {
  const long = { effects: [{ do: "style" as const, id: "long", ticks: 50 }] };
  const before = over(2, trigger("kept", { cooldown: 9 }), trigger("gone", long));
  const next = { ...rules, triggers: [trigger("kept", { cooldown: 9 }), trigger("new")] };
  const set = decided({ kind: "ruleset.set", payload: { ruleset: next }, ruleset_version: 2 });
  const [result] = play(before[1]!, [{ commands: [set] }]);
  expect(result!.state.public.triggers).toEqual({
    kept: { armed: 0, streak: 3, last_triggered_tick: 1 },
    new: { armed: 0, streak: 1, last_triggered_tick: 3 },
  });
  expect(result!.record.events).toMatchObject([
    { kind: "ruleset" },
    { kind: "effect_end", id: "long" },
    { kind: "effect_end", id: "style-kept" },
    { kind: "trigger", key: "new" },
  ]);
});

test("a cadence changed live counts lateness in its own length", () => {
  const quick = decided({
    kind: "ruleset.set",
    payload: { ruleset: { ...rules, tick_seconds: 60 } },
    ruleset_version: 2,
  });
  const results = play(started(rules), [
    {},
    { commands: [quick], sinceMs: 150_000 },
    { sinceMs: 60_000 },
    { sinceMs: 3_600_000 },
  ]);
  expect(results.map(({ record }) => record.factions.empire!.cap)).toEqual([
    600_000, 1_800_000, 600_000, 2_400_000,
  ]);
});
