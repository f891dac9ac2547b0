/**
 * The normalizer's whole core: valid candidates and commands in, decisions out, and the state that follows. Pure. A shadow's rules
 * judge beside the realm's where there are any; the decisions and the realm's own state are the same as without them.
 */

import type { ValidCandidate } from "../shared/contracts/candidate.ts";
import type { ValidCommand } from "../shared/contracts/command.ts";
import type { Decision } from "../shared/contracts/decision.ts";
import { judgeCandidate, judgeCommand } from "./judge/fold.ts";
import { compareCandidate, compareReview, shadowCandidate, shadowReview } from "./shadow/shadow.ts";
import type { Decided, NormalizerState } from "./state/state.ts";

/** Decides a candidate and moves the state on. A candidate that makes the core throw is quarantined and blocks no other. */
export function foldCandidate(state: NormalizerState, candidate: ValidCandidate): Decision {
  if (state.shadow.running === undefined) return judgeCandidate(state, candidate);
  // The shadow judges before the realm's own state moves on.
  const other = shadowCandidate(state, state.shadow.running, candidate);
  const decision = judgeCandidate(state, candidate);
  if (other !== undefined) compareCandidate(state, state.shadow.running, decision, other);
  return decision;
}

/** Decides a command and moves the state on; a review adds the decision on its event. */
export function foldCommand(state: NormalizerState, command: ValidCommand): Decided {
  const { running } = state.shadow;
  if (running === undefined || (command.kind !== "review.release" && command.kind !== "review.reject"))
    return judgeCommand(state, command);
  const other = shadowReview(state, running, command);
  const decided = judgeCommand(state, command);
  if (other !== undefined) compareReview(state, running, decided, other);
  return decided;
}
