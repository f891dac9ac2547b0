/** Campaigns that follow one another. */
import type { CampaignStep } from "../contracts/trigger.ts";

type Nested = CampaignStep & { next?: Nested };

/** A campaign and those that follow it, one after the other; each opens when the one before it is won. */
export function stepsOf({ next, ...first }: Nested): [CampaignStep, ...CampaignStep[]] {
  return [first, ...(next === undefined ? [] : stepsOf(next))];
}
