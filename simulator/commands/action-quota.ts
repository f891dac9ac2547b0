/** How often a faction acts: some sovereign actions per season, and a rest after each, whatever its type. */

import type { SovereignRules } from "../../shared/contracts/politics.ts";
import type { ActionState, PrivateState, WorldState } from "../../shared/contracts/world.ts";
import { find } from "../../shared/exact/by-id.ts";
import { clockworkOf } from "../steps/elapsed.ts";

type Uses = NonNullable<PrivateState["uses"]>[string];

/** Of this season; a new one begins without uses and rested. */
function usesOf({ public: { season }, private: { uses } }: WorldState, faction: string): Uses {
  const known = uses === undefined ? undefined : find(uses, faction);
  return known?.season === season ? known : { season, count: 0 };
}

/** Why a faction can't act in this tick, if it can't. */
export function quotaRefusal(state: WorldState, faction: string, rules: SovereignRules): string | undefined {
  const { count, last_tick } = usesOf(state, faction);
  if (count >= rules.season_max) return "season_max";
  const rested = last_tick === undefined || clockworkOf(state).since(last_tick) >= rules.cooldown_ticks;
  return rested ? undefined : "cooldown";
}

/** Counts an action of this tick. */
export const takeQuota = (state: WorldState, faction: string): WorldState => {
  const { season, count } = usesOf(state, faction);
  return withUses(state, faction, { season, count: count + 1, last_tick: state.public.tick });
};

/** As if a cancelled action had not been proposed: its rest is over too, since the one before had ended when it came. */
export function giveQuotaBack(state: WorldState, { faction, proposed_tick }: ActionState): WorldState {
  const { season, count, last_tick } = usesOf(state, faction);
  const rest = last_tick === undefined || last_tick === proposed_tick ? {} : { last_tick };
  return withUses(state, faction, { season, count: Math.max(0, count - 1), ...rest });
}

const withUses = (state: WorldState, faction: string, uses: Uses): WorldState => ({
  ...state,
  private: { ...state.private, uses: { ...state.private.uses, [faction]: uses } },
});
