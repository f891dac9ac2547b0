import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import type { EffectState } from "../../shared/contracts/world.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { MAX_ACTIVE_EFFECTS, startEffects } from "../steps/effects.ts";
import type { WorldCommand } from "../steps/fold.ts";
import { frozen, play, standing, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";
import { decideCommands } from "./commands.ts";

const RULES = await loadRuleset("amoi-1");
const TRIGGERS = RULES.triggers.map(({ key }) => key);
const IDS = Array.from({ length: 24 }, (_, i) => `s${i}`);

const effect: fc.Arbitrary<EffectState> = fc
  .record({
    source: fc.constantFrom("decree.a", "decree.b", "council.c", "action.d", ...TRIGGERS),
    until_tick: fc.integer({ min: 2, max: 9 }),
    priority: fc.constantFrom(0, 1, 50, 100, 1_000),
  })
  .map(({ priority, ...each }) => ({
    kind: "style",
    ...each,
    ...(each.source.startsWith("decree.") && priority > 0 ? { priority } : {}),
  }));
const holding = fc.dictionary(fc.constantFrom(...IDS), effect, { maxKeys: MAX_ACTIVE_EFFECTS });
const starting = fc.array(fc.record({ id: fc.constantFrom(...IDS), effect }), { maxLength: 8 });

test("effects that are ended and restored, in any order, leave no trace", () => {
  fc.assert(
    fc.property(holding, fc.array(fc.constantFrom(...IDS), { maxLength: 6 }), (effects, ids) => {
      const from = frozen(standing(started(RULES), ({ public: world }) => Object.assign(world, { effects })));
      const said = (kind: "effect.end" | "effect.restore", offset: number) =>
        ids.map((id, i) => passed(kind, { id, note: "a slip" }, offset + i)) as WorldCommand[];
      const ended = decideCommands(from.state, said("effect.end", 1));
      expect(Object.keys(ended.state.public.effects)).toHaveLength(
        Object.keys(effects).length - new Set(ids.filter((id) => Object.hasOwn(effects, id))).size,
      );
      expect(decideCommands(ended.state, said("effect.restore", 100)).state).toEqual(from.state);
      const [undone] = play(from, [{ commands: [...said("effect.end", 1), ...said("effect.restore", 100)] }]);
      expect(undone!.record.public_hash).toBe(play(from, [{}])[0]!.record.public_hash);
    }),
    { numRuns: runs(200) },
  );
});

test("no trigger's effect finds no place while a decree of a lower priority has one, and 16 hold at most", () => {
  fc.assert(
    fc.property(holding, starting, (effects, called) => {
      const { public: world } = started(RULES).state;
      const held = { ...world, effects, running: {} };
      const { held: after, happenings } = startEffects(held, called, 1, RULES);
      const holds = Object.values(after.effects);
      expect(holds.length).toBeLessThanOrEqual(MAX_ACTIVE_EFFECTS);
      const decrees = holds.filter(({ source }) => source.startsWith("decree."));
      for (const told of happenings) {
        if (told.kind !== "effect_refused" || told.reason !== "too_many") continue;
        const refused = called.filter(({ id }) => id === told.id).map((each) => each.effect.source);
        // Of several under one id the lowest priority is the one that certainly had to give way to none.
        const priorities = refused.map(
          (key) => RULES.triggers.find((each) => each.key === key)?.priority ?? 0,
        );
        for (const { priority = 0 } of decrees)
          expect(priority).toBeGreaterThanOrEqual(Math.min(...priorities));
      }
    }),
    { numRuns: runs(2_000) },
  );
});
