/**
 * A world that an earlier engine left, as this one goes on with it. The tree has one engine: what it can't recompute it takes over,
 * at the first marker that it plays. Pure, so that everybody who plays that marker finds the same state.
 */
import { ENGINE } from "../../shared/contracts/ruleset.ts";
import type { PrivateState, WorldState } from "../../shared/contracts/world.ts";
import { entries, find, mapById } from "../../shared/exact/by-id.ts";
import { type RecordedRuleset, upcastRuleset } from "../../shared/past/upcast.ts";

export const engineOf = ({ private: { ruleset } }: WorldState): number => (ruleset as RecordedRuleset).engine;

/**
 * The same world in this engine's form. From engine 1: the rules change, what a campaign asks of contributors is public, and the
 * rosters of open actions name these. That engine knew no ticks of kind `status`, so all that is absent from its states means what
 * it means here, and a realm that stood still under it says so with its first tick.
 */
export const converted = (state: WorldState): WorldState =>
  engineOf(state) === ENGINE
    ? state
    : {
        public: {
          ...state.public,
          campaigns: mapById(state.public.campaigns, (campaign, id) => ({
            ...campaign,
            min_contributors: neededIn(state, id),
          })),
        },
        private: {
          ...state.private,
          ruleset: upcastRuleset(state.private.ruleset),
          ...(state.private.campaigns === undefined
            ? {}
            : { campaigns: mapById(state.private.campaigns, ({ opened_tick }) => ({ opened_tick })) }),
          ...withActions(state),
        },
      };

/** Engine 1 kept it with the campaign's private side. */
const neededIn = ({ private: { campaigns = {}, ruleset } }: WorldState, id: string): number =>
  (find(campaigns, id) as { min_contributors?: number } | undefined)?.min_contributors ??
  ruleset.chain.min_contributors;

function withActions({
  public: { actions },
  private: { rosters },
}: WorldState): Pick<PrivateState, "rosters"> {
  if (rosters === undefined) return {};
  const told = entries(rosters.actions).flatMap(([id, { proposed, opposed }]) => {
    const action = find(actions, id);
    if (action === undefined) return [];
    const { action_type, faction } = action;
    return [[id, { action_type, faction, proposed, opposed }] as const];
  });
  return { rosters: { ...rosters, actions: Object.fromEntries(told) } };
}
