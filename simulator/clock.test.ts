import { expect, test } from "vitest";
import { loadRuleset } from "../shared/rulesets.ts";
import { dueOf } from "./clock.ts";
import { foldCommand, openFolding } from "./fold.ts";
import { decided, START_MS, standing, started } from "./given.ts";

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
  const { state: world } = standing(started(rules), ({ private: hidden }) => {
    hidden.manual_ticks = ["kept"];
  });
  const folding = openFolding();
  for (const command of [run("read", 1), status("maintenance", 2)]) foldCommand(folding, command);
  expect(dueOf({ world, folding })).toBeUndefined();
  foldCommand(folding, status("active", 3));
  expect(dueOf({ world, folding })).toEqual({ kind: "manual", key: "kept" });
});
