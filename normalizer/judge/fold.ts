/** One judgement: a candidate or command is decided under a state's rules, and that state moves on. Pure. */

import type { ValidCandidate } from "../../shared/contracts/candidate.ts";
import type { ValidCommand } from "../../shared/contracts/command.ts";
import type { Decision } from "../../shared/contracts/decision.ts";
import { CacheUnusable } from "../../shared/stage/cache-unusable.ts";
import { decideCommand } from "../commands/commands.ts";
import type { EntryStore } from "../state/entry-store.ts";
import type { Decided, NormalizerState } from "../state/state.ts";
import { decide, poisoned } from "./decide.ts";
import { evolve, evolveCommand } from "./evolve.ts";

/** Decides a candidate and moves the state on. A candidate that makes the core throw is quarantined and blocks no other. */
export function judgeCandidate(state: NormalizerState, candidate: ValidCandidate): Decision {
  const decision = judged(state, candidate);
  evolve(state, decision);
  sweep(state, candidate.source_seq);
  return decision;
}

/**
 * A few entries are swept now and then, and two more where a candidate added one: cold entries are dropped at least as fast as new
 * ones are added, even where every candidate is refused. The sweep returns to each entry again and again.
 */
function sweep(state: NormalizerState, turn: number): void {
  const { players, devices, sessions, nowMs } = state;
  sweepGrown(players, nowMs);
  sweepGrown(devices, nowMs);
  sweepGrown(sessions, nowMs);
  if (turn % 4 === 0) players.sweep(nowMs);
  else if (turn % 4 === 2) devices.sweep(nowMs);
  else if (turn % 4 === 3) sessions.sweep(nowMs);
  else if (turn % 32 === 1) state.quarantine.sweep(nowMs);
}

function sweepGrown(shelf: EntryStore<object>, nowMs: number): void {
  if (!shelf.takeGrown()) return;
  shelf.sweep(nowMs);
  shelf.sweep(nowMs);
}

function judged(state: NormalizerState, candidate: ValidCandidate): Decision {
  try {
    return decide(state, candidate);
  } catch (error) {
    if (error instanceof CacheUnusable) throw error; // Nothing is wrong with the candidate.
    return poisoned(state, candidate, error);
  }
}

/** The answer to a command; a command that makes the core throw is refused with the error. */
export function answered(state: NormalizerState, command: ValidCommand): Decided {
  try {
    return decideCommand(state, command);
  } catch (error) {
    if (error instanceof CacheUnusable) throw error;
    const reason = `stage_error: ${error}`.slice(0, 512);
    return { command: { ...command, status: "refused", reason } };
  }
}

/** Decides a command and moves the state on; a review adds the decision on its event. */
export function judgeCommand(state: NormalizerState, command: ValidCommand): Decided {
  const decided = answered(state, command);
  evolveCommand(state, decided.command);
  if (decided.decision !== undefined) evolve(state, decided.decision);
  return decided;
}
