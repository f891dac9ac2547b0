/** The map of a realm: what is where, and what people call it. Of the ruleset; it doesn't change with ticks. */
import type { Ruleset } from "../shared/contracts/ruleset.ts";

export type RealmMap = {
  factions: Record<string, { name: string }>;
  /** In the ruleset's order, which is the order around the wheel. */
  territories: { id: string; name: string; adjacent: string[] }[];
  relics: Record<string, { name: string }>;
};

export const mapOf = ({ factions, territories, relics }: Ruleset): RealmMap => ({
  factions: named(factions),
  territories: Object.entries(territories).map(([id, { name, adjacent }]) => ({ id, name, adjacent })),
  relics: named(relics),
});

const named = (things: Record<string, { name: string }>) =>
  Object.fromEntries(Object.entries(things).map(([id, { name }]) => [id, { name }]));
