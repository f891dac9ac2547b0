import { beforeAll, expect, test } from "vitest";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { EffectState } from "../../shared/contracts/world.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { play, standing, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";
import { MAX_ENDED } from "./effect-repairs.ts";

let rules: Ruleset;
beforeAll(async () => {
  rules = await loadRuleset("amoi-1");
});

const end = (id: string, seq = 1) => passed("effect.end", { id, note: "a slip" }, seq);
const restore = (id: string, seq = 2) => passed("effect.restore", { id, note: "no slip" }, seq);
const levy: EffectState = {
  ...{ kind: "modify", source: "decree.a", name: "yield_bp", faction: "*", add: 900, until_tick: 3 },
};
const taxed = (change: (effects: Record<string, EffectState>) => void = () => {}) =>
  standing(started(rules), ({ public: world }) => {
    world.effects["decree.a.0"] = levy;
    change(world.effects);
  });
const refusal = (command: string, reason: string) => [
  expect.objectContaining({ kind: "refused", command, reason }),
];

test("an effect that is ended acts no more in the same tick, and its event names who ended it", () => {
  const [{ record, state }] = play(taxed(), [{ commands: [end("decree.a.0")] }]) as [
    ReturnType<typeof play>[number],
  ];
  expect(record.events).toEqual([{ tick: 1, n: 1, kind: "effect_end", id: "decree.a.0", author: "gm" }]);
  expect(state.public.effects).toEqual({});
  expect(state.public.factions.empire!.modifiers).toEqual({});
});

test("restored in the same tick, it leaves the public state as if nobody had said anything", () => {
  const both = [end("decree.a.0"), restore("decree.a.0")];
  const [undone] = play(taxed(), [{ commands: both }]);
  expect(undone!.record.public_hash).toBe(play(taxed(), [{}])[0]!.record.public_hash);
  expect(undone!.state.private.ended).toBeUndefined();
});

test("restored later, it has the rest of its time", () => {
  const [, second, third] = play(taxed(), [
    { commands: [end("decree.a.0")] },
    { commands: [restore("decree.a.0")] },
    {},
  ]);
  expect(second!.record.events).toEqual([
    { tick: 2, n: 1, kind: "effect_start", id: "decree.a.0", effect: levy, author: "gm" },
  ]);
  expect(third!.record.events).toEqual([{ tick: 3, n: 1, kind: "effect_end", id: "decree.a.0" }]);
});

test("when it would have ended by itself it is forgotten", () => {
  const results = play(taxed(), [
    { commands: [end("decree.a.0")] },
    {},
    { commands: [restore("decree.a.0")] },
  ]);
  expect(results[1]!.state.private.ended).toBeDefined();
  expect(results[2]!.state.private.ended).toBeUndefined();
  expect(results[2]!.record.events).toEqual(refusal("effect.restore", "not_ended"));
});

test("refused: what doesn't hold, what nobody ended, an id that another effect has, and a 17th", () => {
  const events = (from: ReturnType<typeof taxed>, ...commands: ReturnType<typeof end>[]) =>
    play(from, [{ commands }])[0]!.record.events;
  expect(events(taxed(), end("constructor"))).toEqual(refusal("effect.end", "unknown_effect"));
  expect(events(taxed(), restore("decree.a.0"))).toEqual(refusal("effect.restore", "not_ended"));
  const ended = (change: (effects: Record<string, EffectState>) => void) => {
    const from = taxed(change);
    delete from.state.public.effects["decree.a.0"];
    from.state.private.ended = { "decree.a.0": levy };
    return from;
  };
  const full = ended((effects) => {
    for (let i = 0; i < 16; i++) effects[`s${i}`] = { kind: "style", source: "age_of_iron", until_tick: 9 };
  });
  expect(events(full, restore("decree.a.0"))).toEqual(refusal("effect.restore", "too_many"));
  const another = ended(() => {});
  another.state.public.effects["decree.a.0"] = levy;
  expect(events(another, restore("decree.a.0"))).toEqual(refusal("effect.restore", "overridden"));
  const aimless = ended(() => {});
  aimless.state.private.ended = { "decree.a.0": { ...levy, faction: "atlantis" } };
  expect(events(aimless, restore("decree.a.0"))).toEqual(refusal("effect.restore", "no_target"));
});

test("64 ended effects are kept, and one more is not ended", () => {
  const from = taxed();
  from.state.private.ended = Object.fromEntries(Array.from({ length: MAX_ENDED }, (_, i) => [`s${i}`, levy]));
  expect(play(from, [{ commands: [end("decree.a.0")] }])[0]!.record.events).toEqual(
    refusal("effect.end", "too_many"),
  );
});
