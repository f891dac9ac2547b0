/** What a change of rules does to what is open: actions, stakes, councils and campaigns of what is gone. */

import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { ActionState, Happening, WorldState } from "../../shared/contracts/world.ts";
import { entries } from "../../shared/exact/by-id.ts";
import { endCampaign } from "./campaigns.ts";
import { dropCouncils } from "./council.ts";
import { dropStakes, escrowOf } from "./escrow.ts";
import { cancelActions } from "./sovereign.ts";

/**
 * `state` is of the tick before, and has the new rules' factions and stocks already. An open action is cancelled where its
 * faction, target or resource is gone; what can't be paid back is gone with its owner. Of factions that are gone, closed
 * actions, uses and stakes are forgotten.
 */
export function cancelOrphans(
  state: WorldState,
  rules: Ruleset,
): { state: WorldState; happenings: Happening[] } {
  const known = (faction: string) => Object.hasOwn(rules.factions, faction);
  const cancelled = cancelActions(
    state,
    "rules_changed",
    state.public.tick + 1,
    ({ faction, target }, id) =>
      !known(faction) ||
      (target !== undefined && !known(target)) ||
      !rules.resources.includes(escrowOf(state, id)!.resource),
  );
  const councils = dropCouncils(dropStakes(cancelled.state, known), known);
  const campaigns = withoutSideless(withoutGone(councils.state, known), known);
  return {
    state: campaigns.state,
    happenings: [...cancelled.happenings, ...councils.happenings, ...campaigns.happenings],
  };
}

/** A campaign of a faction that is gone is closed: nobody could bring it anything. */
function withoutSideless(
  state: WorldState,
  known: (faction: string) => boolean,
): { state: WorldState; happenings: Happening[] } {
  const gone = entries(state.public.campaigns).filter(
    ([, { faction }]) => faction !== undefined && !known(faction),
  );
  return gone.reduce(
    ({ state: before, happenings }, [id, campaign]) => {
      const ended = endCampaign(before, id, campaign, "closed");
      return { state: ended.state, happenings: [...happenings, ...ended.happenings] };
    },
    { state, happenings: [] as Happening[] },
  );
}

function withoutGone(state: WorldState, known: (faction: string) => boolean): WorldState {
  const { public: world, private: privateState } = state;
  const actions = entries(world.actions).filter(([, { faction }]: [string, ActionState]) => known(faction));
  const { uses } = privateState;
  const left =
    uses === undefined
      ? {}
      : { uses: Object.fromEntries(entries(uses).filter(([faction]) => known(faction))) };
  return {
    public: { ...world, actions: Object.fromEntries(actions) },
    private: { ...privateState, ...left },
  };
}
