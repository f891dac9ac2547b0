/** The simulator's whole core: a message of EVENTS in, and at a tick marker a tick out. Stage and replay both run it. */
import { bodiesOf, textOf } from "../shared/codec.ts";
import type { DecidedCommand } from "../shared/contracts/command.ts";
import type { Accepted } from "../shared/contracts/decision.ts";
import { TickMarker, type WorldSnapshot, type WorldState } from "../shared/contracts/world.ts";
import { assertEngine } from "../shared/engine.ts";
import type { Input } from "../shared/reader.ts";
import { RealmRefused } from "../shared/stage.ts";
import { subjects } from "../shared/subjects.ts";
import { type Folding, foldAccepted, foldCommand, openFolding } from "./fold.ts";
import { type Pressure, pressureOf, remember } from "./forecast/pressure.ts";
import { type TickResult, tick } from "./tick.ts";

export type SimulatorState = {
  realm: string;
  world: WorldState;
  /** Hashes of the last tick, which the next one names. */
  last: { record_hash: string; public_hash: string };
  /** What came since the last marker. */
  folding: Folding;
  /** Pressure of the last ticks, for forecasts: no part of the world. */
  recent: Pressure[];
  /** EVENTS sequence of the last marker; 0 before the first. */
  markerSeq: number;
  /** EVENTS sequence up to which everything is folded. */
  readSeq: number;
};

/** The subjects of EVENTS that move the world. */
export const movingSubjects = (realm: string): string[] => [
  subjects.accepted(realm),
  subjects.command(realm),
  subjects.tickMarker(realm),
];

/** The state of a committed tick. What came after it is folded again from EVENTS. */
export const stateOf = (snapshot: WorldSnapshot): SimulatorState => ({
  realm: snapshot.realm,
  world: snapshot.state,
  last: { record_hash: snapshot.record_hash, public_hash: snapshot.public_hash },
  folding: openFolding(),
  recent: [],
  markerSeq: snapshot.through_seq,
  readSeq: snapshot.through_seq,
});

export type Advance = { events: number; tick?: TickResult };

/** Folds one message and evolves the state. Throws `RealmRefused` where a marker is not the next one or an engine is missing. */
export function advance(state: SimulatorState, input: Input): Advance {
  const { realm } = state;
  state.readSeq = input.seq;
  switch (input.subject) {
    case subjects.accepted(realm): {
      const decisions = bodiesOf<Accepted>(input.data);
      for (const decision of decisions) foldAccepted(state.folding, decision);
      return { events: decisions.length };
    }
    case subjects.command(realm):
      for (const command of bodiesOf<DecidedCommand>(input.data)) {
        if (command.kind === "ruleset.set" && command.status !== "refused")
          assertEngine(realm, command.payload.ruleset);
        foldCommand(state.folding, command);
      }
      return { events: 0 };
    default:
      return { events: 0, tick: closeTick(state, input) };
  }
}

function closeTick(state: SimulatorState, input: Input): TickResult {
  const marker = TickMarker.parse(JSON.parse(textOf(input.data)));
  const next = state.world.public.tick + 1;
  if (marker.tick !== next)
    throw new RealmRefused(`the marker at ${input.seq} is of tick ${marker.tick}, not ${next}`);
  const place = {
    from_seq: state.markerSeq + 1,
    through_seq: input.seq,
    at: new Date(input.atMs).toISOString(),
  };
  const result = tick(state.world, state.folding, { ...marker, ...place }, state.last);
  state.world = result.state;
  state.last = { record_hash: result.record.hash, public_hash: result.record.public_hash };
  remember(state.recent, pressureOf(next, state.folding, result.state.private.ruleset));
  state.folding = openFolding();
  state.markerSeq = input.seq;
  return result;
}
