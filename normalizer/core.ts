/** The normalizer's whole core: what came through the gate in, decisions out, the state moved on by them. Pure. */
import type { ValidCandidate } from "../shared/contracts/candidate.ts";
import type { ValidCommand } from "../shared/contracts/command.ts";
import type { Decision } from "../shared/contracts/decision.ts";
import { type Decided, decideCommand } from "./commands.ts";
import { decide, poisoned } from "./decide.ts";
import { evolve, evolveCommand } from "./evolve.ts";
import type { NormalizerState } from "./state.ts";

/** Decides a candidate and moves the state on. A candidate that makes the core throw goes to a person and stops nobody. */
export function foldCandidate(state: NormalizerState, candidate: ValidCandidate): Decision {
  const decision = judged(state, candidate);
  evolve(state, decision);
  sweepOne(state, candidate.source_seq);
  return decision;
}

/** One look at one entry now and then: each comes by again and again, and none is waited for. */
function sweepOne(state: NormalizerState, turn: number): void {
  if (turn % 4 !== 0) return;
  const shelves = [state.players, state.devices, state.sessions, state.quarantine];
  shelves[(turn / 4) % shelves.length]!.sweep(state.nowMs);
}

function judged(state: NormalizerState, candidate: ValidCandidate): Decision {
  try {
    return decide(state, candidate);
  } catch (error) {
    return poisoned(state, candidate, error);
  }
}

/** Decides a command and moves the state on; a review brings the decision on its event along. */
export function foldCommand(state: NormalizerState, command: ValidCommand): Decided {
  const decided = decideCommand(state, command);
  evolveCommand(state, decided.command);
  if (decided.decision !== undefined) evolve(state, decided.decision);
  return decided;
}
