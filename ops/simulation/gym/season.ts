/** Plays labelled traffic into the normalizer's pure core, as EVENTS would, and keeps per account what became of it. */

import { foldCandidate } from "../../../normalizer/core.ts";
import { evolveCommand } from "../../../normalizer/judge/evolve.ts";
import { takeChanged } from "../../../normalizer/state/changed.ts";
import { initialState } from "../../../normalizer/state/initial-state.ts";
import type { Decision } from "../../../shared/contracts/decision.ts";
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import { eventId } from "../../../shared/exact/identity.ts";
import { timeText } from "../../../shared/exact/time.ts";
import type { Attack, Sending } from "./accounts.ts";
import { MINUTE_MS } from "./timing.ts";

/** An idle player is counted as playing for so long. */
const IDLE_MS = 10 * MINUTE_MS;

/** What one account did and what came of it. Points in milli-points. */
export type AccountResult = {
  attack: Attack | undefined;
  /** Final points of all its accepted events. */
  points: number;
  /** By the realm's day of play. */
  pointsByDay: Map<string, number>;
  /** Sum of the times between what it sent, each counted up to ten minutes: the engine's retries aside. */
  playMs: number;
  sent: number;
  abuses: number;
  /** Abuses that were accepted. */
  abusesAccepted: number;
  /** Events quarantined (or refused for want of room there), and rejected for velocity. */
  quarantined: number;
  velocity: number;
  /** Rejected for another reason than speed, the engine's own retries aside: keys that came again. */
  replays: number;
  reasons: Map<string, number>;
};

const newOutcome = (attack: Attack | undefined): AccountResult => ({
  attack,
  points: 0,
  pointsByDay: new Map(),
  playMs: 0,
  sent: 0,
  abuses: 0,
  abusesAccepted: 0,
  quarantined: 0,
  velocity: 0,
  replays: 0,
  reasons: new Map(),
});

/** Outcomes by the account's index. Accounts that sent nothing are absent. */
export function play(
  realm: string,
  ruleset: Ruleset,
  traffic: Iterable<Sending>,
): Map<number, AccountResult> {
  const state = initialState(realm);
  const outcomes = new Map<number, AccountResult>();
  const lastMs = new Map<number, number>();
  let seq = 0;
  for (const { atMs, account, candidate, nature } of traffic) {
    const received_at = timeText(atMs);
    if (seq === 0) evolveCommand(state, firstRuleset(realm, ruleset, received_at));
    const decision = foldCandidate(state, {
      ...candidate,
      event_id: eventId(realm, candidate.user_id, candidate.idempotency_key),
      received_at,
      source_seq: ++seq,
    });
    let outcome = outcomes.get(account.index);
    if (outcome === undefined) {
      outcome = newOutcome(account.attack);
      outcomes.set(account.index, outcome);
    }
    if (nature !== "retry") {
      const sinceMs = atMs - (lastMs.get(account.index) ?? Number.NEGATIVE_INFINITY);
      outcome.playMs += Math.min(IDLE_MS, sinceMs);
      lastMs.set(account.index, atMs);
    }
    count(outcome, decision, nature);
    // Written entries would go to KV; what is laid down as text is what a restart finds.
    takeChanged(state);
  }
  return outcomes;
}

function count(outcome: AccountResult, decision: Decision, nature: Sending["nature"]): void {
  const { validity_status, reason, normalized_points, daily_cap_bucket } = decision;
  outcome.sent++;
  if (nature === "abuse") {
    outcome.abuses++;
    if (validity_status === "accepted") outcome.abusesAccepted++;
  }
  if (validity_status === "accepted") {
    outcome.points += normalized_points;
    outcome.pointsByDay.set(
      daily_cap_bucket,
      (outcome.pointsByDay.get(daily_cap_bucket) ?? 0) + normalized_points,
    );
    return;
  }
  if (validity_status === "quarantined" || reason === "quarantine_full") outcome.quarantined++;
  else if (reason?.startsWith("velocity_")) outcome.velocity++;
  else if (nature !== "retry") outcome.replays++;
  outcome.reasons.set(reason!, (outcome.reasons.get(reason!) ?? 0) + 1);
}

/** The command that every realm begins with. */
export const firstRuleset = (realm: string, ruleset: Ruleset, received_at: string) => ({
  v: 1 as const,
  idempotency_key: "first-ruleset",
  realm_id: realm,
  actor: { type: "system" as const, id: "gym" },
  kind: "ruleset.set" as const,
  payload: { ruleset },
  command_id: "first-ruleset",
  received_at,
  source_seq: 0,
  status: "applied" as const,
  ruleset_version: 1,
});
