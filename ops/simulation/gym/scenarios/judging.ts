/** A realm's judgement, as scenarios need it: traffic and commands go in, in the order of their times. */
import { foldCandidate, foldCommand } from "../../../../normalizer/core.ts";
import { realmDay } from "../../../../normalizer/judge/decide.ts";
import { evolveCommand } from "../../../../normalizer/judge/evolve.ts";
import { takeChanged } from "../../../../normalizer/state/changed.ts";
import { initialState } from "../../../../normalizer/state/initial-state.ts";
import type { Candidate } from "../../../../shared/contracts/candidate.ts";
import type { DecidedCommand, ValidCommand } from "../../../../shared/contracts/command.ts";
import type { Decision } from "../../../../shared/contracts/decision.ts";
import { commandId, eventId } from "../../../../shared/exact/identity.ts";
import { timeText } from "../../../../shared/exact/time.ts";
import { hasStanding } from "../../../../shared/judgement/standing.ts";
import { firstControllers } from "../../story/fronts.ts";
import type { Stage } from "../accounts.ts";
import { firstRuleset } from "../season.ts";
import { MINUTE_MS } from "../timing.ts";

type Said = Pick<ValidCommand, "kind" | "payload" | "actor">;

export class Judging {
  readonly stage: Stage;
  readonly state;
  #seq = 0;

  constructor(ruleset: Stage["ruleset"], seed: number) {
    const realm = "gym";
    // A Monday's midnight in the realm.
    const day0Ms = Date.UTC(2026, 2, 2) - ruleset.day_offset_minutes * MINUTE_MS;
    this.stage = { realm, ruleset, controllers: firstControllers(ruleset), day0Ms, seed };
    this.state = initialState(realm);
    evolveCommand(this.state, firstRuleset(realm, ruleset, timeText(day0Ms)));
  }

  send(candidate: Candidate, atMs: number): Decision {
    const { user_id, idempotency_key } = candidate;
    const decision = foldCandidate(this.state, {
      ...candidate,
      event_id: eventId(this.stage.realm, user_id, idempotency_key),
      received_at: timeText(atMs),
      source_seq: ++this.#seq,
    });
    takeChanged(this.state);
    return decision;
  }

  hasStanding(user: string, atMs: number): boolean {
    const { players, members } = this.state;
    const recent = players.get(user)?.recentPoints(realmDay(this.state, atMs)) ?? 0;
    const { standing } = this.stage.ruleset.judgement;
    return hasStanding({ recent, sinceMs: members.get(user)?.sinceMs }, atMs, standing);
  }

  say({ kind, payload, actor }: Said, atMs: number): DecidedCommand {
    const idempotency_key = `said-${++this.#seq}`;
    const command = {
      v: 1 as const,
      idempotency_key,
      realm_id: this.stage.realm,
      actor,
      command_id: commandId(this.stage.realm, actor, idempotency_key),
      received_at: timeText(atMs),
      source_seq: this.#seq,
      kind,
      payload,
    };
    const decided = foldCommand(this.state, command as ValidCommand).command;
    takeChanged(this.state);
    return decided;
  }
}
