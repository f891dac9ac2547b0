/** The simulator's whole core: a message of EVENTS in, and at a tick marker a tick out. Stage and replay both run it. */

import { ENGINE } from "../shared/contracts/ruleset.ts";
import { HandoverHead, type WorldSnapshot, type WorldState } from "../shared/contracts/world.ts";
import { ForeignMessage } from "../shared/stage/refusal.ts";
import { decisionsIn, jsonOf, markerIn, movingCommandsIn } from "../shared/stream/bodies.ts";
import type { Input } from "../shared/stream/reader.ts";
import { subjects } from "../shared/stream/subjects.ts";
import { assertEngine } from "../shared/world/engine.ts";
import { type PointsSample, pointsSampleOf, remember } from "./forecast/pressure.ts";
import { engineOf } from "./steps/convert-engine.ts";
import { lastOrdinary } from "./steps/elapsed.ts";
import { type Folding, foldAccepted, foldCommand, foldWaiting, openFolding, waiting } from "./steps/fold.ts";
import { tick } from "./tick.ts";
import type { TickResult } from "./tick-result.ts";

export type SimulatorState = {
  realm: string;
  world: WorldState;
  /** Hashes of the last tick, which the next one names. */
  last: { record_hash: string; public_hash: string };
  /** What came since the last marker, and what waits since before it. */
  folding: Folding;
  /** Pressure of the last ticks, for forecasts: no part of the world. */
  recent: PointsSample[];
  /** EVENTS sequence of the last marker; 0 before the first. */
  markerSeq: number;
  /** EVENTS sequence from which accepted events belong to the next tick that counts any. */
  fromSeq: number;
  /** EVENTS sequence up to which everything is folded. */
  readSeq: number;
  /** Whether this engine plays the next marker: the world is its own, or was handed over to it. */
  plays: boolean;
};

/** The subjects of EVENTS that move the world. */
export const movingSubjects = (realm: string): string[] => [
  subjects.accepted(realm),
  subjects.command(realm),
  subjects.handover(realm),
  subjects.tickMarker(realm),
];

/**
 * The state of a committed tick. What came after it is folded again from EVENTS, and after a tick of kind `status` what waits since
 * before it: see `firstSeqOf`.
 */
export const stateOf = (snapshot: WorldSnapshot): SimulatorState => ({
  realm: snapshot.realm,
  world: snapshot.state,
  last: { record_hash: snapshot.record_hash, public_hash: snapshot.public_hash },
  folding: openFolding(),
  recent: [],
  markerSeq: snapshot.through_seq,
  fromSeq: firstSeqOf(snapshot),
  readSeq: snapshot.through_seq,
  plays: engineOf(snapshot.state) === ENGINE,
});

/** The EVENTS sequence from which `advance` needs what a snapshot doesn't have. */
export const firstSeqOf = ({ through_seq, waiting_from_seq }: WorldSnapshot): number =>
  waiting_from_seq ?? through_seq + 1;

export type Advance = { events: number; tick?: TickResult };

/**
 * Folds one message and evolves the state. Of those up to the state's own marker only what waits since before it counts.
 * Throws `RealmRefused` where a marker is not the next one or an engine is missing.
 */
export function advance(state: SimulatorState, input: Input): Advance {
  const { realm } = state;
  const isPast = input.seq <= state.markerSeq;
  if (!isPast) state.readSeq = input.seq;
  switch (input.subject) {
    case subjects.accepted(realm): {
      const decisions = decisionsIn(input, realm, "accepted");
      for (const decision of decisions) foldAccepted(state.folding, decision);
      return { events: decisions.length };
    }
    case subjects.command(realm):
      for (const command of movingCommandsIn(input, realm)) {
        if (command.kind === "ruleset.set" && command.status !== "refused")
          assertEngine(realm, command.payload.ruleset);
        if (isPast) foldWaiting(state.folding, command);
        else foldCommand(state.folding, command);
      }
      return { events: 0 };
    case subjects.handover(realm):
      if (!isPast) takeOver(state, input);
      return { events: 0 };
    default:
      return isPast ? { events: 0 } : closeTick(state, input);
  }
}

/** An earlier engine's last state. Throws `RealmRefused` where it is not the one that stands here. */
function takeOver(state: SimulatorState, input: Input): void {
  const { engine, record } = HandoverHead.parse(jsonOf(input));
  assertEngine(state.realm, { engine });
  if (record.hash !== state.last.record_hash)
    throw new ForeignMessage(
      input,
      `it is a handover of tick ${record.tick} with the hash ${record.hash}, but the last tick's is ${state.last.record_hash}`,
    );
  state.plays = engine === ENGINE;
}

function closeTick(state: SimulatorState, input: Input): Advance {
  const marker = markerIn(input, state.realm);
  const next = state.world.public.tick + 1;
  if (marker.tick !== next)
    throw new ForeignMessage(input, `it is the marker of tick ${marker.tick}, not ${next}`);
  state.markerSeq = input.seq;
  // An earlier engine wrote it and died before it had played it: what came before belongs to the tick after the handover.
  if (!state.plays) return { events: 0 };
  const place = {
    from_seq: state.fromSeq,
    through_seq: input.seq,
    at: new Date(input.atMs).toISOString(),
  };
  const follows = lastOrdinary(state.world);
  const result = tick(state.world, state.folding, { ...marker, ...place }, state.last);
  state.world = result.state;
  state.last = { record_hash: result.record.hash, public_hash: result.record.public_hash };
  if (marker.kind === "status") state.folding = waiting(state.folding);
  else {
    remember(state.recent, pointsSampleOf(next, state.folding, result.state.private.ruleset), follows);
    state.folding = openFolding();
    state.fromSeq = input.seq + 1;
  }
  return { events: 0, tick: result };
}
