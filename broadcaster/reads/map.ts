/** The map of a realm: names and neighbours. It comes from the ruleset and doesn't change with ticks. */
import { z } from "zod";
import { Id } from "../../shared/contracts/ids.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { Name } from "../../shared/contracts/text.ts";

const Named = z.strictObject({ name: Name });

export const RealmMap = z.strictObject({
  factions: z.record(Id, Named),
  /** In the ruleset's order, which is the order around the wheel. */
  territories: z.array(z.strictObject({ id: Id, name: Name, adjacent: z.array(Id) })),
  relics: z.record(Id, Named),
});
export type RealmMap = z.infer<typeof RealmMap>;

export const mapOf = ({ factions, territories, relics }: Ruleset): RealmMap => ({
  factions: named(factions),
  territories: Object.entries(territories).map(([id, { name, adjacent }]) => ({ id, name, adjacent })),
  relics: named(relics),
});

const named = (things: Record<string, { name: Name }>) =>
  Object.fromEntries(Object.entries(things).map(([id, { name }]) => [id, { name }]));
