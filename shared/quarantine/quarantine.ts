/**
 * The quarantine of a realm: every open event, how the latest reviews ended, and the rules that they go by. A fold of what
 * EVENTS says of quarantined events and commands. Pure.
 */

import type { DecidedCommand } from "../contracts/command.ts";
import type { Quarantined } from "../contracts/decision.ts";
import type { Ruleset } from "../contracts/ruleset.ts";
import { type Admission, admissionAfter, OPEN } from "../judgement/admission.ts";
import { readRuleset } from "../past/upcast.ts";
import { bodiesOf } from "../stream/codec.ts";
import type { Input } from "../stream/reader.ts";
import { subjects } from "../stream/subjects.ts";

/** How a review ended, without the decision that its command embeds. */
export type ReviewResult = {
  event: string;
  kind: "review.release" | "review.reject";
  status: DecidedCommand["status"];
  reason?: string;
  actor: DecidedCommand["actor"];
  received_at: string;
  /** EVENTS sequence of the message that has the command. */
  seq: number;
};

/** Reviews that are remembered, to answer those who come late or ask again. */
const OUTCOMES_KEPT = 10_000;

export class Quarantine {
  /** By event id, oldest first. */
  readonly open = new Map<string, Quarantined>();
  /** The latest reviews: by command id all of them, by event those that took effect. */
  readonly outcomes = new Map<string, ReviewResult>();
  readonly closed = new Map<string, ReviewResult>();
  ruleset: Ruleset | undefined;
  admission: Admission = OPEN;
  /** EVENTS sequence of the last message folded. */
  through = 0;

  static subjects(realm: string): string[] {
    return [subjects.quarantined(realm), subjects.command(realm)];
  }

  fold({ subject, seq, data }: Input, realm: string): void {
    this.through = seq;
    if (subject === subjects.command(realm))
      for (const command of bodiesOf<DecidedCommand>(data)) this.#foldCommand(command, seq);
    else
      for (const decision of bodiesOf<Quarantined>(data)) {
        this.open.delete(decision.event_id); // One that is back is the youngest.
        this.open.set(decision.event_id, decision);
        this.closed.delete(decision.event_id);
      }
  }

  #foldCommand(command: DecidedCommand, seq: number): void {
    switch (command.kind) {
      case "review.release":
      case "review.reject":
        this.#foldReview(command, seq);
        return;
      case "ruleset.set":
        if (command.status === "applied") this.ruleset = readRuleset(command.payload.ruleset);
        return;
      default:
        this.admission = admissionAfter(this.admission, command);
    }
  }

  #foldReview(
    command: Extract<DecidedCommand, { kind: "review.release" | "review.reject" }>,
    seq: number,
  ): void {
    const { kind, status, reason, actor, received_at, command_id } = command;
    const { event } = command.payload;
    const outcome = {
      event,
      kind,
      status,
      ...(reason === undefined ? {} : { reason }),
      actor,
      received_at,
      seq,
    };
    // The first decision on a key stands; a repeat is refused as one.
    if (!this.outcomes.has(command_id)) keep(this.outcomes, command_id, outcome);
    if (status !== "applied") return;
    this.open.delete(event);
    keep(this.closed, event, outcome);
  }
}

function keep(outcomes: Map<string, ReviewResult>, key: string, outcome: ReviewResult): void {
  outcomes.set(key, outcome);
  if (outcomes.size > OUTCOMES_KEPT) outcomes.delete(outcomes.keys().next().value!);
}
