/**
 * A game master's review of a quarantined event. The first review wins. A release is decided against today's counters, skipping the
 * checks that caught it, and counts in the next tick; history is never rewritten.
 */

import { z } from "zod";
import type { ValidCandidate } from "../../shared/contracts/candidate.ts";
import { Candidate } from "../../shared/contracts/candidate.ts";
import type { ValidCommand } from "../../shared/contracts/command.ts";
import type { Decision } from "../../shared/contracts/decision.ts";
import { timeMs } from "../../shared/exact/time.ts";
import { refusalReason } from "../../shared/judgement/refusal.ts";
import { released } from "../judge/decide.ts";
import { quarantineHash } from "../state/fingerprints.ts";
import { type NormalizerState, rulesOf } from "../state/state.ts";

export type Review = Extract<ValidCommand, { kind: "review.release" | "review.reject" }>;

/** The parts of the embedded decision that a review needs: the candidate and its factors, all of them checked. */
const Embedded = z.object({
  ...Candidate.shape,
  factors: z.object({ quality_bp: z.int(), anti_spam_bp: z.int(), fairness_bp: z.int() }),
  daily_cap_bucket: z.iso.date(),
  ruleset_version: z.int(),
});

/**
 * Refused as `unknown_event`, `already_reviewed`, `decision_mismatch` (what the command embeds is not what was quarantined), or for
 * what refuses any candidate: `realm_closed`, `unknown_*`, `banned`, `faction_mismatch`.
 */
export function decideReview(
  state: NormalizerState,
  command: Review,
): { refusal: string } | { decision: Decision } {
  const { event } = command.payload;
  const entry = state.quarantine.get(event);
  if (entry === undefined) return { refusal: "unknown_event" };
  if (entry.closed === 1) return { refusal: "already_reviewed" };
  const embedded = Embedded.safeParse(command.payload.decision);
  if (!embedded.success || quarantineHash(embedded.data) !== entry.hash)
    return { refusal: "decision_mismatch" };

  const { received_at, source_seq } = command;
  const { factors, daily_cap_bucket, ruleset_version, ...asked } = embedded.data;
  const candidate: ValidCandidate = { ...asked, event_id: event, received_at, source_seq };
  if (command.kind === "review.reject") {
    const reason =
      command.actor.type !== "system"
        ? "review_rejected"
        : command.payload.gave_way === 1
          ? "gave_way"
          : "review_expired";
    const judged = { factors, normalized_points: 0, clipped: [], daily_cap_bucket, ruleset_version };
    return { decision: { ...candidate, ...judged, validity_status: "rejected", reason } };
  }
  const member = state.members.get(candidate.user_id);
  const refusal = refusalReason(rulesOf(state), member, candidate, timeMs(received_at));
  return refusal === undefined ? { decision: released(state, candidate, factors) } : { refusal };
}
