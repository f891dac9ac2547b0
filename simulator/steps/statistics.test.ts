import { beforeAll, expect, test } from "vitest";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { accepted, play, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";

const CAMPAIGN = { id: "feast", goal: 10, min_contributors: 1, ticks: 10 };
let rules: Ruleset;
beforeAll(async () => {
  rules = await loadRuleset("amoi-1");
});

const gains = (points: Record<string, number>) =>
  Object.entries(points).map(([user_id, each]) =>
    accepted({ event_id: user_id, user_id, normalized_points: each * 1_000 }),
  );

test("points of 0, 10, 10 and 20: three users, a Gini of 1/6 and half of all for the first", () => {
  const [{ statistics }] = play(started(rules), [
    { events: gains({ ann: 10, ben: 10, cleo: 20, dan: 0 }) },
  ]) as [ReturnType<typeof play>[number]];
  expect(statistics).toEqual({
    gini_bp: 1_666,
    top_share_bp: 5_000,
    users: 3,
    flips: 0,
    clips: 0,
    late_ms: 0,
  });
});

test("a burst cap that cuts counts as a clip, once for its faction", () => {
  const [result] = play(started(rules), [{ events: gains({ ann: 400, ben: 400 }) }]);
  expect(result!.statistics).toMatchObject({ clips: 1, gini_bp: 0 });
});

test("a marker is late by the log's clock, and a manual one never", () => {
  const late = play(started(rules), [{ sinceMs: 902_500 }, { sinceMs: 2_000_000, key: "manual-key" }, {}]);
  expect(late.map(({ statistics }) => statistics.late_ms)).toEqual([2_500, 0, 0]);
});

test("a faction whose points are just its burst cap is not cut, and other happenings are no flips", () => {
  const { burst_min } = rules.influence;
  const [result] = play(started(rules), [
    { events: gains({ ann: burst_min }), commands: [passed("campaign.open", CAMPAIGN, 1)] },
  ]);
  expect(result!.statistics).toMatchObject({ clips: 0, flips: 0, users: 1 });
  expect(result!.record.events).toHaveLength(1);
});
