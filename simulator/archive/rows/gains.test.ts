import { expect, test } from "vitest";
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import type { FactionState, TickRecord } from "../../../shared/contracts/world.ts";
import { ledgerProblems } from "./gains.ts";

const ruleset = { tick_seconds: 900, influence: { decay_bp: 10 } } as Ruleset;
const at = (minutes: number) => new Date(Date.UTC(2026, 2, 1, 10, minutes)).toISOString();
const factions = (empire: number) => ({ empire: { influence: empire } as FactionState });
/** The problems of tick 5, `minutes` after tick 4. */
function problems(given: {
  before: number;
  after: number;
  minutes?: number;
  events?: object[];
  ledger?: number;
}) {
  const { before, after, minutes = 15, events = [], ledger = 700 } = given;
  const record = {
    tick: 5,
    at: at(minutes),
    factions: { empire: { sum: 900, cap: 700, gain_bp: 0 } },
    events,
  } as unknown as TickRecord;
  return ledgerProblems(
    { factions: factions(before), record: { at: at(0), status: "active" } },
    { factions: factions(after), record, ruleset },
    new Map([["empire", ledger]]),
  );
}

test("a gain is what influence rose by beyond its decay: 100 000 less 10 bp, and 700", () => {
  expect(problems({ before: 100_000, after: 100_600 })).toEqual([]);
  expect(problems({ before: 100_000, after: 100_601 })).toEqual([
    "tick 5: empire gained 700 by its record, 701 by its influence",
  ]);
});

test("a tick that came three lengths late decays three times", () => {
  expect(problems({ before: 100_000, after: 100_402, minutes: 45 })).toEqual([]);
});

test("where a season opened, a tenth of the influence is what decays", () => {
  const events = [
    { tick: 5, n: 1, kind: "season", season: 1, step: "close" },
    { tick: 5, n: 2, kind: "season", season: 2, step: "open" },
  ];
  expect(problems({ before: 100_000, after: 10_690, events })).toEqual([]);
  expect(problems({ before: 100_000, after: 100_600, events })).toHaveLength(1);
});

test("a ledger that is a milli-point off is a problem", () => {
  expect(problems({ before: 0, after: 700, ledger: 699 })).toEqual([
    "tick 5: empire gained 700 by its record, 699 by the ledger",
  ]);
});
