/** What makes two actions alike, from coarse to exact. No field can hold a `|`. */
import type { Candidate } from "../../shared/contracts/candidate.ts";

type Action = Pick<
  Candidate,
  | "action_key"
  | "event_type"
  | "category"
  | "territory_id"
  | "relic_id"
  | "base_points"
  | "stakes"
  | "significance"
>;

const targetOf = (action: Action): string => action.territory_id ?? action.relic_id ?? "";

/** The same action on the same target. */
export const fineSignature = (action: Action): string =>
  `${action.action_key}|${action.event_type}|${targetOf(action)}`;

/** The same kind of play. */
export const coarseSignature = (action: Action): string => `${action.category}|${action.event_type}`;

/** The same to the last number. */
export const fingerprint = (action: Action): string =>
  `${action.event_type}|${targetOf(action)}|${action.action_key}|${action.base_points}|${action.stakes}|${action.significance}`;
