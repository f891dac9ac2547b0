import { expect, test } from "vitest";
import { appliedPoints } from "./applied.ts";

const event = (event_id: string, normalized_points: number, faction_id = "empire") => ({
  event_id,
  normalized_points,
  faction_id,
});
const applied = (events: ReturnType<typeof event>[], sum: number, cap: number, gain_bp = 0) =>
  Object.fromEntries(appliedPoints(events, { empire: { sum, cap, gain_bp } }));

test("under the cap every event moves its points with the gain, each floored", () => {
  expect(applied([event("a", 1_001), event("b", 999)], 2_199, 5_000, 1_000)).toEqual({ a: 1_101, b: 1_098 });
});

test("over the cap it is divided by largest remainder, ties by event id, in whatever order they come", () => {
  const three = [event("c", 50), event("a", 50), event("b", 50)];
  expect(applied(three, 150, 100)).toEqual({ a: 34, b: 33, c: 33 });
  expect(applied(three.toReversed(), 150, 100)).toEqual({ a: 34, b: 33, c: 33 });
});

test("each faction has a cap of its own, and one that the tick didn't know applied nothing", () => {
  const events = [event("a", 100), event("b", 100, "constructor"), event("c", 0)];
  expect(applied(events, 100, 60)).toEqual({ a: 60, b: 0, c: 0 });
});
