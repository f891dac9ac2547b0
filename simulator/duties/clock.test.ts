import { expect, test } from "vitest";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { foldCommand, openFolding } from "../steps/fold.ts";
import { decided, START_MS, standing, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";
import { dueOf } from "./clock.ts";

const rules = await loadRuleset("amoi-1");
const status = (to: "active" | "maintenance", seq: number) =>
  decided({ kind: "realm.status", payload: { status: to } }, seq);
const run = (key: string, seq: number) => decided({ kind: "tick.run", idempotency_key: key }, seq);

test("a manual tick goes before the schedule, the oldest first", () => {
  const { state: world } = started(rules);
  const folding = openFolding();
  expect(dueOf({ world, folding })).toEqual({ kind: "scheduled", dueMs: START_MS + 900_000 });
  for (const command of [run("second", 2), run("first", 1)]) foldCommand(folding, command);
  expect(dueOf({ world, folding })).toEqual({ kind: "manual", key: "first" });
});

test("in maintenance a manual tick waits, whether its key is read or kept, and comes once the realm goes on", () => {
  const { state: world } = standing(started(rules), ({ public: seen, private: privateState }) => {
    seen.status = "maintenance";
    privateState.manual_ticks = ["kept"];
  });
  const folding = openFolding();
  foldCommand(folding, run("read", 1));
  expect(dueOf({ world, folding })).toBeUndefined();
  foldCommand(folding, status("active", 3));
  expect(dueOf({ world, folding })).toEqual({ kind: "status" });
  world.public.status = "active";
  expect(dueOf({ world, folding: openFolding() })).toEqual({ kind: "manual", key: "kept" });
});

test("a change of status is a marker at once, before whatever else is due; one that was taken back is none", () => {
  const { state: world } = started(rules);
  const folding = openFolding();
  for (const command of [run("read", 1), status("maintenance", 2)]) foldCommand(folding, command);
  expect(dueOf({ world, folding })).toEqual({ kind: "status" });
  foldCommand(folding, status("active", 3));
  expect(dueOf({ world, folding })).toEqual({ kind: "manual", key: "read" });
});

test("a season's end and its beginning are ordinary ticks at once, before a change of status that came after them", () => {
  const { state: world } = started(rules);
  for (const kind of ["season.close", "season.open"] as const) {
    const folding = openFolding();
    for (const command of [passed(kind, {}, 1), status("maintenance", 2)]) foldCommand(folding, command);
    expect(dueOf({ world, folding })).toEqual({ kind: "scheduled", dueMs: 0 });
  }
});

test("nothing is due in a world of an earlier engine until its rules are this one's", () => {
  const { state: world } = standing(started(rules), ({ private: privateState }) => {
    Object.assign(privateState.ruleset, { engine: 1 });
  });
  const folding = openFolding();
  for (const command of [run("read", 1), status("maintenance", 2)]) foldCommand(folding, command);
  expect(dueOf({ world, folding })).toBeUndefined();
  foldCommand(folding, decided({ kind: "ruleset.set", payload: { ruleset: rules }, ruleset_version: 2 }, 3));
  expect(dueOf({ world, folding })).toEqual({ kind: "status" });
});
