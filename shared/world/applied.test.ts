import fc from "fast-check";
import { expect, test } from "vitest";
import { appliedPoints } from "./applied.ts";

type Event = Parameters<typeof appliedPoints>[0] extends Iterable<infer E> ? E : never;
const event = (
  event_id: string,
  normalized_points: number,
  { faction_id = "empire", event_type = "influence_gain" as Event["event_type"] } = {},
): Event => ({ event_id, event_type, normalized_points, faction_id });
const push = (event_id: string, points: number) => event(event_id, points, { event_type: "territory_push" });
const applied = (events: Event[], sum: number, cap: number, { gain_bp = 0, engine = 2 } = {}) =>
  Object.fromEntries(appliedPoints(events, { engine, factions: { empire: { sum, cap, gain_bp } } }));

test("under the cap every event moves its points with the gain, each floored", () => {
  expect(applied([event("a", 1_001), push("b", 999)], 2_199, 5_000, { gain_bp: 1_000 })).toEqual({
    a: 1_101,
    b: 1_098,
  });
});

test("over the cap it is divided by largest remainder, ties by event id, in whatever order they come", () => {
  const three = [event("c", 50), event("a", 50), event("b", 50)];
  expect(applied(three, 150, 100)).toEqual({ a: 34, b: 33, c: 33 });
  expect(applied(three.toReversed(), 150, 100)).toEqual({ a: 34, b: 33, c: 33 });
});

test("plain influence has what pushes and claims leave of the cap", () => {
  const claim = event("c", 30, { event_type: "relic_claim" });
  expect(applied([event("a", 200), push("b", 50), claim], 280, 100)).toEqual({ a: 20, b: 50, c: 30 });
});

test("pushes and claims are cut where they alone exceed the cap, and plain influence moves nothing", () => {
  expect(applied([event("a", 10), push("b", 150), push("c", 50)], 210, 100)).toEqual({ a: 0, b: 75, c: 25 });
});

test("a tick of the first engine cut all events of a faction alike", () => {
  expect(applied([event("a", 150), push("b", 50)], 200, 100, { engine: 1 })).toEqual({ a: 75, b: 25 });
});

test("each faction has a cap of its own, and one that the tick didn't know applied nothing", () => {
  const events = [event("a", 100), event("b", 100, { faction_id: "constructor" }), event("c", 0)];
  expect(applied(events, 100, 60)).toEqual({ a: 60, b: 0, c: 0 });
});

test("what is applied sums to the cap at most, no event has more than it brought, and no order matters", () => {
  const kinds = fc.constantFrom<Event["event_type"]>("influence_gain", "territory_push", "relic_claim");
  const some = fc.array(fc.tuple(fc.nat(100_000), kinds), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(some, fc.nat(400_000), fc.nat(1_000_000), (list, cap, extra) => {
      const events = list.map(([points, event_type], i) => event(`e${i}`, points, { event_type }));
      const sum = events.reduce((all, { normalized_points }) => all + normalized_points, 0);
      const of = applied(events, sum, cap);
      expect(Object.values(of).reduce((all, points) => all + points, 0)).toBe(Math.min(sum, cap));
      for (const { event_id, normalized_points } of events)
        expect(of[event_id]).toBeLessThanOrEqual(normalized_points);
      expect(applied(events.toReversed(), sum, cap)).toEqual(of);
      // More plain influence takes nothing from what moves land or relics.
      const flooded = applied([...events, event("flood", extra)], sum + extra, cap);
      for (const { event_id, event_type } of events)
        if (event_type !== "influence_gain") expect(flooded[event_id]).toBe(of[event_id]);
    }),
  );
});
