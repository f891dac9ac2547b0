/** Marks a decision that binds its user to its faction, so that folding it needs neither the realm's rules nor its season. */

import type { Accepted } from "../../shared/contracts/decision.ts";
import { isBound } from "../../shared/judgement/membership.ts";
import { type NormalizerState, rulesOf } from "../state/state.ts";

export const binding = (state: NormalizerState, decision: Accepted): Accepted =>
  isBound(state.members.get(decision.user_id), rulesOf(state))
    ? decision
    : Object.assign(decision, { binds: 1 as const });
