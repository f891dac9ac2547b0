/** Judges a realm's candidates again under other rules, for a shadow and for a back-test. */
import type { ValidCandidate } from "../../shared/contracts/candidate.ts";
import type { ValidCommand } from "../../shared/contracts/command.ts";
import type { Decision, Quarantined } from "../../shared/contracts/decision.ts";
import { timeMs } from "../../shared/exact/time.ts";
import { DAY_MS } from "../../shared/judgement/day.ts";
import { judgeCandidate, judgeCommand } from "../judge/fold.ts";
import { takeChanged } from "../state/changed.ts";
import { type Decided, type Judge, type NormalizerState, rulesOf } from "../state/state.ts";

export class Rejudge implements Judge {
  readonly state: NormalizerState;
  /** Events that these rules hold in quarantine, oldest first, within the rules' own bound. */
  readonly #held = new Map<string, Quarantined>();

  /** `state`: a state of its own, under the other rules. */
  constructor(state: NormalizerState) {
    this.state = state;
  }

  candidate(candidate: ValidCandidate): Decision {
    this.#expire(candidate);
    const decision = judgeCandidate(this.state, candidate);
    if (decision.validity_status === "quarantined") this.#held.set(decision.event_id, decision);
    this.#settle();
    return decision;
  }

  /**
   * A review embeds the decision of the realm's own rules; here it applies to the decision of these rules. Where they don't hold
   * the event in quarantine the review is refused: `unknown_event` or `already_reviewed`.
   */
  command(command: ValidCommand): Decided {
    const decided = judgeCommand(this.state, this.#asJudgedHere(command));
    this.#settle();
    return decided;
  }

  #asJudgedHere(command: ValidCommand): ValidCommand {
    if (command.kind !== "review.release" && command.kind !== "review.reject") return command;
    const decision = this.#held.get(command.payload.event);
    if (decision === undefined) return command;
    this.#held.delete(command.payload.event);
    return { ...command, payload: { ...command.payload, decision } };
  }

  /**
   * Nobody reviews what only these rules hold: it goes a day after its time, when the realm's own system has long rejected what
   * both hold.
   */
  #expire({ realm_id, received_at, source_seq }: ValidCandidate): void {
    const oldest = this.#held.values().next().value;
    if (oldest === undefined) return;
    const { days } = rulesOf(this.state).ruleset.judgement.quarantine;
    if (timeMs(received_at) < Date.parse(oldest.received_at) + (days + 1) * DAY_MS) return;
    this.#held.delete(oldest.event_id);
    judgeCommand(this.state, {
      v: 1,
      idempotency_key: `expired.${oldest.event_id}`,
      realm_id,
      actor: { type: "system", id: "rejudge" },
      kind: "review.reject",
      payload: { event: oldest.event_id, decision: oldest },
      command_id: `expired.${oldest.event_id}`,
      received_at,
      source_seq,
    });
  }

  /** This state is never written to KV, and entries that wait to be written would never be swept. */
  #settle(): void {
    takeChanged(this.state);
  }
}
