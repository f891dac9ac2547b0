/**
 * Shadow rules: they judge every candidate beside the realm's own, before the realm's state moves on, and are never applied.
 *
 * A shadow has a state of its own, forked from the realm's: of each player, device and session at the first candidate that
 * names it, of the rest at once. Membership, status and campaigns are the realm's. Counts survive a restart and may miss what
 * was judged since they were last written, but count nothing twice; the shadow's state doesn't, and is forked anew.
 */

import type { ValidCandidate } from "../../shared/contracts/candidate.ts";
import type { ValidCommand } from "../../shared/contracts/command.ts";
import type { Decision } from "../../shared/contracts/decision.ts";
import { CacheUnusable } from "../../shared/stage/cache-unusable.ts";
import { answered, foldCandidate, foldCommand } from "../core.ts";
import {
  deviceCodec,
  memberCodec,
  openEventCodec,
  playerCodec,
  sessionCodec,
} from "../state/entry-codecs.ts";
import { Borrowed, EntryStore } from "../state/entry-store.ts";
import { KnownCommands } from "../state/known-commands.ts";
import { type Decided, type Judge, type NormalizerState, rulesOf, type Shadow } from "../state/state.ts";
import { Rejudge } from "./rejudge.ts";
import { differences, tally } from "./tally.ts";

/**
 * `foldCandidate`, with the shadow beside it where there is one. The result and the realm's own state are the same as without it.
 */
export function foldCandidateBeside(state: NormalizerState, candidate: ValidCandidate): Decision {
  const { running } = state.shadow;
  if (running === undefined) return foldCandidate(state, candidate);
  const other = attempt(state, candidate.source_seq, () => {
    const judge = judgeOf(state, running);
    touch(judge.state, candidate);
    return judge.candidate(candidate);
  });
  const decision = foldCandidate(state, candidate);
  if (other !== undefined && counts(state, candidate.source_seq)) {
    const { verdict, points } = differences(decision, other);
    running.counts.candidates++;
    if (verdict) running.counts.verdict_differs++;
    if (points) running.counts.points_differ++;
    tally(running.counts.live, decision);
    tally(running.counts.shadow, other);
  }
  return decision;
}

/**
 * `foldCommand`, with the shadow beside it. Of commands only reviews concern it: it releases what it has in quarantine itself,
 * by its own factors and caps; of what it never held back, the points have long been counted.
 */
export function foldCommandBeside(state: NormalizerState, command: ValidCommand): Decided {
  const { running } = state.shadow;
  if (running === undefined || (command.kind !== "review.release" && command.kind !== "review.reject"))
    return foldCommand(state, command);
  const { decision } = answered(state, command);
  const other =
    decision &&
    attempt(state, command.source_seq, () => {
      const judge = judgeOf(state, running);
      touch(judge.state, decision);
      return judge.command(command);
    });
  if (other !== undefined && counts(state, command.source_seq) && command.kind === "review.release") {
    tally(running.counts.live, decision!);
    if (other.decision !== undefined) tally(running.counts.shadow, other.decision);
  }
  return foldCommand(state, command);
}

/** Whether something is to be counted, which happens once; from then on it isn't. */
function counts({ shadow, changed }: NormalizerState, source_seq: number): boolean {
  if (shadow.through >= source_seq) return false;
  shadow.through = source_seq;
  changed.add("r.shadow");
  return true;
}

/** Errors of the shadow stay in the shadow: the realm's own decisions never depend on it. */
function attempt<Answer>(
  state: NormalizerState,
  source_seq: number,
  judge: () => Answer,
): Answer | undefined {
  try {
    return judge();
  } catch (error) {
    if (error instanceof CacheUnusable) throw error; // It is the realm's own entries that can't be read.
    if (counts(state, source_seq)) state.shadow.running!.counts.errors++;
    return undefined;
  }
}

function judgeOf(state: NormalizerState, running: Shadow): Judge {
  running.judge ??= new Rejudge(fork(state, running.ruleset));
  const { status, season_closed, campaigns } = rulesOf(state);
  Object.assign(running.judge.state.rules!, { status, season_closed, campaigns });
  return running.judge;
}

/**
 * Copies what a candidate names before the realm's own decision changes it. What was asked for last isn't swept: an entry
 * dropped now would start anew from what the realm makes of it.
 */
function touch(
  { players, devices, sessions }: NormalizerState,
  { user_id, device_id, session_id }: ValidCandidate,
): void {
  players.get(user_id);
  if (device_id !== undefined) devices.get(device_id);
  if (session_id !== undefined) sessions.get(session_id);
}

/** A state under other rules that starts from this one. Open events of the quarantine, some thousands at most, come along. */
function fork(state: NormalizerState, ruleset: Shadow["ruleset"]): NormalizerState {
  const rules = rulesOf(state);
  const { version } = rules;
  const quarantine = new EntryStore("q.", openEventCodec);
  for (const id of state.quarantine.ids())
    if (state.quarantine.get(id)?.closed === 0) quarantine.load(id, state.quarantine.text(id)!);
  return {
    realm: state.realm,
    rules: {
      ...rules,
      ruleset,
      judgements: [{ version, judgement: ruleset.judgement }],
      councils: [],
    },
    week: structuredClone(state.week),
    players: new EntryStore("u.", playerCodec, state.players),
    devices: new EntryStore("d.", deviceCodec, state.devices),
    sessions: new EntryStore("s.", sessionCodec, state.sessions),
    members: new Borrowed(state.members, memberCodec),
    quarantine,
    commands: new KnownCommands(),
    shadow: { through: 0, running: undefined },
    open: new Map(state.open),
    openTotal: state.openTotal,
    nowMs: state.nowMs,
    changed: new Set(),
  };
}
