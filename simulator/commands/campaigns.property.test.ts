import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { accepted, play, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";

let rules: Ruleset;
beforeAll(async () => {
  rules = await loadRuleset("amoi-1");
});

const FACTIONS = ["empire", "freeholds"] as const;
const faction = fc.constantFrom(...FACTIONS);
const gift = fc.record({
  user: fc.constantFrom("ada", "bo", "cleo", "constructor"),
  faction,
  points: fc.integer({ min: 1, max: 60 }),
});
const siege = fc.record({
  terms: fc.record(
    {
      goal: fc.integer({ min: 1, max: 200 }),
      min_contributors: fc.integer({ min: 1, max: 4 }),
      ticks: fc.integer({ min: 1, max: 6 }),
      faction,
    },
    { requiredKeys: ["goal", "min_contributors", "ticks"] },
  ),
  ticks: fc.array(fc.array(gift, { maxLength: 4 }), { minLength: 6, maxLength: 6 }),
  /** In which of the ticks it is closed by hand, if any. */
  closed: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
});
type Siege = typeof siege extends fc.Arbitrary<infer T> ? T : never;

/** Told tick by tick, from the rule's words alone. */
function expected({ terms, ticks, closed }: Siege): { end: string; tick: number } | undefined {
  let points = 0;
  const contributors = new Set<string>();
  for (const [tick, gifts] of ticks.entries()) {
    for (const { user, faction: side, points: brought } of gifts) {
      if (terms.faction !== undefined && side !== terms.faction) continue;
      points += brought;
      contributors.add(user);
    }
    if (points >= terms.goal && contributors.size >= terms.min_contributors) return { end: "won", tick };
    if (tick === closed) return { end: "closed", tick };
    if (tick === terms.ticks - 1) return { end: "lost", tick };
  }
  return undefined;
}

test("a campaign ends once: won with the tick that reaches what it asks for of its side, else closed by hand, else lost with its time", () => {
  fc.assert(
    fc.property(siege, (given) => {
      // Marked as the normalizer does: the first of a user on the campaign's side.
      const known = new Set<string>();
      const results = play(
        started(rules),
        given.ticks.map((gifts, tick) => ({
          commands: [
            ...(tick === 0 ? [passed("campaign.open", { id: "siege", ...given.terms }, 1)] : []),
            ...(tick === given.closed ? [passed("campaign.close", { id: "siege" }, 100 * tick + 50)] : []),
          ],
          events: gifts.map(({ user, faction: side, points }, i) => {
            const isFirst = side === (given.terms.faction ?? side) && !known.has(user);
            if (isFirst) known.add(user);
            return accepted({
              event_id: `${tick}.${i}`,
              user_id: user,
              faction_id: side,
              campaign_id: "siege",
              normalized_points: points * 1_000,
              source_seq: 100 * tick + 10 + i,
              ...(isFirst ? { campaign_first: 1 as const } : {}),
            });
          }),
        })),
      );
      const ends = results.flatMap(({ record }, tick) =>
        record.events.flatMap((event) =>
          event.kind === "campaign" && typeof event.stage === "string" ? [{ end: event.stage, tick }] : [],
        ),
      );
      const end = expected(given);
      expect(ends).toEqual(end === undefined ? [] : [end]);
      for (const [tick, { state }] of results.entries())
        expect(Object.hasOwn(state.public.campaigns, "siege")).toBe(end === undefined || tick < end.tick);
    }),
    { numRuns: runs(300) },
  );
});
