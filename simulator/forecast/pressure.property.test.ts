import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { foldAccepted, openFolding } from "../steps/fold.ts";
import { accepted, REALM, START_MS, started } from "../testing/builders.ts";
import { turn } from "../tick.ts";
import { foldingOf, KEPT_TICKS, type PointsSample, pointsSampleOf, remember } from "./pressure.ts";

const loaded = await loadRuleset("amoi-1");
/** A burst cap that nothing reaches, so that nothing is cut by event. */
const rules = { ...loaded, influence: { ...loaded.influence, burst_min: 6_000, burst_rate_bp: 1_000 } };
const unlimited = { ...rules, contest: { ...rules.contest, user_push: Number.MAX_SAFE_INTEGER / 1_000 } };

const event = fc.record({
  user_id: fc.constantFrom("ada", "bob", "cyd"),
  faction_id: fc.constantFrom("empire", "freeholds"),
  normalized_points: fc.integer({ min: 0, max: 150_000 }),
  place: fc.constantFrom(
    {},
    { territory_id: "iron_gate" },
    { territory_id: "mist_fen" },
    { relic_id: "tide_bell" },
  ),
});

test("pressure moves the world as the events did that it stands for", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), (events) => {
      const folding = openFolding();
      events.forEach(({ place, ...each }, i) => {
        const event_type =
          "territory_id" in place ? "territory_push" : "relic_id" in place ? "relic_claim" : "influence_gain";
        foldAccepted(folding, accepted({ ...each, ...place, event_type, event_id: `e${i}` }));
      });
      const { state } = started(rules);
      const marker = {
        tick: 1,
        kind: "scheduled" as const,
        at: new Date(START_MS + 900_000).toISOString(),
        from_seq: 1,
        through_seq: 1,
      };
      const again = foldingOf(pointsSampleOf(1, folding, rules));
      const limitless = { ...state, private: { ...state.private, ruleset: unlimited } };
      expect(turn(limitless, again, marker).state.public).toEqual(turn(state, folding, marker).state.public);
      expect(state.public.realm).toBe(REALM);
    }),
    { numRuns: runs(500) },
  );
});

test("the last ticks are kept, and a gap forgets what was before it", () => {
  const kept: PointsSample[] = [];
  for (let tick = 1; tick <= KEPT_TICKS + 5; tick++) remember(kept, { tick, factions: new Map() });
  expect([kept.length, kept[0]!.tick]).toEqual([KEPT_TICKS, 6]);
  remember(kept, { tick: 500, factions: new Map() });
  expect(kept.map(({ tick }) => tick)).toEqual([500]);
});
