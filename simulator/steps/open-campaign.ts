/** How a campaign begins: opened by a game master, by a chain, or by the end of the one before it. */
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { CampaignStep } from "../../shared/contracts/trigger.ts";
import type { CampaignState, Happening, PrivateState } from "../../shared/contracts/world.ts";
import { type ById, byPlace, find } from "../../shared/exact/by-id.ts";

/** Campaigns that may run at once; one more is refused and recorded. */
export const MAX_RUNNING_CAMPAIGNS = 16;

export type Running = NonNullable<PrivateState["campaigns"]>;
/** Both sides of the campaigns that run. */
export type HeldCampaigns = { campaigns: ById<CampaignState>; running: Running };

/** The first of `steps` in its form of the state, counting from `tick` on; what it doesn't ask for itself is the ruleset's. */
export function newCampaign(
  [step, ...after]: readonly [CampaignStep, ...CampaignStep[]],
  tick: number,
  { chain }: Ruleset,
): { state: CampaignState; running: Running[string] } {
  const { goal = chain.goal, min_contributors = chain.min_contributors, ticks, title, faction } = step;
  const [next] = after;
  return {
    state: {
      ...(title === undefined ? {} : { title }),
      ...(faction === undefined ? {} : { faction }),
      goal: goal * 1_000,
      points: 0,
      min_contributors,
      contributors: 0,
      stage: 0,
      until_tick: tick + ticks,
      ...(step.on_won === undefined ? {} : { on_won: byPlace(step.on_won) }),
      ...(step.on_lost === undefined ? {} : { on_lost: byPlace(step.on_lost) }),
      ...(next === undefined ? {} : { next: next.id }),
    },
    running: { opened_tick: tick, ...(after.length === 0 ? {} : { after }) },
  };
}

/**
 * Opens the first of `steps`, counting from `tick` on. Where a campaign of its id runs, that one has more time instead, and what it
 * reached stays. Otherwise the reason why there is none.
 */
export function openSteps(
  { campaigns, running }: HeldCampaigns,
  steps: readonly [CampaignStep, ...CampaignStep[]],
  tick: number,
  rules: Ruleset,
): { held: HeldCampaigns; happenings: Happening[] } | { refused: "no_target" | "too_many" } {
  const [{ id, ticks, faction }] = steps;
  if (faction !== undefined && !Object.hasOwn(rules.factions, faction)) return { refused: "no_target" };
  const known = find(campaigns, id);
  if (known !== undefined) {
    const prolonged = { ...known, until_tick: Math.max(known.until_tick, tick + ticks) };
    return { held: { campaigns: { ...campaigns, [id]: prolonged }, running }, happenings: [] };
  }
  if (Object.keys(campaigns).length >= MAX_RUNNING_CAMPAIGNS) return { refused: "too_many" };
  const opened = newCampaign(steps, tick, rules);
  return {
    held: {
      campaigns: { ...campaigns, [id]: opened.state },
      running: { ...running, [id]: opened.running },
    },
    happenings: [campaignEvent(id, opened.state, 0)],
  };
}

type CampaignEvent = Extract<Happening, { kind: "campaign" }>;

/** A campaign's opening, stage or end. Its title stands in each, since a campaign is gone from the state once it has ended. */
export const campaignEvent = (
  id: string,
  { title }: Pick<CampaignState, "title">,
  stage: CampaignEvent["stage"],
): CampaignEvent => ({ kind: "campaign", id, ...(title === undefined ? {} : { title }), stage });
