import { expect, test } from "vitest";
import type { Attack } from "./accounts.ts";
import { accused, caught, scoreOf, worthOfTime } from "./score.ts";
import type { AccountResult } from "./season.ts";
import { targetsOf } from "./targets.ts";

const HOUR_MS = 3_600_000;

const outcome = (attack: Attack | undefined, change: Partial<AccountResult> = {}): AccountResult => ({
  attack,
  points: 0,
  pointsByDay: new Map(),
  playMs: HOUR_MS,
  sent: 10,
  abuses: attack === undefined ? 0 : 10,
  abusesAccepted: 0,
  quarantined: 0,
  velocity: 0,
  replays: 0,
  reasons: new Map(),
  ...change,
});
const honest = (change: Partial<AccountResult> = {}) => outcome(undefined, { points: 1_000, ...change });

test("a quarantined event accuses, a velocity reject does, and a duplicate doesn't", () => {
  expect(accused(honest({ quarantined: 1 }))).toBe(true);
  expect(accused(honest({ velocity: 1 }))).toBe(true);
  expect(accused(honest({ replays: 5 }))).toBe(false);
});

test("who replays keys is caught only where none of the replays counted", () => {
  expect(caught(outcome("replayed", { replays: 10 }))).toBe(true);
  expect(caught(outcome("replayed", { replays: 9, abusesAccepted: 1 }))).toBe(false);
  expect(caught(outcome("rotated", { replays: 10 }))).toBe(false);
});

test("one honest player accused beside three attackers caught is a precision of 75 %", () => {
  const { precision, honestQuarantined, honestVelocity } = scoreOf(
    [
      ...["burst", "burst", "drip"].map((attack) => outcome(attack as Attack, { quarantined: 4 })),
      honest({ velocity: 2 }),
      ...Array.from({ length: 9 }, () => honest()),
    ],
    14,
  );
  expect(precision).toBe(0.75);
  expect(honestQuarantined).toBe(0);
  expect(honestVelocity).toBe(0.1);
});

test("precision by event counts events: 4 of an attacker's and 1 of an honest player's are 80 %", () => {
  const { eventPrecision } = scoreOf([outcome("burst", { quarantined: 4 }), honest({ quarantined: 1 })], 14);
  expect(eventPrecision).toBe(0.8);
});

test("recall is of accounts, and of abuses beside it", () => {
  const { attacks } = scoreOf(
    [
      outcome("burst", { quarantined: 5, abusesAccepted: 5 }),
      outcome("burst", { abusesAccepted: 10 }),
      honest(),
    ],
    14,
  );
  expect(attacks.get("burst")).toMatchObject({ accounts: 2, caught: 1, recall: 0.5, eventRecall: 0.25 });
});

test("what an attacker has beyond an honest player of the same play time has leaked", () => {
  const players = Array.from({ length: 50 }, () => honest({ points: 100 }));
  const greedy = outcome("whale", { points: 600 });
  const modest = outcome("drip", { points: 50 });
  const { attacks, leakedShare } = scoreOf([...players, greedy, modest], 14);
  expect(attacks.get("whale")!.leakedShare).toBeCloseTo(500 / 5_650);
  expect(attacks.get("drip")!.leakedShare).toBe(0);
  expect(leakedShare).toBeCloseTo(500 / 5_650);
});

test("time is worth what the fifty honest players nearest in play time have, and no more beyond the busiest", () => {
  const players = Array.from({ length: 200 }, (_, i) => ({ playMs: i * HOUR_MS, points: i < 100 ? 10 : 30 }));
  const worth = worthOfTime(players);
  expect(worth(20 * HOUR_MS)).toBe(10);
  expect(worth(100 * HOUR_MS)).toBe(20);
  expect(worth(180 * HOUR_MS)).toBe(30);
  expect(worth(10_000 * HOUR_MS)).toBe(30);
});

test("a hundred times the volume is measured in typical days", () => {
  const players = [200, 300, 400].map((points) =>
    honest({ points, pointsByDay: new Map([["2026-03-02", points]]) }),
  );
  const { typicalDay, hundredfold } = scoreOf([...players, outcome("flood", { points: 14 * 900 })], 14);
  expect(typicalDay).toBe(300);
  expect(hundredfold).toBe(3);
});

test("a target that is missed by a hair is missed", () => {
  const found = (score: Parameters<typeof targetsOf>[0]) =>
    targetsOf(score)
      .filter(({ met }) => !met)
      .map(({ name }) => name);
  const players = Array.from({ length: 1_000 }, () => honest());
  const score = scoreOf([...players, outcome("burst", { quarantined: 1 })], 14);
  expect(found(score)).toEqual([]);
  expect(found({ ...score, honestQuarantined: 0.0011, precision: 0.9799 })).toEqual([
    "precision",
    "honest players quarantined",
  ]);
});
