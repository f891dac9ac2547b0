/** Normalizer as a stage: bundles of VALID in, decisions on EVENTS out. */

import type { ValidCommand } from "../shared/contracts/command.ts";
import type { Accepted, Decision, Quarantined } from "../shared/contracts/decision.ts";
import type { OutputBatch } from "../shared/stage/output-batch.ts";
import type { Stage } from "../shared/stage/stage.ts";
import { candidatesIn, commandsIn, decidedIn, decisionsOf } from "../shared/stream/bodies.ts";
import { flatBodies, textOf, withFields } from "../shared/stream/codec.ts";
import type { Input } from "../shared/stream/reader.ts";
import { eventsStream, subjects, validStream } from "../shared/stream/subjects.ts";
import { assertEngine } from "../shared/world/engine.ts";
import { cacheSpec } from "./cache.ts";
import { foldCandidate, foldCommand } from "./core.ts";
import { evolve, evolveCommand } from "./judge/evolve.ts";
import { showShadow } from "./shadow/shadow-metrics.ts";
import { initialState } from "./state/initial-state.ts";
import type { NormalizerState } from "./state/state.ts";

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
        for (const command of decidedIn(message, state.realm)) {
          assertEngineOf(state.realm, command);
          evolveCommand(state, command);
        }
      else for (const decision of decisionsOf(message, state.realm)) evolve(state, decision);
    },
  },

  step(state: NormalizerState, input: Input, draft: OutputBatch): boolean {
    const { realm } = state;
    if (input.subject === subjects.validCommand(realm)) {
      for (const command of commandsIn(input, realm)) {
        assertEngineOf(realm, command);
        const decided = foldCommand(state, command);
        draft.body(subjects.command(realm), JSON.stringify(decided.command));
        draft.count("command", decided.command.status);
        if (decided.decision !== undefined) write(decided.decision, realm, draft);
      }
      return true;
    }
    const bundle = textOf(input.data);
    const candidates = candidatesIn(input, realm, bundle);
    const texts = flatBodies(bundle, candidates.length);
    for (let n = 0; n < candidates.length; n++) {
      const decision = foldCandidate(state, candidates[n]!);
      write(decision, realm, draft, texts?.[n]);
    }
    return true;
  },

  duties: ({ state, signal }) => showShadow(state, signal),
};

/** A node of another release may have let a ruleset through that this one doesn't have the rules for. */
function assertEngineOf(realm: string, { kind, payload }: ValidCommand): void {
  if (kind === "ruleset.set" || kind === "shadow.set") assertEngine(realm, payload.ruleset);
}

/** `candidate`: the text of the decided candidate, where it is at hand. */
function write(decision: Decision, realm: string, draft: OutputBatch, candidate?: string): void {
  const text =
    candidate === undefined ? JSON.stringify(decision) : withFields(candidate, verdictOf(decision));
  draft.body(SUBJECT_OF[decision.validity_status](realm), text);
  draft.count(
    decision.validity_status,
    decision.reason ?? (decision.clipped.length > 0 ? "clipped" : "whole"),
  );
  for (const cut of decision.clipped) draft.clip(cut.by, cut.points);
}

/** What a decision says besides its candidate; what is undefined, JSON leaves out. */
function verdictOf(decision: Decision): object {
  const { factors, normalized_points, clipped, daily_cap_bucket, ruleset_version } = decision;
  const { explain, mean, heat, validity_status, reason } = decision;
  const { campaign_first, binds } = validity_status === "accepted" ? decision : ({} as Partial<Accepted>);
  const { error, standing } = validity_status === "quarantined" ? decision : ({} as Partial<Quarantined>);
  const judgement = { factors, normalized_points, clipped, daily_cap_bucket, ruleset_version };
  return {
    ...judgement,
    explain,
    mean,
    heat,
    validity_status,
    reason,
    campaign_first,
    binds,
    standing,
    error,
  };
}
