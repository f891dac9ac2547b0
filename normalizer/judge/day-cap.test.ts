import { expect, test } from "vitest";
import { foldCandidate } from "../core.ts";
import { candidate, freshRealm, START_MS } from "../testing/builders.ts";

const DAY_MS = 86_400_000;
const SOURCES = ["chapter_outcome", "faction_quest", "rare_discovery"] as const;

/** Points by day of somebody who asks for far more than a day's cap, beside 20 who have 60 points a day. */
function daysOfGreed(days: number): number[] {
  const state = freshRealm();
  let seq = 0;
  const points: number[] = [];
  for (let day = 0; day < days; day++) {
    const act = (user_id: string, minute: number, base_points: number) =>
      foldCandidate(
        state,
        candidate(
          { atMs: START_MS + day * DAY_MS + minute * 60_000, seq: ++seq },
          { user_id, base_points, stakes: minute, source: SOURCES[minute % 3]!, action_key: `a.${minute}` },
        ),
      ).normalized_points;
    for (let user = 0; user < 20; user++) act(`user-${user}`, 1, 60);
    let greedy = 0;
    for (let minute = 10; minute < 130; minute += 4) greedy += act("greedy", minute, 400);
    points.push(greedy);
  }
  return points;
}

test("the day's cap of a user shrinks with their lead on the realm's mean, and is whole where there is no mean", () => {
  const [first, second, ...later] = daysOfGreed(8);
  expect(first).toBe(1_000_000);
  expect(second).toBeLessThan(1_000_000);
  for (const points of later) expect(points).toBeLessThan(700_000);
});

test("however far ahead, some of the cap is left every day", () => {
  for (const points of daysOfGreed(10)) expect(points).toBeGreaterThan(100_000);
});
