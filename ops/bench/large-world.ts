/** The largest map that the rules take: 8 factions, 64 territories around hubs, 16 relics, 8 resources, 64 triggers. */

import { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { Trigger } from "../../shared/contracts/trigger.ts";
import { apportion } from "../../shared/exact/integers.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { checkRuleset } from "../../shared/world/check-ruleset.ts";

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}_${`${i}`.padStart(2, "0")}`);

export const LARGE_FACTIONS = names("house", 8);
export const LARGE_TERRITORIES = names("province", 64);
const RESOURCES = names("good", 8);
/** Each territory touches the two beside it on the ring, and the one across. */
const across = (i: number) => (i + LARGE_TERRITORIES.length / 2) % LARGE_TERRITORIES.length;

/** The numbers of the first realm on that map; flips and triggers happen every few ticks under even a little play. */
export async function largeWorld(change: Partial<Ruleset> = {}): Promise<Ruleset> {
  const base = await loadRuleset("amoi-1");
  const count = LARGE_TERRITORIES.length;
  const rules: Ruleset = Ruleset.parse({
    ...base,
    factions: Object.fromEntries(LARGE_FACTIONS.map((id) => [id, { name: id }])),
    resources: RESOURCES,
    names: {},
    territories: Object.fromEntries(
      LARGE_TERRITORIES.map((id, i) => {
        const lord = LARGE_FACTIONS[i % LARGE_FACTIONS.length]!;
        const weights = new Map(LARGE_FACTIONS.map((faction) => [faction, faction === lord ? 5 : 1]));
        return [
          id,
          {
            name: id,
            strategic_value: 1 + (i % 5),
            adjacent: [(i + 1) % count, (i + count - 1) % count, across(i)].map(
              (other) => LARGE_TERRITORIES[other],
            ),
            control: Object.fromEntries(apportion(10_000, weights)),
            controller: lord,
            yields: { [RESOURCES[i % RESOURCES.length]!]: 5 },
          },
        ];
      }),
    ),
    relics: Object.fromEntries(
      names("relic", 16).map((id, i) => [id, { name: id, territory: LARGE_TERRITORIES[i * 4] }]),
    ),
    triggers: LARGE_TERRITORIES.map(
      (id, i): Trigger => ({
        key: `unrest_${id}`,
        when: { gt: [`territory.${id}.instability`, 1_000 + 50 * i] },
        sustain: 1,
        cooldown: 96,
        rearm: "auto",
        priority: i % 10,
        effects: [
          { do: "modify", name: "clamp_bp", territory: id, add: 300, ticks: 24 },
          { do: "style", id: `unrest_${id}`, ticks: 24 },
        ],
      }),
    ),
    ...change,
  });
  const reasons = checkRuleset(rules);
  if (reasons.length > 0) throw new Error(reasons.join("; "));
  return rules;
}
