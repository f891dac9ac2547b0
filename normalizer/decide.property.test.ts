import fc from "fast-check";
import { expect, test } from "vitest";
import type { ValidCandidate } from "../shared/contracts/candidate.ts";
import { loadRuleset } from "../shared/rulesets.ts";
import { cacheSpec } from "./cache.ts";
import { decide } from "./decide.ts";
import { evolve, evolveCommand } from "./evolve.ts";
import { initialState, type NormalizerState } from "./state.ts";

const ruleset = await loadRuleset("amoi-1");
const START_MS = Date.parse("2026-03-01T00:00:00Z");

function realm(): NormalizerState {
  const state = initialState("r");
  evolveCommand(state, {
    v: 1,
    idempotency_key: "genesis.ruleset",
    realm_id: "r",
    kind: "ruleset.set",
    actor: { type: "system", id: "test" },
    payload: { ruleset },
    command_id: "genesis",
    received_at: new Date(START_MS).toISOString(),
    source_seq: 0,
    status: "applied",
    ruleset_version: 1,
  });
  return state;
}

const action = fc.record({
  user: fc.constantFrom("ada", "bo", "constructor"),
  key: fc.integer({ min: 0, max: 20 }),
  points: fc.integer({ min: 1, max: 10_000 }),
  stakes: fc.integer({ min: 0, max: 10_000 }),
  significance: fc.integer({ min: 0, max: 10_000 }),
  waitMs: fc.integer({ min: 0, max: 6 * 3_600_000 }),
});
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

function* candidates(actions: Action[]): Generator<ValidCandidate> {
  let atMs = START_MS;
  let source_seq = 0;
  for (const { user, key, points, stakes, significance, waitMs } of actions) {
    atMs += waitMs;
    yield {
      v: 1,
      idempotency_key: `key-${key}`,
      realm_id: "r",
      faction_id: "empire",
      user_id: user,
      source: "faction_quest",
      event_type: "influence_gain",
      action_key: "quest",
      category: "social",
      base_points: points,
      stakes,
      significance,
      occurred_at: new Date(atMs).toISOString(),
      event_id: `${user}:${key}`,
      received_at: new Date(atMs).toISOString(),
      source_seq: ++source_seq,
    };
  }
}

const stateText = (state: NormalizerState) => {
  for (const user of state.players.keys()) state.changed.add(`u.${user}`);
  for (const user of state.members.keys()) state.changed.add(`m.${user}`);
  return cacheSpec
    .takeChanged(state)
    .map((entry) => [entry.key, entry.value])
    .sort();
};

test("no player gets a milli-point above the day's cap, whatever they send", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
      const state = realm();
      const totals = new Map<string, number>();
      for (const candidate of candidates(actions)) {
        const decision = decide(state, candidate);
        evolve(state, decision);
        const day = `${candidate.user_id} ${decision.daily_cap_bucket}`;
        totals.set(day, (totals.get(day) ?? 0) + decision.normalized_points);
      }
      for (const total of totals.values()) expect(total).toBeLessThanOrEqual(ruleset.caps.user_day * 1_000);
    }),
  );
});

test("a key counts at most once within 25 hours", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
      const state = realm();
      const accepted = new Map<string, number>();
      for (const candidate of candidates(actions)) {
        const decision = decide(state, candidate);
        evolve(state, decision);
        if (decision.validity_status !== "accepted") continue;
        const atMs = Date.parse(candidate.received_at);
        const before = accepted.get(candidate.event_id);
        if (before !== undefined) expect(atMs - before).toBeGreaterThanOrEqual(25 * 3_600_000);
        accepted.set(candidate.event_id, atMs);
      }
    }),
  );
});

test("what is clipped and what is granted make up what the action was worth", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      const state = realm();
      for (const candidate of candidates(actions)) {
        const decision = decide(state, candidate);
        evolve(state, decision);
        if (decision.validity_status !== "accepted") continue;
        const cut = decision.clipped.reduce((sum, { points }) => sum + points, 0);
        const base = Math.min(candidate.base_points, 250) * 1_000;
        expect(decision.normalized_points + cut).toBe(
          Math.floor((base * decision.factors.quality_bp) / 10_000),
        );
      }
    }),
  );
});

test("a restart at any input, from entries flushed at any earlier one, leaves the same state", () => {
  fc.assert(
    fc.property(fc.array(action, { minLength: 1, maxLength: 40 }), fc.nat(), fc.nat(), (actions, a, b) => {
      const flushedAt = a % actions.length;
      const watermark = b % (flushedAt + 1);
      const state = realm();
      const decisions = [...candidates(actions)].map((candidate) => {
        const decision = decide(state, candidate);
        evolve(state, decision);
        return decision;
      });
      const flushed = realm();
      for (const decision of decisions.slice(0, flushedAt)) evolve(flushed, decision);
      const restored = realm();
      for (const [key, value] of stateText(flushed)) cacheSpec.load(restored, key!, value!);
      for (const decision of decisions.slice(watermark)) evolve(restored, decision);
      expect(stateText(restored)).toEqual(stateText(state));
    }),
  );
});
