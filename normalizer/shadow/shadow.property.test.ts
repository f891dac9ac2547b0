import fc from "fast-check";
import { expect, test } from "vitest";
import type { ValidCandidate } from "../../shared/contracts/candidate.ts";
import type { ValidCommand } from "../../shared/contracts/command.ts";
import type { Decision } from "../../shared/contracts/decision.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { ShadowReport, type Tallied } from "../../shared/contracts/shadow.ts";
import { cacheSpec } from "../cache.ts";
import { foldCandidate, foldCommand } from "../core.ts";
import { evolve, evolveCommand } from "../judge/evolve.ts";
import { takeChanged } from "../state/changed.ts";
import type { NormalizerState } from "../state/state.ts";
import {
  type Action,
  action,
  candidates,
  command,
  freshRealm,
  RULES,
  START_MS,
  stateText,
  TIGHT_RULES,
} from "../testing/builders.ts";
import { shadowReport } from "./shadow-entry.ts";

const { judgement } = RULES;
const LENIENT: Ruleset = {
  ...RULES,
  judgement: {
    ...judgement,
    fingerprint: { ...judgement.fingerprint, quarantine: 50 },
    heat: {
      ...judgement.heat,
      user_burst: { ...judgement.heat.user_burst, quarantine: 60 },
      session_burst: { ...judgement.heat.session_burst, quarantine: 60 },
      device_burst: { ...judgement.heat.device_burst, quarantine: 60 },
    },
  },
};
/** Rules that quarantine later or sooner, grant less, know fewer places and hold fewer suspects. */
const OTHERS: Ruleset[] = [
  LENIENT,
  TIGHT_RULES,
  { ...RULES, caps: { ...RULES.caps, user_day: 100 } },
  {
    ...RULES,
    judgement: {
      ...judgement,
      fingerprint: { ...judgement.fingerprint, quarantine: 1 },
      quarantine: { ...judgement.quarantine, user_max: 2, days: 1 },
    },
  },
  { ...RULES, membership: "assigned" },
  { ...RULES, territories: { iron_gate: { ...RULES.territories.iron_gate!, adjacent: [] } }, relics: {} },
];

const actions = (max: number) => fc.array(action, { minLength: 1, maxLength: max });
/** Every so many candidates, one that is in quarantine is released or rejected, or the realm's status changes. */
const rhythm = fc.record({ review: fc.integer({ min: 1, max: 9 }), status: fc.integer({ min: 3, max: 40 }) });
type Rhythm = { review: number; status: number };

/** Sequences leave room for commands before each candidate; keys are as long as a review wants them. */
function* history(made: readonly Action[]): Generator<ValidCandidate> {
  for (const each of candidates(made))
    yield {
      ...each,
      idempotency_key: `history-${each.idempotency_key}`,
      source_seq: each.source_seq * 10,
    };
}

/** An action worth 122 points to whom nothing is known of. */
const FIRST: Action = {
  user: "ada",
  key: 1,
  device: "phone",
  session: "s1",
  source: "combat_milestone",
  category: "combat",
  territory: "iron_gate",
  points: 100,
  stakes: 6_000,
  tier: 0,
  waitMs: 40_000,
};

const shadowSet = (ruleset: Ruleset) => command("shadow.set", { ruleset }, { atMs: START_MS, seq: 1 });

/** Plays a history; answers every decision, as bytes. */
function play(state: NormalizerState, made: readonly Action[], { review, status }: Rhythm): string[] {
  const decisions: Decision[] = [];
  const open: Decision[] = [];
  const tell = (told: ValidCommand) => {
    const { decision } = foldCommand(state, told);
    if (decision !== undefined) decisions.push(decision);
  };
  let n = 0;
  for (const candidate of history(made)) {
    n++;
    const place = { atMs: Date.parse(candidate.received_at), seq: candidate.source_seq - 1 };
    if (n % review === 0 && open.length > 0) {
      const decision = open.shift()!;
      const payload = { event: decision.event_id, decision };
      tell(command(n % 2 === 0 ? "review.release" : "review.reject", payload, place));
    }
    if (n % status === 0)
      tell(
        command(
          "realm.status",
          { status: (n / status) % 2 === 1 ? "season_end" : "active" },
          { ...place, seq: place.seq - 1 },
        ),
      );
    if (n % status === 1) {
      const opens = n % (2 * status) === 1;
      const payload = { id: "siege", ...(opens ? { goal: 1, min_contributors: 1, ticks: 1 } : {}) };
      tell(
        command(opens ? "campaign.open" : "campaign.close", payload as never, {
          ...place,
          seq: place.seq - 2,
        }),
      );
    }
    const named = n % 2 === 0 ? { campaign_id: "siege" } : {};
    const decision = foldCandidate(state, { ...candidate, ...named });
    decisions.push(decision);
    if (decision.validity_status === "quarantined") open.push(decision);
  }
  return decisions.map((decision) => JSON.stringify(decision));
}

function withShadow(ruleset: Ruleset, live: Ruleset = RULES): NormalizerState {
  const state = freshRealm(live);
  foldCommand(state, shadowSet(ruleset));
  return state;
}

const countsOf = ({ shadow }: NormalizerState) => shadowReport(shadow.through, shadow.running!).counts;
const sum = (record: object) => Object.values(record).reduce((a: number, b: number) => a + b, 0);
const judgedBy = (side: Tallied) => side.accepted + sum(side.quarantined) + sum(side.rejected);

test("under the realm's own rules a shadow differs in nothing", () => {
  fc.assert(
    fc.property(actions(80), rhythm, fc.nat(), (made, beat, n) => {
      const state = freshRealm();
      // Set after some of the history, so that it forks from a realm where much is known.
      const first = n % made.length;
      const before = made.slice(0, first);
      for (const candidate of history(before)) foldCandidate(state, candidate);
      foldCommand(state, { ...shadowSet(RULES), source_seq: first * 10 + 1 });
      const rest = made.map((each, i) => (i < first ? { ...each, key: each.key + 100 } : each));
      const later = [...history(rest)].slice(first);
      for (const candidate of later) foldCandidate(state, candidate);
      const counts = countsOf(state);
      expect(counts).toMatchObject({
        candidates: later.length,
        verdict_differs: 0,
        points_differ: 0,
        errors: 0,
      });
      expect(counts.shadow).toEqual(counts.live);

      const reviewed = withShadow(RULES);
      play(reviewed, made, beat);
      expect(countsOf(reviewed)).toMatchObject({ verdict_differs: 0, points_differ: 0, errors: 0 });
      expect(countsOf(reviewed).shadow).toEqual(countsOf(reviewed).live);
    }),
  );
});

test("whatever the shadow's rules, the realm decides and remembers the same bytes", () => {
  fc.assert(
    fc.property(actions(60), rhythm, fc.constantFrom(...OTHERS), (made, beat, ruleset) => {
      const beside = withShadow(ruleset);
      const alone = freshRealm();
      expect(play(beside, made, beat)).toEqual(play(alone, made, beat));
      const own = (state: NormalizerState) =>
        // Only one of them was told of a shadow.
        stateText(state).filter(([key]) => !/^(r\.shadow|r\.realm|c\.)/.test(key));
      expect(own(beside)).toEqual(own(alone));
      expect([beside.open, beside.openTotal]).toEqual([alone.open, alone.openTotal]);
    }),
  );
});

test("each side's verdicts add up to the candidates, and so do the points of the realm's own", () => {
  fc.assert(
    fc.property(actions(60), rhythm, fc.constantFrom(...OTHERS), (made, beat, ruleset) => {
      const state = withShadow(ruleset);
      const decisions = play(state, made, beat).map((text) => JSON.parse(text) as Decision);
      const counts = countsOf(state);
      expect(counts.errors).toBe(0);
      expect([counts.candidates, judgedBy(counts.live), judgedBy(counts.shadow)]).toEqual(
        Array(3).fill(made.length),
      );
      expect(sum(counts.live.points)).toBe(decisions.reduce((all, each) => all + each.normalized_points, 0));
      ShadowReport.parse(shadowReport(state.shadow.through, state.shadow.running!));
    }),
  );
});

test("what a shadow never let in does not come in from the realm's own memory later", () => {
  // A first event that only the realm accepts: then the day's points are the realm's own, not the shadow's.
  const state = withShadow(OTHERS.at(-1)!);
  const at = (territory: Action["territory"], key: number): Action => ({ ...FIRST, territory, key });
  for (const candidate of history([at("mist_fen", 1), at("iron_gate", 2)])) foldCandidate(state, candidate);
  const { live, shadow } = countsOf(state);
  expect(shadow).toMatchObject({
    accepted: 1,
    rejected: { unknown_territory: 1 },
    points: { empire: 122_000 },
  });
  expect(live.accepted).toBe(2);
  const ada = state.shadow.running!.judge!.state.players.get("ada")!;
  expect(ada.seenCount).toBe(1);
});

test("what is refused leaves nothing behind with the shadow, however many names it comes under", () => {
  const state = withShadow(LENIENT);
  const [first] = history([FIRST]);
  for (let n = 0; n < 1_000; n++)
    foldCandidate(state, {
      ...first!,
      territory_id: "atlantis",
      user_id: `user-${n}`,
      device_id: `device-${n}`,
      session_id: `session-${n}`,
      event_id: `${n}`.padStart(26, "a"),
      source_seq: n + 1,
    });
  const { players, devices, sessions } = state.shadow.running!.judge!.state;
  for (const { size } of [players, devices, sessions]) expect(size).toBeLessThan(10);
});

test("the made-up histories reach releases on both sides, and on one alone", () => {
  const seen = new Set<string>();
  for (const made of fc.sample(actions(80), { numRuns: 100, seed: 7 }))
    for (const ruleset of [TIGHT_RULES, LENIENT]) {
      const state = withShadow(ruleset, TIGHT_RULES);
      play(state, made, { review: 2, status: 40 });
      const { live, shadow } = countsOf(state);
      seen.add(`${live.released > 0} ${shadow.released > 0}`);
    }
  expect(seen).toContain("true true");
  expect(seen).toContain("true false");
});

test("a restart at any input counts no candidate twice, and goes on counting", () => {
  fc.assert(
    fc.property(actions(40), fc.nat(), fc.nat(), fc.nat(), (made, a, b, c) => {
      const all = [...history(made)];
      const stoppedAt = a % (all.length + 1);
      const flushedAt = b % (stoppedAt + 1);
      const watermark = c % (flushedAt + 1);
      const state = withShadow(TIGHT_RULES);
      const set = { ...shadowSet(TIGHT_RULES), status: "applied" as const };
      let flushed = stateText(state);
      const decisions: Decision[] = [];
      for (const [i, candidate] of all.slice(0, stoppedAt).entries()) {
        decisions.push(foldCandidate(state, candidate));
        if (i + 1 === flushedAt) flushed = stateText(state);
      }
      const restored = freshRealm();
      for (const [key, value] of flushed) cacheSpec.load(restored, key, value);
      if (watermark === 0) evolveCommand(restored, set);
      for (const decision of decisions.slice(watermark)) evolve(restored, decision);
      for (const candidate of all.slice(stoppedAt)) foldCandidate(restored, candidate);
      expect(countsOf(restored).candidates).toBe(flushedAt + all.length - stoppedAt);
    }),
  );
});

test("a shadow that fails is counted, and the realm's own decisions stand", () => {
  const state = withShadow(TIGHT_RULES);
  const alone = freshRealm();
  const all = [...history(fc.sample(actions(20), { numRuns: 1, seed: 3 })[0]!)];
  const decided = all.map((candidate, i) => {
    if (i === 1)
      state.shadow.running!.judge!.candidate = () => {
        throw new Error("broken");
      };
    return JSON.stringify(foldCandidate(state, candidate));
  });
  expect(decided).toEqual(all.map((candidate) => JSON.stringify(foldCandidate(alone, candidate))));
  expect(countsOf(state)).toMatchObject({ candidates: 1, errors: all.length - 1 });
});

test("a cleared shadow stays cleared when its commands are folded again", () => {
  const state = withShadow(TIGHT_RULES);
  const clear = command("shadow.clear", {}, { atMs: START_MS, seq: 5 });
  foldCommand(state, clear);
  const text = cacheSpec.entry(state, "r.shadow")!.value;
  expect(text).toBe('{"through":5}');
  const restored = freshRealm();
  cacheSpec.load(restored, "r.shadow", text);
  evolveCommand(restored, { ...shadowSet(TIGHT_RULES), status: "applied" });
  evolveCommand(restored, { ...clear, status: "applied" });
  expect(restored.shadow).toEqual({ through: 5, running: undefined });
});

test("what only the shadow holds in quarantine expires, so it doesn't fill up; and its memory is swept", () => {
  const suspicious = OTHERS[3]!;
  const state = withShadow(suspicious);
  const waits = Array.from({ length: 60 }, (_, i) => ({ ...FIRST, key: i, waitMs: 5 * 3_600_000 }));
  for (const candidate of history(waits)) foldCandidate(state, candidate);
  const { shadow } = countsOf(state);
  expect(shadow.quarantined.fingerprint).toBeGreaterThan(4);
  const { state: own } = state.shadow.running!.judge!;
  expect(own.openTotal).toBeLessThanOrEqual(2);
  takeChanged(state);
  const atMs = START_MS + 100 * 86_400_000;
  for (let i = 0; i < 10; i++) {
    own.players.sweep(atMs);
    state.players.sweep(atMs);
  }
  // All but the one that was asked for last.
  expect([own.players.size, state.players.size, own.changed.size]).toEqual([1, 1, 0]);
});
