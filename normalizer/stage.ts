/** Normalizer as a stage: frames of VALID in, decisions on EVENTS out. */
import { bodiesOf } from "../shared/codec.ts";
import type { ValidCandidate } from "../shared/contracts/candidate.ts";
import type { DecidedCommand, ValidCommand } from "../shared/contracts/command.ts";
import type { Decision } from "../shared/contracts/decision.ts";
import type { Input } from "../shared/reader.ts";
import type { Draft, Stage } from "../shared/stage.ts";
import { eventsStream, subjects, validStream } from "../shared/subjects.ts";
import { cacheSpec } from "./cache.ts";
import { decide, decideCommand, quarantine } from "./decide.ts";
import { evolve, evolveCommand } from "./evolve.ts";
import { initialState, type NormalizerState } from "./state.ts";

const SUBJECT_OF = {
  accepted: subjects.accepted,
  quarantined: subjects.quarantined,
  rejected: subjects.rejected,
} as const;

export const normalizerStage: Stage<NormalizerState> = {
  name: "normalizer",
  input: (realm) => ({
    stream: validStream(realm),
    subjects: [subjects.validCandidate(realm), subjects.validCommand(realm)],
  }),
  outputStream: eventsStream,

  cache: {
    spec: cacheSpec,
    initial: initialState,
    subjects: (realm) => [subjects.accepted(realm), subjects.quarantined(realm), subjects.command(realm)],
    refold(state, message) {
      if (message.subject === subjects.command(state.realm))
        for (const command of bodiesOf<DecidedCommand>(message.data)) evolveCommand(state, command);
      else for (const decision of bodiesOf<Decision>(message.data)) evolve(state, decision);
    },
  },

  step(state: NormalizerState, input: Input, draft: Draft): boolean {
    const { realm } = state;
    if (input.subject === subjects.validCommand(realm)) {
      for (const command of bodiesOf<ValidCommand>(input.data)) {
        const decided = decideCommand(state, command);
        draft.body(subjects.command(realm), JSON.stringify(decided));
        draft.count("command", decided.status);
        evolveCommand(state, decided);
      }
      return true;
    }
    for (const candidate of bodiesOf<ValidCandidate>(input.data)) {
      const decision = judge(state, candidate);
      draft.body(SUBJECT_OF[decision.validity_status](realm), JSON.stringify(decision));
      draft.count(
        decision.validity_status,
        decision.reason ?? (decision.clipped.length > 0 ? "clipped" : "whole"),
      );
      for (const cut of decision.clipped) draft.clip(cut.by, cut.points);
      evolve(state, decision);
    }
    return true;
  },
};

/** A core that throws on one input must not stop the others: that input goes to a person. */
function judge(state: NormalizerState, candidate: ValidCandidate): Decision {
  try {
    return decide(state, candidate);
  } catch (error) {
    return quarantine(state, candidate, "stage_error", error);
  }
}
