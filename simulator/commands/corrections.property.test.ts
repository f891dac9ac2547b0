import fc from "fast-check";
import { expect } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import type { Correction } from "../../shared/contracts/correction.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { mostByPlay } from "../../shared/world/check-ruleset.ts";
import { ledgerProblems } from "../archive/rows/gains.ts";
import type { WorldCommand } from "../steps/fold.ts";
import { intervalsUnder, rulesets } from "../testing/arbitraries.ts";
import { frozen, play, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";
import { sharedProperty } from "../testing/shared-property.ts";
import { decideCommands } from "./commands.ts";

/** Corrections that a ruleset allows, and now and then such as it doesn't. */
function correctionsUnder(rules: Ruleset): fc.Arbitrary<Correction> {
  const faction = fc.constantFrom(...Object.keys(rules.factions), "nobody");
  const territory = fc.constantFrom(...Object.keys(rules.territories), "nowhere");
  const relic = fc.constantFrom(...Object.keys(rules.relics), "nothing");
  const resource = fc.constantFrom(...rules.resources, "nothing");
  const { influence, claim } = mostByPlay(rules);
  const upTo = (most: number) =>
    fc.oneof(fc.constantFrom(0, most, most + 1), fc.integer({ min: 0, max: most }));
  return fc.oneof(
    fc.record({
      what: fc.constant("control" as const),
      of: fc.record({ territory }),
      value: fc.dictionary(faction, fc.integer({ min: 1, max: 10_000 }), { minKeys: 1 }),
    }),
    fc.record({
      what: fc.constant("influence" as const),
      of: fc.record({ faction }),
      value: upTo(Number(influence)),
    }),
    fc.record({
      what: fc.constant("holder" as const),
      of: fc.oneof(fc.record({ territory }), fc.record({ relic })),
      value: fc.option(faction),
    }),
    fc.record({
      what: fc.constant("claim" as const),
      of: fc.record({ relic, faction }),
      value: upTo(Number(claim)),
    }),
    fc.record({
      what: fc.constant("resource" as const),
      of: fc.record({ faction, resource }),
      value: upTo(rules.stock.max * 1_000),
    }),
  );
}

const commandOf = (correction: Correction, seq: number) =>
  passed("world.correct", { ...correction, note: "set right" }, seq) as WorldCommand;

const lives = rulesets.chain((rules) =>
  fc.record({
    rules: fc.constant(rules),
    past: intervalsUnder(rules, 3),
    corrections: fc.array(correctionsUnder(rules), { minLength: 1, maxLength: 4 }),
    kind: fc.constantFrom(undefined, "status" as const),
  }),
);

const corrected = sharedProperty(
  lives,
  ({ rules, past, corrections, kind }) => {
    const from = frozen(play(started(rules), past).at(-1) ?? started(rules));
    const commands = corrections.map((each, i) => commandOf(each, 1_000 + i));
    const { state, happenings } = decideCommands(from.state, commands);
    const told = happenings.filter((each) => each.kind === "correct");
    const back = told
      .toReversed()
      .map(({ what, of, before: value }, i) => commandOf({ what, of, value } as Correction, 2_000 + i));
    return { rules, from, commands, state, told, back, ...(kind === undefined ? {} : { kind }) };
  },
  runs(400),
);

corrected(
  "corrections undone in reverse, each by the value before that its event tells, leave no trace",
  ({ from, state, back }) => {
    expect(decideCommands(state, back).state).toEqual(from.state);
  },
);

corrected(
  "corrections and their inverses in one tick leave its public state as if nobody had said them",
  ({ from, commands, back, ...marker }) => {
    const kind = marker.kind === undefined ? {} : { kind: marker.kind };
    const [undone] = play(from, [{ ...kind, commands: [...commands, ...back] }]);
    const [untouched] = play(from, [kind]);
    expect(undone!.record.public_hash).toBe(untouched!.record.public_hash);
  },
);

corrected(
  "ticks go on after any correction, their gains agree with the ledger, control sums to 10 000",
  ({ rules, from, commands }) => {
    let before = from;
    for (const after of play(from, [{ commands }, {}, {}])) {
      const { record, state } = after;
      const problems = ledgerProblems(
        { factions: before.state.public.factions, record: before.state.public },
        { factions: state.public.factions, record, ruleset: rules },
        new Map(),
      );
      expect(problems).toEqual([]);
      for (const { control } of Object.values(state.public.territories))
        expect(Object.values(control).reduce((sum, each) => sum + each, 0)).toBe(10_000);
      before = after;
    }
  },
);
