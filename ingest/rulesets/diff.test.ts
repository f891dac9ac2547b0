import { expect, test } from "vitest";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { differences } from "./diff.ts";

const rules = await loadRuleset("amoi-1");

test("a ruleset doesn't differ from itself", () => {
  expect(differences(rules, structuredClone(rules))).toEqual([]);
});

test("a changed number is one difference, at its path", () => {
  const changed = { ...rules, contest: { ...rules.contest, user_push: 61 } };
  expect(differences(rules, changed)).toEqual([
    { path: "contest.user_push", from: rules.contest.user_push, to: 61 },
  ]);
});

test("a trigger goes by its key, so that one in front of it moves nothing", () => {
  const [first, ...rest] = rules.triggers;
  const changed = { ...rules, triggers: [...rest, { ...first!, cooldown: 7 }] };
  expect(differences(rules, changed)).toEqual([
    { path: `triggers.${first!.key}.cooldown`, from: first!.cooldown, to: 7 },
  ]);
});

test("what is new has no `from`, what is gone has no `to`, and something empty is a leaf too", () => {
  expect(differences({ a: {}, b: 1 }, { a: { c: 2 }, d: [] })).toEqual([
    { path: "a", from: {} },
    { path: "a.c", to: 2 },
    { path: "b", from: 1 },
    { path: "d", to: [] },
  ]);
});
