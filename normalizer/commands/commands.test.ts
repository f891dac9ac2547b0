import { describe, expect, test } from "vitest";
import type { Quarantined } from "../../shared/contracts/decision.ts";
import { cacheSpec } from "../cache.ts";
import { foldCandidate, foldCommand } from "../core.ts";
import { evolve } from "../judge/evolve.ts";
import { judgeCommand } from "../judge/fold.ts";
import { initialState } from "../state/initial-state.ts";
import type { NormalizerState } from "../state/state.ts";
import { candidate, command, freshRealm, RULES, START_MS, stateText } from "../testing/builders.ts";

const DAY = 86_400_000;

test.each([
  ["tick.run", {}],
  ["realm.status", { status: "maintenance" }],
  ["ruleset.set", { ruleset: RULES }],
  ["shadow.set", { ruleset: RULES }],
  ["shadow.clear", {}],
] as const)("%s is not a player's to say", (kind, payload) => {
  const state = freshRealm();
  const asked = command(kind, payload as never, { atMs: START_MS, seq: 1, actor: "player" });
  expect(foldCommand(state, asked).command).toMatchObject({ status: "refused", reason: "not_allowed" });
});

test.each([
  ["has no payload", { payload: undefined }, "TypeError"],
  ["is of a later release", { kind: "realm.rename" }, "realm.rename"],
])("a command that %s is refused with the error, and what follows is decided", (_what, change, error) => {
  const state = freshRealm();
  const asked = command("member.join", { user: "ada", faction: "empire" }, { atMs: START_MS, seq: 1 });
  const poison = { ...asked, ...change } as unknown as typeof asked;
  for (const fold of [foldCommand, judgeCommand]) {
    const { command: decided } = fold(state, poison);
    expect(decided.status).toBe("refused");
    expect(decided.reason).toMatch(new RegExp(`^(stage_error: .*${error}|duplicate$)`));
  }
  expect(foldCommand(state, { ...asked, command_id: "b".repeat(26), source_seq: 2 }).command.status).toBe(
    "applied",
  );
});

describe("review", () => {
  /** A realm with one event of ada's in quarantine, by its fingerprint. */
  function suspected() {
    const state = freshRealm();
    let last: Quarantined | undefined;
    for (let i = 0; i < 6; i++) {
      const atMs = START_MS + i * 300_000 + i * i * 1_000;
      const decision = foldCandidate(state, candidate({ atMs, seq: i + 1 }, { base_points: 50 }));
      if (decision.validity_status === "quarantined") last = decision;
    }
    return { state, quarantined: JSON.parse(JSON.stringify(last)) as Quarantined };
  }
  const review = (
    state: NormalizerState,
    kind: "review.release" | "review.reject",
    decision: Quarantined,
    seq: number,
    actor: "gm" | "system" = "gm",
  ) =>
    foldCommand(
      state,
      command(
        kind,
        { event: decision.event_id, decision: { ...decision } },
        { atMs: START_MS + DAY, seq, actor },
      ),
    );

  test("a release counts once, with the factors of its time, and the first review wins", () => {
    const { state, quarantined } = suspected();
    const before = state.players.get("ada")!.lists().days.at(-1)!;
    const first = review(state, "review.release", quarantined, 10);
    expect(first.decision).toMatchObject({
      event_id: quarantined.event_id,
      validity_status: "accepted",
      reason: "released",
      factors: quarantined.factors,
      source_seq: 10,
    });
    expect(first.decision!.normalized_points).toBeGreaterThan(0);
    expect(
      state.players
        .get("ada")!
        .lists()
        .today.sources.reduce((a, b) => a + b),
    ).toBe(first.decision!.normalized_points);
    expect(before).toBeGreaterThan(0);
    expect(review(state, "review.reject", quarantined, 11).command.reason).toBe("already_reviewed");
    expect(review(state, "review.release", quarantined, 12).decision).toBeUndefined();
    expect(state.openTotal).toBe(0);
  });

  test("a reject counts never, and says whether a person or the calendar spoke", () => {
    const byPerson = suspected();
    expect(review(byPerson.state, "review.reject", byPerson.quarantined, 10).decision).toMatchObject({
      validity_status: "rejected",
      reason: "review_rejected",
      normalized_points: 0,
    });
    const byTime = suspected();
    expect(review(byTime.state, "review.reject", byTime.quarantined, 10, "system").decision!.reason).toBe(
      "review_expired",
    );
  });

  test.each([
    ["another event", { event_id: "b".repeat(26) }, "unknown_event"],
    ["more points", { base_points: 120 }, "decision_mismatch"],
    ["points as text", { base_points: "50" }, "decision_mismatch"],
    [
      "a better quality",
      { factors: { quality_bp: 15_000, anti_spam_bp: 10_000, fairness_bp: 10_000 } },
      "decision_mismatch",
    ],
    ["another user", { user_id: "bo" }, "decision_mismatch"],
  ])("a review that embeds %s is refused", (_what, change, refusal) => {
    const { state, quarantined } = suspected();
    const forged = { ...quarantined, ...change } as Quarantined;
    expect(review(state, "review.release", forged, 10)).toEqual({
      command: expect.objectContaining({ status: "refused", reason: refusal }),
    });
  });

  test("what the embedded decision says besides is not taken over", () => {
    const { state, quarantined } = suspected();
    const padded = { ...quarantined, normalized_points: 9e9, extra: "field" } as Quarantined;
    const { decision } = review(state, "review.release", padded, 10);
    expect(decision).not.toHaveProperty("extra");
    expect(decision!.normalized_points).toBeLessThan(400_000);
  });

  test("the key of an event that waits is known beyond 25 h: it neither counts before its review nor waits twice", () => {
    const { state, quarantined } = suspected();
    const again = (hours: number, seq: number) => {
      const place = { atMs: START_MS + hours * 3_600_000, seq };
      return foldCandidate(state, candidate(place, { idempotency_key: quarantined.idempotency_key }));
    };
    expect(again(26, 10).reason).toBe("key_conflict");
    expect(again(6 * 24, 11).reason).toBe("key_conflict");
    expect(review(state, "review.release", quarantined, 12).decision).toMatchObject({ reason: "released" });
  });

  test("an event that an older log quarantined twice is one open event", () => {
    const { state, quarantined } = suspected();
    evolve(state, { ...quarantined, source_seq: 10 });
    expect([state.openTotal, state.open.get("ada")]).toEqual([1, 1]);
    review(state, "review.release", quarantined, 11);
    expect([state.openTotal, state.open.get("ada")]).toEqual([0, undefined]);
  });

  test.each(["review.release", "review.reject"] as const)(
    "after a %s the key doesn't count again, for as long as the review is known",
    (kind) => {
      const { state, quarantined } = suspected();
      review(state, kind, quarantined, 10);
      const again = (days: number, seq: number) => {
        const place = { atMs: START_MS + days * DAY, seq };
        return foldCandidate(state, candidate(place, { idempotency_key: quarantined.idempotency_key }));
      };
      expect(again(2, 11).reason).toBe("key_conflict");
      expect(again(15, 12).reason).toBe("key_conflict");
      expect(again(16, 13).validity_status).toBe("accepted");
    },
  );

  test("of what a review closes first after a restart, KV keeps the entry for weeks and not for ever", () => {
    const { state, quarantined } = suspected();
    const again = initialState("r");
    for (const [key, text] of stateText(state)) cacheSpec.load(again, key, text);
    review(again, "review.reject", quarantined, 10);
    const { ttlSeconds } = cacheSpec.entry(again, `q.${quarantined.event_id}`)!;
    expect(ttlSeconds).toBeGreaterThan((14 * DAY) / 1_000);
    expect(ttlSeconds).toBeLessThan((30 * DAY) / 1_000);
  });

  test("a player reviews nothing, and what they asked for stays open", () => {
    const { state, quarantined } = suspected();
    const payload = { event: quarantined.event_id, decision: { ...quarantined } };
    const asked = command("review.release", payload, { atMs: START_MS + DAY, seq: 10, actor: "player" });
    expect(foldCommand(state, asked)).toEqual({
      command: expect.objectContaining({ status: "refused", reason: "not_allowed" }),
    });
    expect(state.openTotal).toBe(1);
  });

  test("a release when the season is over is refused, and the event stays open", () => {
    const { state, quarantined } = suspected();
    foldCommand(state, command("realm.status", { status: "season_end" }, { atMs: START_MS + DAY, seq: 9 }));
    expect(review(state, "review.release", quarantined, 10).command.reason).toBe("realm_closed");
    expect(state.openTotal).toBe(1);
  });
});
