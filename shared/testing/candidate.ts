/** What every test's candidate is made of unless the test says otherwise: a skirmish at the Iron Gate, worth 122 points. */
import type { Candidate } from "../contracts/candidate.ts";

export const SKIRMISH = {
  v: 1,
  faction_id: "empire",
  source: "combat_milestone",
  event_type: "territory_push",
  territory_id: "iron_gate",
  action_key: "combat.skirmish",
  category: "combat",
  base_points: 100,
  stakes: 6_000,
  significance: 8_000,
} as const satisfies Partial<Candidate>;
