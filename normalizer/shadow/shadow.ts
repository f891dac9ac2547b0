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
import { answered } from "../judge/fold.ts";
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

/** The shadow's decision on a candidate that the realm's own rules are about to judge; absent where it failed. */
export const shadowCandidate = (
  state: NormalizerState,
  running: Shadow,
  candidate: ValidCandidate,
): Decision | undefined =>
  attempt(state, candidate.source_seq, () => {
    const judge = judgeOf(state, running);
    touch(judge.state, candidate);
    return judge.candidate(candidate);
  });

/** Counts the decision of the realm's rules and the other of the shadow's, once. */
export function compareCandidate(
  state: NormalizerState,
  { counts }: Shadow,
  decision: Decision,
  other: Decision,
): void {
  if (!isToCount(state, decision.source_seq)) return;
  const { verdict, points } = differences(decision, other);
  counts.candidates++;
  if (verdict) counts.verdict_differs++;
  if (points) counts.points_differ++;
  tally(counts.live, decision);
  tally(counts.shadow, other);
}

type Review = Extract<ValidCommand, { kind: "review.release" | "review.reject" }>;

/**
 * The shadow's answer to a review that the realm is about to decide. Of commands only reviews concern it: it releases what it has in
 * quarantine itself, by its own factors and caps; of what it never held back, the points have long been counted.
 */
export function shadowReview(state: NormalizerState, running: Shadow, command: Review): Decided | undefined {
  const { decision } = answered(state, command);
  return (
    decision &&
    attempt(state, command.source_seq, () => {
      const judge = judgeOf(state, running);
      touch(judge.state, decision);
      return judge.command(command);
    })
  );
}

/** Counts what a release gave by the realm's rules and by the shadow's, once. */
export function compareReview(
  state: NormalizerState,
  { counts }: Shadow,
  { command, decision }: Decided,
  other: Decided,
): void {
  if (!isToCount(state, command.source_seq) || command.kind !== "review.release") return;
  if (decision !== undefined) tally(counts.live, decision);
  if (other.decision !== undefined) tally(counts.shadow, other.decision);
}

/** Whether something is to be counted, which happens once; from then on it isn't. */
function isToCount({ shadow, changed }: NormalizerState, source_seq: number): boolean {
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
    if (isToCount(state, source_seq)) state.shadow.running!.counts.errors++;
    return undefined;
  }
}

function judgeOf(state: NormalizerState, running: Shadow): Judge {
  running.judge ??= new Rejudge(fork(state, running.ruleset));
  const { status, season_closed, season_seq, campaigns, sides, bans, voids } = rulesOf(state);
  Object.assign(running.judge.state.rules!, {
    status,
    season_closed,
    season_seq,
    campaigns,
    sides,
    bans,
    voids,
  });
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
