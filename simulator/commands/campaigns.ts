/**
 * Campaigns: what everybody works on together. A chain or a game master opens one; it counts the final points of decisions
 * that name it, and passes stages at 25, 50, 75 and 100 % of its goal. It runs while `tick < until_tick`.
 *
 * The normalizer has campaigns of its own: those that candidates may name, opened and closed by commands in the log. Each tick
 * reads the same commands, so the world knows what the normalizer admits (`admitted`), and the steward publishes commands for every
 * difference (`due-commands.ts`). The steward's commands change `admitted` alone.
 *
 * A chain may open an id anew in the tick in which it ended. Until the normalizer has folded the command, points count here and
 * contributors don't (`campaign-contributions.ts`).
 */

import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { CampaignState, Happening, PrivateState, WorldState } from "../../shared/contracts/world.ts";
import { type ById, entries, find } from "../../shared/exact/by-id.ts";
import { mul } from "../../shared/exact/integers.ts";
import { isSteward } from "../duties/steward-command.ts";
import { MAX_RUNNING_CAMPAIGNS } from "../steps/effects.ts";
import type { CommandHandler } from "./command-handler.ts";
import { refusalOf } from "./refusal.ts";

export type Running = NonNullable<PrivateState["campaigns"]>;
export const runningOf = ({ campaigns = {} }: PrivateState): Running => campaigns;
export const admittedOf = ({ admitted = {} }: PrivateState): ById<number> => admitted;

/** The private state with these campaigns; what is empty is absent. */
export function withCampaigns(
  privateState: PrivateState,
  {
    campaigns = runningOf(privateState),
    admitted = admittedOf(privateState),
  }: Pick<PrivateState, "campaigns" | "admitted">,
): PrivateState {
  const { campaigns: _c, admitted: _a, ...rest } = privateState;
  return {
    ...rest,
    ...(Object.keys(campaigns).length === 0 ? {} : { campaigns }),
    ...(Object.keys(admitted).length === 0 ? {} : { admitted }),
  };
}

/** Parts of the goal at which stages 1 to 4 begin, basis points. */
const STAGES_BP = [2_500, 5_000, 7_500, 10_000];
/** What a campaign counts to, milli-points: far beyond any goal, and a sum with a tick's points is exact. */
const POINTS_MAX = 1_000_000_000_000_000;

/** The stage that points have reached. The last one is success, and needs the contributors too; the others don't. */
function stageOf({ goal, points, contributors }: CampaignState, min_contributors: number): number {
  const reached = STAGES_BP.filter((part) => points >= mul(goal, part)).length;
  return reached === STAGES_BP.length && contributors < min_contributors ? reached - 1 : reached;
}

/**
 * The private side of the campaigns that run now. `before`: those of the last tick, of which some may have ended and one of
 * the same id begun since.
 */
export function runningCampaigns(
  before: WorldState,
  now: ById<CampaignState>,
  tick: number,
  { chain }: Ruleset,
): Running {
  const known = ([id]: [string, unknown]) => {
    const was = find(before.public.campaigns, id);
    return was !== undefined && tick < was.until_tick ? find(runningOf(before.private), id) : undefined;
  };
  const begun = { opened_tick: tick, min_contributors: chain.min_contributors };
  return Object.fromEntries(entries(now).map((entry) => [entry[0], known(entry) ?? begun]));
}

/** Milli-points of events, and how many users' first ones they are. */
export type Brought = { points: number; firsts: number };

/** Counts what the tick brought; a campaign that was closed in this tick counts for the last time. */
export function countCampaigns(
  state: WorldState,
  { campaigns: brought }: { campaigns: ReadonlyMap<string, Brought> },
): { state: WorldState; happenings: Happening[] } {
  const { public: world, private: privateState } = state;
  const running = runningOf(privateState);
  const happenings: Happening[] = [];
  const counted = entries(world.campaigns).map(([id, before]): [string, CampaignState] => {
    const { points = 0, firsts = 0 } = brought.get(id) ?? {};
    const after = {
      ...before,
      points: Math.min(before.points + points, POINTS_MAX),
      contributors: before.contributors + firsts,
    };
    after.stage = Math.max(before.stage, stageOf(after, running[id]!.min_contributors));
    for (let stage = before.stage + 1; stage <= after.stage; stage++)
      happenings.push({ kind: "campaign", id, stage });
    return [id, after];
  });
  const left = counted.filter(([, { until_tick }]) => world.tick < until_tick);
  const campaigns = Object.fromEntries(left.map(([id]) => [id, running[id]!]));
  return {
    state: {
      public: { ...world, campaigns: Object.fromEntries(left) },
      private: withCampaigns(privateState, { campaigns }),
    },
    happenings,
  };
}

/** Opens one for `tick … tick + ticks − 1`. Refused: `already_open`, `too_many`. */
export const openCampaign: CommandHandler<"campaign.open"> = (state, command) => {
  const { id, goal, min_contributors, ticks } = command.payload;
  const { public: world, private: privateState } = state;
  const admitted = { ...admittedOf(privateState), [id]: world.tick };
  const known: WorldState = { public: world, private: withCampaigns(privateState, { admitted }) };
  if (isSteward(command)) return { state: known, happenings: [] };
  const reason = Object.hasOwn(world.campaigns, id)
    ? "already_open"
    : Object.keys(world.campaigns).length >= MAX_RUNNING_CAMPAIGNS
      ? "too_many"
      : undefined;
  if (reason !== undefined) return { state: known, happenings: [refusalOf(command, reason)] };
  const campaign = {
    goal: goal * 1_000,
    points: 0,
    contributors: 0,
    stage: 0,
    until_tick: world.tick + ticks,
  };
  return {
    state: {
      public: { ...world, campaigns: { ...world.campaigns, [id]: campaign } },
      private: withCampaigns(known.private, {
        campaigns: { ...runningOf(privateState), [id]: { opened_tick: world.tick, min_contributors } },
      }),
    },
    happenings: [{ kind: "campaign", id, stage: 0 }],
  };
};

/** Makes this tick a campaign's last. Refused: `not_open`. */
export const closeCampaign: CommandHandler<"campaign.close"> = (state, command) => {
  const { id } = command.payload;
  const { public: world, private: privateState } = state;
  const { [id]: _closed, ...admitted } = admittedOf(privateState);
  const known: WorldState = { public: world, private: withCampaigns(privateState, { admitted }) };
  if (isSteward(command)) return { state: known, happenings: [] };
  const campaign = find(world.campaigns, id);
  if (campaign === undefined) return { state: known, happenings: [refusalOf(command, "not_open")] };
  const campaigns = { ...world.campaigns, [id]: { ...campaign, until_tick: world.tick } };
  return { state: { ...known, public: { ...world, campaigns } }, happenings: [] };
};
