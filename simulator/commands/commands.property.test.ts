import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import { Ruleset } from "../../shared/contracts/ruleset.ts";
import { intervalsUnder, rulesets } from "../testing/arbitraries.ts";
import { decided, frozen, type Interval, play, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";
import { sharedProperty } from "../testing/shared-property.ts";
import type { TickResult } from "../tick-result.ts";

type Said = (seq: number) => DecidedCommand;

/** Commands as the log may hold them, also those that the world must refuse. */
function commandsUnder(rules: Ruleset): fc.Arbitrary<Said> {
  const campaign = fc.constantFrom("storm", "constructor");
  const faction = fc.constantFrom(...Object.keys(rules.factions));
  const resource = fc.constantFrom(...rules.resources, "none");
  const steward = { actor: { type: "system" as const, id: "steward" } };
  return fc.oneof(
    fc.tuple(campaign, fc.boolean(), fc.integer({ min: 1, max: 3 })).map(([id, own, ticks]): Said => {
      const payload = { id, goal: 1_000, min_contributors: 1, ticks };
      return (seq) => passed("campaign.open", payload, seq, own ? {} : steward);
    }),
    fc.tuple(campaign, fc.boolean()).map(
      ([id, own]): Said =>
        (seq) =>
          passed("campaign.close", { id }, seq, own ? {} : steward),
    ),
    fc.constantFrom("season.close" as const, "season.open" as const).map(
      (kind): Said =>
        (seq) =>
          passed(kind, {}, seq),
    ),
    fc.constantFrom("active" as const, "season_end" as const, "maintenance" as const).map(
      (status): Said =>
        (seq) =>
          decided({ kind: "realm.status", payload: { status } }, seq),
    ),
    fc.tuple(faction, resource, fc.integer({ min: 1, max: 10_000_000_000 })).map(
      ([of, what, amount]): Said =>
        (seq) =>
          passed("resource.grant", { faction: of, resource: what, amount }, seq),
    ),
    fc.constant<Said>((seq) => {
      // A faction fewer, where there are enough.
      const [gone, ...left] = Object.keys(rules.factions).reverse();
      const ruleset = left.length < 2 ? rules : without(rules, gone!);
      return decided({ kind: "ruleset.set", payload: { ruleset }, ruleset_version: 1 + seq }, seq);
    }),
  );
}

function without(rules: Ruleset, gone: string): Ruleset {
  const next = structuredClone(rules);
  delete next.factions[gone];
  next.triggers = [];
  for (const land of Object.values(next.territories)) {
    const first = Object.keys(next.factions)[0]!;
    land.control = { [first]: 10_000 };
    if (land.controller === gone) delete land.controller;
  }
  return Ruleset.parse(next);
}

const lives = rulesets.chain((rules) =>
  fc
    .tuple(
      intervalsUnder(rules, 4),
      fc.array(fc.array(commandsUnder(rules), { maxLength: 3 }), { minLength: 4, maxLength: 4 }),
    )
    .map(([intervals, said]) => ({
      rules,
      intervals: intervals.map(
        (interval, i): Interval => ({
          ...interval,
          commands: said[i]!.map((say, n) => say((i + 1) * 10 + n)),
        }),
      ),
    })),
);

const seen = new Set<string>();
const whatever = sharedProperty(
  lives,
  ({ rules, intervals }) => ({ rules, intervals, results: play(started(rules), intervals) }),
  runs(500),
);
const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, each) => total + each, 0);

whatever(
  "whatever commands come, control and shares sum to 10 000 and nothing is negative",
  ({ results }) => {
    for (const { state, record } of results) {
      const { territories, factions } = state.public;
      for (const { control, instability } of Object.values(territories)) {
        expect(sum(Object.values(control))).toBe(10_000);
        expect(Math.min(instability, ...Object.values(control))).toBeGreaterThanOrEqual(0);
      }
      expect(sum(Object.values(factions).map(({ share_bp }) => share_bp))).toBe(10_000);
      for (const { influence, resources } of Object.values(factions))
        expect(Math.min(influence, ...Object.values(resources))).toBeGreaterThanOrEqual(0);
      for (const event of record.events)
        seen.add("step" in event ? `${event.kind} ${event.step}` : event.kind);
    }
  },
);

whatever("every stored number is a safe integer, whatever commands come", ({ results }) => {
  for (const { state, record } of results) expect(unsafe([state, record])).toEqual([]);
});

function unsafe(value: unknown): unknown[] {
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(unsafe);
  return typeof value === "string" || Number.isSafeInteger(value) ? [] : [value];
}

whatever(
  "a restart between any two ticks yields the same bytes, whatever commands come",
  ({ rules, intervals, results }) => {
    let from: Pick<TickResult, "state" | "record"> = started(rules);
    intervals.forEach((interval, i) => {
      const [result] = play(frozen(JSON.parse(JSON.stringify(from))), [frozen(interval)]);
      expect(result!.record).toEqual(results[i]!.record);
      from = result!;
    });
  },
);

whatever(
  "the order in which commands are gathered shows in no byte: the log's order counts",
  ({ rules, intervals, results }) => {
    const turned = intervals.map((each) => ({ ...each, commands: [...(each.commands ?? [])].reverse() }));
    expect(play(started(rules), turned).map(({ record }) => record)).toEqual(
      results.map(({ record }) => record),
    );
  },
);

whatever(
  "a season is closed once, its results name every faction, and the next one counts on",
  ({ results }) => {
    let season = 1;
    let closed = false;
    for (const { state, record } of results) {
      for (const event of record.events) {
        if (event.kind !== "season") continue;
        if (event.step === "close") {
          expect([closed, event.season]).toEqual([false, season]);
          expect(sum(event.results.standings.map(({ share_bp }) => share_bp))).toBe(10_000);
          closed = true;
        } else {
          expect([closed, event.season]).toEqual([true, season + 1]);
          season++;
          closed = false;
        }
      }
      expect(state.public.season).toBe(season);
    }
  },
);

test("the made-up lives close and open seasons, open campaigns, change rules and are refused", () => {
  for (const kind of ["season close", "season open", "campaign", "ruleset", "refused", "resource", "status"])
    expect(seen).toContain(kind);
});
