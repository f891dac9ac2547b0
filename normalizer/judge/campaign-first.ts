/**
 * A user's first points in a campaign, from which the world counts its contributors. What is remembered of a user is the
 * decision, so a campaign whose id was open before starts anew: its opening is younger.
 */

import type { Accepted } from "../../shared/contracts/decision.ts";
import { type ById, entries, find } from "../../shared/exact/by-id.ts";
import type { Admission } from "../../shared/judgement/admission.ts";
import { type NormalizerState, rulesOf } from "../state/state.ts";

/** Marks a decision that is its user's first with points in the campaign that it names; on the wrong side it is none. */
export function firstIn(state: NormalizerState, decision: Accepted): Accepted {
  const { campaign_id, user_id, faction_id, normalized_points } = decision;
  if (campaign_id === undefined || normalized_points === 0) return decision;
  const { campaigns, sides } = rulesOf(state);
  if ((find(sides, campaign_id) ?? faction_id) !== faction_id) return decision;
  const opened = find(campaigns, campaign_id);
  const first = find(state.members.get(user_id)?.firsts ?? {}, campaign_id);
  return opened === undefined || (first !== undefined && first > opened)
    ? decision
    : Object.assign(decision, { campaign_first: 1 as const });
}

/** The firsts with one more; firsts in closed campaigns are dropped. */
export function withFirst(
  firsts: ById<number> = {},
  { campaign_id, source_seq }: Accepted,
  { campaigns }: Pick<Admission, "campaigns">,
): ById<number> {
  const open = entries(firsts).filter(([id, seq]) => (find(campaigns, id) ?? seq) < seq);
  return Object.fromEntries([...open, [campaign_id!, source_seq]]);
}
