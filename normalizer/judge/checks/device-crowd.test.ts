import { expect, test } from "vitest";
import { foldCandidate } from "../../core.ts";
import { candidate, freshRealm, RULES, START_MS } from "../../testing/builders.ts";

const MINUTE_MS = 60_000;

/** Reasons of what `users` on one tablet do, each event with the user at its place in `order`. */
function reasonsOf(order: readonly string[], gapMs: number): (string | undefined)[] {
  const state = freshRealm();
  return order.map((user_id, i) => {
    const change = { user_id, device_id: "tablet", session_id: `session-of-${user_id}`, stakes: i };
    const decision = foldCandidate(state, candidate({ atMs: START_MS + i * gapMs, seq: i + 1 }, change));
    return decision.validity_status === "quarantined" ? decision.reason : undefined;
  });
}
const times = (n: number, of: readonly string[]) => Array.from({ length: n }, () => of).flat();

test("five accounts that one hand plays in turn, an event a minute, are a crowd after some twenty turns", () => {
  const reasons = reasonsOf(times(12, ["a", "b", "c", "d", "e"]), MINUTE_MS);
  const first = reasons.indexOf("device_crowd");
  expect(first).toBeGreaterThanOrEqual(RULES.judgement.device_turns.quarantine);
  expect(first).toBeLessThan(30);
});

test("a family that hands its tablet on after each chapter of four events is none, all evening", () => {
  const chapters = times(
    10,
    ["a", "b", "c"].flatMap((user) => [user, user, user, user]),
  );
  expect(reasonsOf(chapters, 90_000)).not.toContain("device_crowd");
});

test("one person alone never takes turns", () => {
  expect(reasonsOf(times(40, ["a"]), 3 * MINUTE_MS)).not.toContain("device_crowd");
});

test("as many users as the rules allow share a device within a week, and one more makes a crowd", () => {
  const { device_users: most } = RULES.judgement;
  const users = Array.from({ length: most + 1 }, (_, i) => `user-${i}`);
  // An hour apart: nobody takes turns.
  const reasons = reasonsOf(users, 60 * MINUTE_MS);
  expect(reasons.slice(0, most)).not.toContain("device_crowd");
  expect(reasons[most]).toBe("device_crowd");
});

test("one of those many who plays on is no crowd", () => {
  const { device_users: most } = RULES.judgement;
  const users = Array.from({ length: most }, (_, i) => `user-${i}`);
  expect(reasonsOf([...users, "user-0"], 60 * MINUTE_MS)).not.toContain("device_crowd");
});

test("a turn keeps a device warm for as long as the rules say", () => {
  const state = freshRealm();
  for (const [i, user_id] of ["a", "b"].entries())
    foldCandidate(
      state,
      candidate({ atMs: START_MS + i * MINUTE_MS, seq: i + 1 }, { user_id, device_id: "tablet" }),
    );
  const warmMs = RULES.judgement.device_turns.leak_seconds * 1_000;
  expect(state.devices.get("tablet")!.turns).toBe(START_MS + MINUTE_MS + warmMs);
});
