import { beforeAll, expect, test } from "vitest";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { WorldState } from "../../shared/contracts/world.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { foldCommand, openFolding } from "../steps/fold.ts";
import { decided, START_MS, standing, started } from "../testing/builders.ts";
import { effectiveStatus, effectiveTickSeconds, nextTickAt, pendingManualTicks } from "./pending.ts";

let rules: Ruleset;
let state: WorldState;
beforeAll(async () => {
  rules = await loadRuleset("amoi-1");
  state = started(rules).state;
});

test("a cadence that is read counts before its tick; the version in force changes nothing", () => {
  const folding = openFolding();
  const set = (tick_seconds: number, version: number) =>
    decided({
      kind: "ruleset.set",
      payload: { ruleset: { ...rules, tick_seconds } },
      ruleset_version: version,
    });
  expect([effectiveTickSeconds(state, folding), nextTickAt(state, folding)]).toEqual([
    900,
    START_MS + 900_000,
  ]);
  foldCommand(folding, set(5, 1));
  expect(effectiveTickSeconds(state, folding)).toBe(900);
  foldCommand(folding, set(3, 3));
  foldCommand(folding, set(60, 2));
  expect([effectiveTickSeconds(state, folding), nextTickAt(state, folding)]).toEqual([3, START_MS + 3_000]);
});

test("a refused command changes nothing", () => {
  const folding = openFolding();
  const commands = [
    decided({ kind: "ruleset.set", payload: { ruleset: { ...rules, tick_seconds: 3 } }, ruleset_version: 2 }),
    decided({ kind: "realm.status", payload: { status: "maintenance" } }),
    decided({ kind: "tick.run", idempotency_key: "now" }),
  ];
  for (const command of commands)
    foldCommand(folding, { ...command, status: "refused", reason: "duplicate" });
  expect(folding).toEqual(openFolding());
});

test("the realm stands still as soon as the command is read", () => {
  const folding = openFolding();
  foldCommand(folding, decided({ kind: "realm.status", payload: { status: "maintenance" } }));
  expect([effectiveStatus(state, openFolding()), effectiveStatus(state, folding)]).toEqual([
    "active",
    "maintenance",
  ]);
});

test("manual ticks come in log order, each once, those of earlier ticks first", () => {
  const waiting = standing(started(rules), (world) => {
    world.private.manual_ticks = ["older", "again"];
  }).state;
  const folding = openFolding();
  for (const [seq, key] of [
    [9, "later"],
    [7, "sooner"],
    [8, "again"],
  ] as const)
    foldCommand(folding, decided({ kind: "tick.run", idempotency_key: key }, seq));
  expect(pendingManualTicks(waiting, folding)).toEqual(["older", "again", "sooner", "later"]);
});
