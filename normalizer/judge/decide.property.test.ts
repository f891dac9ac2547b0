import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import type { ValidCandidate } from "../../shared/contracts/candidate.ts";
import type { Decision } from "../../shared/contracts/decision.ts";
import { mul } from "../../shared/exact/integers.ts";
import { dayNamed } from "../../shared/judgement/day.ts";
import { explanationOf } from "../../shared/judgement/explanation.ts";
import { cacheSpec } from "../cache.ts";
import { foldCandidate } from "../core.ts";
import { type Action, action, candidates, freshRealm, stateText, TIGHT_RULES } from "../testing/builders.ts";
import { evolve } from "./evolve.ts";

const actions = (max: number) => fc.array(action, { minLength: 1, maxLength: max });

function play(
  made: readonly Action[],
  each: (decision: Decision, candidate: ValidCandidate) => void = () => {},
) {
  const state = freshRealm(TIGHT_RULES);
  for (const candidate of candidates(made)) each(foldCandidate(state, candidate), candidate);
  return state;
}

test("no cap of a day is exceeded by a milli-point, whatever is sent", () => {
  fc.assert(
    fc.property(actions(40), (made) => {
      const totals = new Map<string, number>();
      const add = (what: string, points: number, cap: number) => {
        const total = (totals.get(what) ?? 0) + points;
        totals.set(what, total);
        expect(total).toBeLessThanOrEqual(cap * 1_000);
      };
      play(made, (decision) => {
        const { daily_cap_bucket: day, normalized_points: points, user_id, source, device_id } = decision;
        add(`user ${user_id} ${day}`, points, TIGHT_RULES.caps.user_day);
        add(`source ${user_id} ${source} ${day}`, points, TIGHT_RULES.caps.source_day[source]);
        if (device_id !== undefined) add(`device ${device_id} ${day}`, points, TIGHT_RULES.caps.device_day);
      });
    }),
    { numRuns: runs(2_000) },
  );
});

test("a key counts at most once within 25 hours", () => {
  fc.assert(
    fc.property(actions(80), (made) => {
      const counted = new Map<string, number>();
      play(made, (decision, candidate) => {
        if (decision.validity_status === "rejected") return;
        const atMs = Date.parse(candidate.received_at);
        const before = counted.get(candidate.event_id);
        if (before !== undefined) expect(atMs - before).toBeGreaterThanOrEqual(25 * 3_600_000);
        counted.set(candidate.event_id, atMs);
      });
    }),
  );
});

test("what is clipped and what is granted make up what the factors left of the action", () => {
  fc.assert(
    fc.property(actions(40), (made) => {
      play(made, (decision) => {
        if (decision.validity_status !== "accepted") return;
        const { quality_bp, anti_spam_bp, fairness_bp } = decision.factors;
        const cut = decision.clipped.reduce((sum, { points }) => sum + points, 0);
        const worth = mul(mul(mul(explanationOf(decision)!.base, quality_bp), anti_spam_bp), fairness_bp);
        expect(decision.normalized_points + cut).toBe(worth);
        for (const left of Object.values(explanationOf(decision)!.left))
          expect(left).toBeGreaterThanOrEqual(0);
      });
    }),
  );
});

test("factors stay within their bounds", () => {
  fc.assert(
    fc.property(actions(60), (made) => {
      play(made, ({ factors, validity_status }) => {
        expect(factors.quality_bp).toBeGreaterThanOrEqual(5_000);
        expect(factors.quality_bp).toBeLessThanOrEqual(15_000);
        if (validity_status === "rejected") return;
        expect(factors.anti_spam_bp).toBeGreaterThanOrEqual(1_000);
        expect(factors.anti_spam_bp).toBeLessThanOrEqual(11_000);
        expect(factors.fairness_bp).toBeGreaterThanOrEqual(2_500);
        expect(factors.fairness_bp).toBeLessThanOrEqual(10_000);
      });
    }),
  );
});

test("with categories fixed, an immediate repeat never raises anti-spam", () => {
  fc.assert(
    fc.property(actions(30), (made) => {
      const state = freshRealm();
      for (const candidate of candidates(made, { category: "combat" })) {
        const before = foldCandidate(state, candidate);
        const again = {
          ...candidate,
          event_id: [...candidate.event_id].reverse().join(""),
          source_seq: candidate.source_seq + 0.5,
        };
        const repeat = foldCandidate(state, again);
        if (before.validity_status === "rejected" || repeat.validity_status === "rejected") continue;
        expect(repeat.factors.anti_spam_bp).toBeLessThanOrEqual(before.factors.anti_spam_bp);
      }
    }),
    { numRuns: runs(2_000) },
  );
});

/** An entry as the release before wrote it, which had no versions. Hours of commands, and what has names, have none either. */
const earlier = ([key, text]: [key: string, text: string]): [key: string, text: string] => [
  key,
  key.startsWith("c.") ? text : text.replace(/^\[1,/, "["),
];

test("a restart at any input, from entries that this release and the one before flushed at any earlier one, leaves the same state", () => {
  fc.assert(
    fc.property(actions(24), fc.nat(), fc.nat(), fc.infiniteStream(fc.boolean()), (made, a, b, shapes) => {
      const decisions: Decision[] = [];
      const state = play(made, (decision) => decisions.push(decision));
      const flushedAt = a % made.length;
      const watermark = b % (flushedAt + 1);
      const flushed = freshRealm(TIGHT_RULES);
      for (const decision of decisions.slice(0, flushedAt)) evolve(flushed, decision);
      const restored = freshRealm(TIGHT_RULES);
      for (const entry of stateText(flushed)) {
        const [key, text] = shapes.next().value ? entry : earlier(entry);
        cacheSpec.load(restored, key, text);
      }
      for (const decision of decisions.slice(watermark)) evolve(restored, decision);
      expect(stateText(restored).map(earlier)).toEqual(stateText(state).map(earlier));
      expect([restored.open, restored.openTotal]).toEqual([state.open, state.openTotal]);
    }),
    { numRuns: runs(2_000) },
  );
});

test("dropping what is cold, and laying down what rests, changes no decision", () => {
  fc.assert(
    fc.property(actions(30), (made) => {
      // Long waits, so that entries cool down between events.
      const slow = made.map((each) => ({ ...each, waitMs: each.waitMs * 8 }));
      const kept = freshRealm(TIGHT_RULES);
      const swept = freshRealm(TIGHT_RULES);
      for (const candidate of candidates(slow)) {
        const atMs = Date.parse(candidate.received_at);
        for (let i = 0; i < 20; i++)
          for (const shelf of [swept.players, swept.devices, swept.sessions, swept.quarantine]) {
            shelf.takeChanged();
            shelf.sweep(atMs);
          }
        const { explain: _a, mean: _b, ...decision } = foldCandidate(swept, candidate);
        const { explain: _c, mean: _d, ...expected } = foldCandidate(kept, candidate);
        expect(decision).toEqual(expected);
      }
    }),
    { numRuns: runs(2_000) },
  );
});

test("what the realm's mean is made of is what its players have", () => {
  fc.assert(
    fc.property(actions(60), (made) => {
      const totals = new Map<string, number>();
      const earned = new Map<string, Map<number, number>>();
      const state = play(made, ({ daily_cap_bucket: day, normalized_points: points, user_id }) => {
        if (points === 0) return;
        totals.set(day, (totals.get(day) ?? 0) + points);
        const days = earned.get(user_id) ?? new Map<number, number>();
        earned.set(user_id, days.set(dayNamed(day), (days.get(dayNamed(day)) ?? 0) + points));
      });
      const kept = state.week.days.map(({ day }) => new Date(day * 86_400_000).toISOString().slice(0, 10));
      expect(state.week.days.map(({ points }) => points)).toEqual(kept.map((day) => totals.get(day)));
      const countedOn = [...earned.values()].flatMap((days) => {
        const latest = Math.max(...days.keys());
        const week = [...days]
          .filter(([day]) => day > latest - 7)
          .reduce((sum, [, points]) => sum + points, 0);
        return week >= TIGHT_RULES.judgement.fairness.mean_min * 1_000 ? [latest] : [];
      });
      expect(state.week.days.map(({ users }) => users)).toEqual(
        kept.map((day) => countedOn.filter((each) => each === dayNamed(day)).length),
      );
    }),
  );
});

test("the made-up histories reach the caps, the quarantine and the rejects", () => {
  const seen = new Set<string>();
  for (const made of fc.sample(actions(80), { numRuns: 200, seed: 7 }))
    play(made, ({ validity_status, reason, clipped }) => {
      seen.add(`${validity_status} ${reason ?? ""}`);
      for (const { by } of clipped) seen.add(by);
    });
  for (const what of ["accepted ", "source", "user_day", "device_day", "rejected key_conflict"])
    expect(seen).toContain(what);
  expect([...seen].some((what) => what.startsWith("quarantined"))).toBe(true);
});
