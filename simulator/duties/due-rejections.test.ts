import { beforeEach, expect, test } from "vitest";
import type { Quarantined } from "../../shared/contracts/decision.ts";
import { DAY_MS } from "../../shared/judgement/day.ts";
import { Quarantine } from "../../shared/quarantine/quarantine.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { dueRejections } from "./due-rejections.ts";

const NOW_MS = Date.UTC(2026, 2, 20);
const rules = await loadRuleset("amoi-1");
const { realm_max, days } = rules.judgement.quarantine;
let quarantine: Quarantine;
beforeEach(() => {
  quarantine = new Quarantine();
  quarantine.ruleset = rules;
});

/** `ageMs`: since it was received. They are added from the oldest on. */
function add(event_id: string, ageMs: number, standing?: 1): void {
  const received_at = new Date(NOW_MS - ageMs).toISOString();
  const decision = { event_id, source_seq: 7, received_at, ...(standing === undefined ? {} : { standing }) };
  quarantine.open.set(event_id, decision as Quarantined);
}
const due = () =>
  dueRejections(quarantine, "r", NOW_MS).map((command) =>
    command.kind === "review.reject" ? [command.payload.event, command.payload.gave_way] : [],
  );

test("what was open for as long as the rules allow expires, and nothing else while there is room", () => {
  add("old", days * DAY_MS);
  add("young", days * DAY_MS - 1);
  expect(due()).toEqual([["old", undefined]]);
});

test("beyond the realm's places the oldest events of users without standing give way, as many as are too many", () => {
  add("expired", days * DAY_MS);
  add("first", 9_000);
  add("of-standing", 8_000, 1);
  add("second", 7_000);
  for (let i = 3; i < realm_max; i++) add(`more-${i}`, 6_000);
  expect(due()).toEqual([["expired", undefined]]);
  add("one-more", 5_000, 1);
  add("another", 4_000, 1);
  expect(due()).toEqual([
    ["expired", undefined],
    ["first", 1],
    ["second", 1],
  ]);
});

test("nobody with standing gives way, also where nobody else is left", () => {
  for (let i = 0; i < realm_max + 5; i++) add(`event-${i}`, 5_000, 1);
  expect(due()).toEqual([]);
});
