import { beforeAll, expect, test } from "vitest";
import type { Correction } from "../../shared/contracts/correction.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { mostByPlay } from "../../shared/world/check-ruleset.ts";
import { play, standing, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";

type Result = ReturnType<typeof play>[number];

let rules: Ruleset;
beforeAll(async () => {
  rules = await loadRuleset("amoi-1");
});

const correct = (correction: Correction, seq = 1) =>
  passed("world.correct", { ...correction, note: "set right" }, seq);
/** Three ticks, the first with the corrections. */
const after = (...corrections: Correction[]) =>
  play(started(rules), [{ commands: corrections.map((each, i) => correct(each, i + 1)) }, {}, {}]);
/** What the first tick tells of the corrections. */
const told = (...corrections: Correction[]) =>
  after(...corrections)[0]!.record.events.filter(({ kind }) => kind === "correct" || kind === "refused");

test("a correction stands in the public log with its author, the value and the value before", () => {
  const crown = { what: "holder" as const, of: { relic: "ember_crown" } };
  expect(told({ ...crown, value: "empire" }, { ...crown, value: null })).toEqual([
    {
      ...{ tick: 1, n: 1, kind: "correct", id: "command-1", author: "gm" },
      ...{ ...crown, value: "empire", before: null },
    },
    {
      ...{ tick: 1, n: 2, kind: "correct", id: "command-2", author: "gm" },
      ...{ ...crown, value: null, before: "empire" },
    },
  ]);
});

test("control is apportioned to 10 000 again, and who isn't named has none", () => {
  const of = { territory: "iron_gate" };
  const [event] = told({ what: "control", of, value: { empire: 5_000, freeholds: 2_500 } });
  expect(event).toMatchObject({ value: { empire: 6_667, freeholds: 3_333, veilborn: 0 } });
});

test("a control that was set gives the land to nobody: its leader flips it after the streak, like any leader", () => {
  const of = { territory: "iron_gate" };
  const taken = after({ what: "control", of, value: { freeholds: 10_000 } });
  const flips = taken.map(({ record }) => record.events.some(({ kind }) => kind === "flip"));
  expect(flips).toEqual([false, true, false]);
  expect(rules.contest.flip_streak_ticks).toBe(2);
});

test("a streak whose lead a correction took is over with the same tick", () => {
  const from = standing(started(rules), ({ private: { fronts } }) => {
    fronts.iron_gate = { leader: "freeholds", streak: 1 };
  });
  const of = { territory: "iron_gate" };
  const back = correct({ what: "control", of, value: { empire: 10_000 } });
  const [{ state }] = play(from, [{ commands: [back] }]) as [Result];
  expect(state.private.fronts.iron_gate).toEqual({ streak: 0 });
});

test("the controller can be set, and nobody be it", () => {
  const of = { territory: "iron_gate" };
  const land = (value: string | null) =>
    after({ what: "holder", of, value })[0]!.state.public.territories.iron_gate!.controller;
  expect(land("veilborn")).toBe("veilborn");
  expect(land(null)).toBeUndefined();
});

test("an influence that was set decays and gives shares within the same tick", () => {
  const [{ state }] = after({ what: "influence", of: { faction: "empire" }, value: 1_000_000 }) as [Result];
  const { influence, share_bp } = state.public.factions.empire!;
  expect(influence).toBeLessThan(1_000_000);
  expect(share_bp).toBeGreaterThan(3_400);
});

test("in a tick of kind status shares follow from an influence that was set, and nothing decays", () => {
  const rise = correct({ what: "influence", of: { faction: "empire" }, value: 10_000_000 });
  const [{ state }] = play(started(rules), [{ commands: [rise], kind: "status" }]) as [Result];
  const { factions } = state.public;
  expect(factions.empire!.influence).toBe(10_000_000);
  expect(Object.values(factions).reduce((sum, { share_bp }) => sum + share_bp, 0)).toBe(10_000);
  expect(factions.empire!.trend_bp).toBe(
    factions.empire!.share_bp - started(rules).state.public.factions.empire!.share_bp,
  );
  expect(factions.empire!.trend_bp).toBeGreaterThan(0);
});

const most = () => Number(mostByPlay(rules).influence);
test.each<[string, () => Correction, string]>([
  [
    "unknown_territory",
    () => ({ what: "control", of: { territory: "atlantis" }, value: { empire: 1 } }),
    "control",
  ],
  [
    "unknown_territory",
    () => ({ what: "holder", of: { territory: "constructor" }, value: null }),
    "controller",
  ],
  [
    "unknown_faction",
    () => ({ what: "control", of: { territory: "iron_gate" }, value: { constructor: 9 } }),
    "control",
  ],
  [
    "unknown_faction",
    () => ({ what: "holder", of: { territory: "iron_gate" }, value: "atlantis" }),
    "controller",
  ],
  [
    "unknown_faction",
    () => ({ what: "holder", of: { relic: "ember_crown" }, value: "constructor" }),
    "holder",
  ],
  ["unknown_relic", () => ({ what: "holder", of: { relic: "bell" }, value: null }), "holder"],
  ["unknown_relic", () => ({ what: "claim", of: { relic: "bell", faction: "empire" }, value: 1 }), "claim"],
  [
    "unknown_faction",
    () => ({ what: "claim", of: { relic: "ember_crown", faction: "atlantis" }, value: 1 }),
    "claim",
  ],
  [
    "above_maximum",
    () => ({
      what: "claim",
      of: { relic: "ember_crown", faction: "empire" },
      value: Number.MAX_SAFE_INTEGER,
    }),
    "claim",
  ],
  ["unknown_faction", () => ({ what: "influence", of: { faction: "atlantis" }, value: 1 }), "influence"],
  ["above_maximum", () => ({ what: "influence", of: { faction: "empire" }, value: most() + 1 }), "influence"],
  [
    "unknown_resource",
    () => ({ what: "resource", of: { faction: "empire", resource: "salt" }, value: 1 }),
    "resource",
  ],
  [
    "above_maximum",
    () => ({ what: "resource", of: { faction: "empire", resource: "iron" }, value: 10_000_001 }),
    "resource",
  ],
])("refused as %s, and nothing moves: %#", (reason, correction, _what) => {
  expect(told(correction())).toEqual([
    { tick: 1, n: 1, kind: "refused", id: "command-1", command: "world.correct", reason },
  ]);
  expect(after(correction()).at(-1)!.state.public).toEqual(after().at(-1)!.state.public);
});
