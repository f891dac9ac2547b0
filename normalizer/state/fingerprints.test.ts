import { expect, test } from "vitest";
import type { ValidCandidate } from "../../shared/contracts/candidate.ts";
import { FINGERPRINT_FIELDS, fingerprintText } from "../../shared/judgement/fingerprint.ts";
import { candidate } from "../testing/builders.ts";
import { fingerprintsOf } from "./fingerprints.ts";

const ACTION = candidate({ atMs: 0, seq: 1 }, { territory_id: "iron_gate" });
/** What names an event or its target rather than says what was done. */
type Identity =
  | ("v" | "idempotency_key" | "realm_id" | "user_id" | "event_id" | "received_at" | "source_seq")
  | ("territory_id" | "relic_id");
/** Another value of each field that an action can differ by. */
const CHANGES: Record<"target" | Exclude<keyof ValidCandidate, Identity>, Partial<ValidCandidate>> = {
  event_type: { event_type: "influence_gain" },
  target: { territory_id: "elsewhere" },
  action_key: { action_key: "another.deed" },
  base_points: { base_points: ACTION.base_points + 1 },
  stakes: { stakes: ACTION.stakes + 1 },
  significance: { significance: ACTION.significance + 1 },
  category: { category: ACTION.category === "combat" ? "explore" : "combat" },
  source: { source: ACTION.source === "combat_milestone" ? "faction_quest" : "combat_milestone" },
  faction_id: { faction_id: "another" },
  device_id: { device_id: "another" },
  session_id: { session_id: "another" },
  campaign_id: { campaign_id: "another" },
  spend_tier: { spend_tier: 3 },
  occurred_at: { occurred_at: "2026-03-01T00:00:01Z" },
};

test("the normalizer's fingerprint and the game masters' differ by the same fields, those of the one list", () => {
  const of = (change: object) => fingerprintsOf({ ...ACTION, ...change }).fingerprint;
  const text = (change: object) => fingerprintText({ ...ACTION, ...change });
  const differing = (print: (change: object) => unknown) =>
    Object.entries(CHANGES).flatMap(([field, change]) => (print(change) === print({}) ? [] : [field]));
  expect(differing(of).toSorted()).toEqual(FINGERPRINT_FIELDS.toSorted());
  expect(differing(text).toSorted()).toEqual(FINGERPRINT_FIELDS.toSorted());
});

test("a relic is the target where no territory is named", () => {
  const { territory_id: _, ...bare } = ACTION;
  const [one, other] = [
    { ...bare, relic_id: "crown" },
    { ...bare, relic_id: "orb" },
  ];
  expect(fingerprintsOf(one).fingerprint).not.toBe(fingerprintsOf(other).fingerprint);
  expect(fingerprintText(one)).not.toBe(fingerprintText(other));
});
