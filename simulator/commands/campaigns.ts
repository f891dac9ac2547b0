/**
 * Campaigns: what a realm or one faction works on together. A chain, a game master or the campaign before it opens one; it counts the
 * final points of decisions that name it, and passes stages at 25, 50, 75 and 100 % of its goal. It ends `won` with the tick in which
 * goal and contributors are reached, `lost` with the last tick before `until_tick`, or `closed` by hand; what follows starts with
 * the next tick.
 *
 * The normalizer has campaigns of its own: those that candidates may name, opened and closed by commands in the log. Each tick
 * reads the same commands, so the world knows what the normalizer admits (`admitted`), and the steward publishes commands for every
 * difference (`due-commands.ts`). The steward's commands change `admitted` alone.
 *
 * A chain may open an id anew in the tick in which it ended. Until the normalizer has folded the command, points count here and
 * contributors don't (`campaign-contributions.ts`).
 */

import type { CampaignState, Happening, PrivateState, WorldState } from "../../shared/contracts/world.ts";
import { type ById, find, mapById } from "../../shared/exact/by-id.ts";
import { mul, sortedKeys } from "../../shared/exact/integers.ts";
import { stepsOf } from "../../shared/world/campaign-steps.ts";
import { isSteward } from "../duties/steward-command.ts";
import { effectsOf } from "../steps/effects.ts";
import {
  campaignEvent,
  MAX_RUNNING_CAMPAIGNS,
  newCampaign,
  openSteps,
  type Running,
} from "../steps/open-campaign.ts";
import type { CommandHandler } from "./command-handler.ts";

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
function stageOf({ goal, points, contributors, min_contributors }: CampaignState): number {
  const reached = STAGES_BP.filter((part) => points >= mul(goal, part)).length;
  return reached === STAGES_BP.length && contributors < min_contributors ? reached - 1 : reached;
}

/** Milli-points of events, and how many users' first ones they are. */
export type Brought = { points: number; firsts: number };

type Counting = { state: WorldState; happenings: Happening[] };

/** Counts what the tick brought, and ends what is won, lost or closed with it: a closed one counts its last tick too. */
export function countCampaigns(
  state: WorldState,
  { campaigns: brought }: { campaigns: ReadonlyMap<string, Brought> },
): Counting {
  const happenings: Happening[] = [];
  let current = state;
  for (const id of sortedKeys(state.public.campaigns)) {
    // A campaign that ended earlier in this loop may have given it more time.
    const before = current.public.campaigns[id]!;
    const after = counted(before, brought.get(id));
    for (let stage = before.stage + 1; stage <= after.stage; stage++)
      happenings.push(campaignEvent(id, after, stage));
    const end = endOf(after, runningOf(state.private)[id]!, state.public.tick);
    if (end === undefined) {
      const campaigns = { ...current.public.campaigns, [id]: after };
      current = { ...current, public: { ...current.public, campaigns } };
      continue;
    }
    const ended = endCampaign(current, id, after, end);
    current = ended.state;
    happenings.push(...ended.happenings);
  }
  return { state: current, happenings };
}

function counted(
  before: CampaignState,
  { points, firsts }: Brought = { points: 0, firsts: 0 },
): CampaignState {
  const after = {
    ...before,
    points: Math.min(before.points + points, POINTS_MAX),
    contributors: before.contributors + firsts,
  };
  return { ...after, stage: Math.max(before.stage, stageOf(after)) };
}

type End = "won" | "lost" | "closed";

/** How a campaign ends with the tick, if it does. A campaign that reaches its goal in its last tick is won. */
function endOf(
  { stage, until_tick }: CampaignState,
  { closing }: Running[string],
  tick: number,
): End | undefined {
  if (stage === STAGES_BP.length) return "won";
  if (closing === 1) return "closed";
  return tick + 1 < until_tick ? undefined : "lost";
}

/** The state without a campaign, with what its end calls for: effects, and where it was won the campaign after it. */
export function endCampaign(state: WorldState, id: string, campaign: CampaignState, end: End): Counting {
  const { tick } = state.public;
  const { [id]: _ended, ...campaigns } = state.public.campaigns;
  const { [id]: own, ...running } = runningOf(state.private);
  const consequences = end === "won" ? campaign.on_won : end === "lost" ? campaign.on_lost : undefined;
  const called = effectsOf(`campaign.${id}`, Object.values(consequences ?? {}), tick);
  const happenings: Happening[] = [campaignEvent(id, campaign, end)];
  let held = { campaigns, running };
  const [next, ...after] = end === "won" ? (own?.after ?? []) : [];
  if (next !== undefined) {
    const opened = openSteps(held, [next, ...after], tick + 1, state.private.ruleset);
    if ("refused" in opened) happenings.push({ kind: "effect_refused", id: next.id, reason: opened.refused });
    else {
      held = opened.held;
      happenings.push(...opened.happenings);
    }
  }
  return {
    state: {
      public: { ...state.public, campaigns: held.campaigns },
      private: withCampaigns(
        { ...state.private, starting: [...state.private.starting, ...called] },
        { campaigns: held.running },
      ),
    },
    happenings,
  };
}

/** Opens one for `tick … tick + ticks − 1`. Refused: `already_open`, `too_many`, `unknown_faction`. */
export const openCampaign: CommandHandler<"campaign.open"> = (state, command) => {
  const { id, faction } = command.payload;
  const { public: world, private: privateState } = state;
  const admitted = { ...admittedOf(privateState), [id]: world.tick };
  const known: WorldState = { public: world, private: withCampaigns(privateState, { admitted }) };
  if (isSteward(command)) return { state: known, happenings: [] };
  const reason = Object.hasOwn(world.campaigns, id)
    ? "already_open"
    : Object.keys(world.campaigns).length >= MAX_RUNNING_CAMPAIGNS
      ? "too_many"
      : faction !== undefined && !Object.hasOwn(world.factions, faction)
        ? "unknown_faction"
        : undefined;
  if (reason !== undefined) return { refused: reason, state: known };
  const opened = newCampaign(stepsOf(command.payload), world.tick, privateState.ruleset);
  return {
    state: {
      public: { ...world, campaigns: { ...world.campaigns, [id]: opened.state } },
      private: withCampaigns(known.private, {
        campaigns: { ...runningOf(privateState), [id]: opened.running },
      }),
    },
    happenings: [campaignEvent(id, opened.state, 0)],
  };
};

/** Makes this tick the last of every campaign that runs. */
export function closeCampaigns({ public: world, private: privateState }: WorldState): WorldState {
  const campaigns = mapById(runningOf(privateState), (running) => ({ ...running, closing: 1 as const }));
  return { public: world, private: withCampaigns(privateState, { campaigns }) };
}

/** Makes this tick a campaign's last. Refused: `not_open`. */
export const closeCampaign: CommandHandler<"campaign.close"> = (state, command) => {
  const { id } = command.payload;
  const { public: world, private: privateState } = state;
  const { [id]: _closed, ...admitted } = admittedOf(privateState);
  const known: WorldState = { public: world, private: withCampaigns(privateState, { admitted }) };
  if (isSteward(command)) return { state: known, happenings: [] };
  const running = find(runningOf(privateState), id);
  if (running === undefined) return { refused: "not_open", state: known };
  const campaigns = { ...runningOf(privateState), [id]: { ...running, closing: 1 as const } };
  return { state: { ...known, private: withCampaigns(known.private, { campaigns }) }, happenings: [] };
};
