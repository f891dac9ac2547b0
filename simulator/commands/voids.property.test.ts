import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import { ledgerProblems } from "../archive/rows/gains.ts";
import { ledgerOf, withRepairs } from "../archive/rows/ledger.ts";
import type { Source } from "../archive/rows/told-rows.ts";
import { intervalsUnder, rulesets } from "../testing/arbitraries.ts";
import { accepted, frozen, type Interval, play, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";

const EVENTS = ["a", "b", "c"].map((letter) => letter.repeat(26));
const asked = fc.record({
  kind: fc.constantFrom("event.void" as const, "event.restore" as const),
  event: fc.constantFrom(...EVENTS),
  applied: fc.integer({ min: 0, max: 5_000_000 }),
});
const lives = rulesets.chain((rules) =>
  fc.record({
    rules: fc.constant(rules),
    past: intervalsUnder(rules, 3),
    faction: fc.constantFrom(...Object.keys(rules.factions), "nobody"),
    ticks: fc.array(fc.array(asked, { maxLength: 3 }), { minLength: 1, maxLength: 4 }),
  }),
);
type Asked = typeof asked extends fc.Arbitrary<infer Value> ? Value : never;

const commandOf = ({ kind, event, applied }: Asked, faction: string, seq: number): DecidedCommand =>
  passed(
    kind,
    {
      event,
      note: "a bot's",
      counted: {
        ...{ user: "ada", faction, source: "chapter_outcome" as const, normalized: applied, applied },
        ...{ day: "2026-01-01", received_at: "2026-01-01T00:00:00.000Z", source_seq: 1 },
      },
    },
    seq,
  );

test("voids and restores, in any order: gains, ledger and influence agree in every tick", () => {
  fc.assert(
    fc.property(lives, ({ rules, past, faction, ticks }) => {
      let before = frozen(play(started(rules), past).at(-1) ?? started(rules));
      let seq = 1_000;
      const intervals: Interval[] = ticks.map((all, i) => ({
        events: [accepted({ event_id: `event-${i}`, faction_id: Object.keys(rules.factions)[0]! })],
        commands: all.map((each) => commandOf(each, faction, ++seq)),
      }));
      for (const [i, after] of play(before, intervals).entries()) {
        const { commands = [], events = [] } = intervals[i]!;
        const sources = new Map(
          commands.flatMap((command): [string, Source][] => {
            if (command.kind !== "event.void" && command.kind !== "event.restore") return [];
            const repairs = { counted: command.payload.counted!, at: command.received_at };
            return [[command.command_id, { kind: command.kind, actor: command.actor, repairs }]];
          }),
        );
        const entries = events.map((each) => ({ ...each }));
        const ledger = withRepairs(ledgerOf(entries, after.record), after.record, sources);
        const problems = ledgerProblems(
          { factions: before.state.public.factions, record: before.state.public },
          { factions: after.state.public.factions, record: after.record, ruleset: rules },
          ledger.sums,
        );
        expect(problems).toEqual([]);
        for (const { influence } of Object.values(after.state.public.factions))
          expect(influence).toBeGreaterThanOrEqual(0);
        before = after;
      }
    }),
    { numRuns: runs(400) },
  );
});

test("a void and its restore in one tick leave the public state as if nobody had said them", () => {
  fc.assert(
    fc.property(lives, asked, ({ rules, past, faction }, { applied }) => {
      const from = frozen(play(started(rules), past).at(-1) ?? started(rules));
      const both = (["event.void", "event.restore"] as const).map((kind, i) =>
        commandOf({ kind, event: EVENTS[0]!, applied }, faction, 1_000 + i),
      );
      const [repaired] = play(from, [{ commands: both }]);
      const [untouched] = play(from, [{}]);
      expect(repaired!.record.public_hash).toBe(untouched!.record.public_hash);
      expect(repaired!.state.private.voided).toBeUndefined();
    }),
    { numRuns: runs(400) },
  );
});
