/**
 * Sovereign actions. The cost is held back when an action is proposed; until the window closes, other factions stake the same
 * resource against it; then the stakes decide. A refusal charges nothing.
 */

import { sovereignRules } from "../../shared/contracts/politics.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { Effect } from "../../shared/contracts/trigger.ts";
import type { ActionState, Happening, WorldState } from "../../shared/contracts/world.ts";
import { entries, find } from "../../shared/exact/by-id.ts";
import { mul } from "../../shared/exact/integers.ts";
import { effectsOf, findsPlace } from "../steps/effects.ts";
import { clockworkOf } from "../steps/elapsed.ts";
import { giveQuotaBack, quotaRefusal, takeQuota } from "./action-quota.ts";
import type { CommandHandler } from "./command-handler.ts";
import { mayAct } from "./council.ts";
import { stockOf, withStock } from "./economy.ts";
import { escrowOf, holdCost, holdStake, payBack, release, stakesAgainst } from "./escrow.ts";

export type Changed = { state: WorldState; happenings: Happening[] };

/** The part of an action's cost that a stake has at least. */
const MIN_STAKE_PART = 100;

/** Of several in one tick the first in the log is proposed; the others meet its cooldown. */
export const proposeAction: CommandHandler<"sovereign.propose"> = (state, command) => {
  const { command_id: id, actor, payload } = command;
  const { action_type, faction, target } = payload;
  const { public: world, private: privateState } = state;
  const rules = sovereignRules(privateState.ruleset);
  const { resource, cost: units } = rules[action_type];
  const cost = units * 1_000;
  const stock = stockOf(state, faction, resource);
  if (world.status === "season_end") return { refused: "realm_closed" };
  if (typeof stock === "string") return { refused: stock };
  if (!mayAct(state, actor, faction)) return { refused: "no_seat" };
  if (find(world.actions, id) !== undefined) return { refused: "duplicate" };
  const reason = targetRefusal(payload, privateState.ruleset) ?? quotaRefusal(state, faction, rules);
  if (reason !== undefined) return { refused: reason };
  if (stock < cost) return { refused: "insufficient" };
  const action: ActionState = {
    action_type,
    faction,
    status: "proposed",
    cost,
    proposed_tick: world.tick,
    closes_tick: world.tick + rules.window_ticks,
    ...(target === undefined ? {} : { target }),
  };
  const paid = takeQuota(holdCost(state, id, faction, resource, cost), faction);
  return { state: withAction(paid, id, action), happenings: [{ kind: "action", id, status: "proposed" }] };
};

/**
 * A stake counts up to and in the tick of the close. Once enough is staked, more is refused rather than lost. One below a
 * hundredth of the cost is `too_small` unless it completes what is missing: each is an event of its tick, and an action has
 * `counter_bp / 100` of them at most.
 */
export const counterAction: CommandHandler<"sovereign.counter"> = (state, { actor, payload }) => {
  const { action: id, faction, stake } = payload;
  const action = find(state.public.actions, id);
  if (state.public.status === "season_end") return { refused: "realm_closed" };
  if (action === undefined) return { refused: "unknown_action" };
  const held = escrowOf(state, id);
  if (held === undefined) return { refused: "window_closed" };
  const stock = stockOf(state, faction, held.resource);
  if (typeof stock === "string") return { refused: stock };
  if (action.faction === faction) return { refused: "own_action" };
  if (!mayAct(state, actor, faction)) return { refused: "no_seat" };
  if (isCountered(state, id, action)) return { refused: "already_countered" };
  if (stock < stake) return { refused: "insufficient" };
  const staked = holdStake(state, id, faction, stake);
  if (stake * MIN_STAKE_PART < action.cost && !isCountered(staked, id, action))
    return { refused: "too_small" };
  return {
    state: staked,
    happenings: [{ kind: "action", id, status: "opposed", faction, stake }],
  };
};

/**
 * Closes the actions whose window ends with this tick, by id, and forgets those that were closed `kept_ticks` ago. After the
 * tick's commands: a stake that comes in time counts. In a season that is over no stake counts, so what is open is cancelled.
 */
export function closeDueActions(state: WorldState): Changed {
  const { tick, actions, status } = state.public;
  if (status === "season_end" && Object.values(actions).some((action) => action.status === "proposed"))
    return closeActions(state, "season_closed");
  const { kept_ticks } = sovereignRules(state.private.ruleset);
  const { since } = clockworkOf(state);
  const kept = entries(actions).filter(
    ([, action]) => action.status === "proposed" || since(action.closes_tick) < kept_ticks,
  );
  let current = state;
  if (kept.length < Object.keys(actions).length)
    current = { ...state, public: { ...state.public, actions: Object.fromEntries(kept) } };
  const happenings: Happening[] = [];
  for (const [id, action] of kept) {
    if (action.status !== "proposed" || tick < action.closes_tick) continue;
    const closed = weigh(current, id, action);
    current = closed.state;
    happenings.push(...closed.happenings);
  }
  return { state: current, happenings };
}

/**
 * Stakes are spent either way; of a countered action a part of the cost comes back, of a resolved one the effects come. One whose
 * effects would find no place among those that hold is cancelled: what councils and decrees of this tick call for goes before,
 * triggers come after.
 */
function weigh(state: WorldState, id: string, action: ActionState): Changed {
  const { tick } = state.public;
  const rules = sovereignRules(state.private.ruleset);
  const status = isCountered(state, id, action) ? "countered" : "resolved";
  const { starting, ruleset } = state.private;
  const called =
    status === "countered" ? [] : effectsOf(`action.${id}`, actionEffects(action, ruleset), tick);
  if (!findsPlace(state.public, starting, called, ruleset))
    return cancelActions(state, "too_many_effects", tick, (_action, other) => other === id);
  const back = status === "countered" ? mul(action.cost, rules.refund_bp) : 0;
  const paid = release(withStock(state, action.faction, escrowOf(state, id)!.resource, back), id);
  const closed = withAction(paid, id, { ...action, status, closes_tick: tick });
  return {
    state: { ...closed, private: { ...closed.private, starting: [...starting, ...called] } },
    happenings: [{ kind: "action", id, status }],
  };
}

/** Cancels every open action in the tick that `state` is in: when a season closes, it is unknown how a window would have ended. */
export const closeActions = (state: WorldState, reason: string): Changed =>
  cancelActions(state, reason, state.public.tick, () => true);

/** Cancels the open actions that `of` names: cost and stakes are paid back, and the use and its rest are given back. */
export function cancelActions(
  state: WorldState,
  reason: string,
  tick: number,
  of: (action: ActionState, id: string) => boolean,
): Changed {
  let current = state;
  const happenings: Happening[] = [];
  for (const [id, action] of entries(state.public.actions)) {
    if (action.status !== "proposed" || !of(action, id)) continue;
    const cancelled: ActionState = { ...action, status: "cancelled", closes_tick: tick };
    current = withAction(giveQuotaBack(payBack(current, id, action), action), id, cancelled);
    happenings.push({ kind: "action", id, status: "cancelled", reason });
  }
  return { state: current, happenings };
}

/** `opposing stakes · 10000 ≥ cost · counter_bp`. */
const isCountered = (state: WorldState, id: string, { cost }: ActionState): boolean =>
  stakesAgainst(state, id) * 10_000 >= cost * sovereignRules(state.private.ruleset).counter_bp;

function targetRefusal(
  {
    action_type,
    faction,
    target,
  }: Pick<ActionState, "action_type" | "faction"> & { target?: string | undefined },
  { factions }: Ruleset,
): string | undefined {
  if (action_type !== "embargo") return target === undefined ? undefined : "no_target_allowed";
  if (target === undefined) return "no_target";
  if (target === faction) return "own_target";
  return Object.hasOwn(factions, target) ? undefined : "unknown_target";
}

/** What an action does once it is resolved. */
function actionEffects(
  { action_type, faction, target }: Pick<ActionState, "action_type" | "faction" | "target">,
  ruleset: Ruleset,
): Effect[] {
  const rules = sovereignRules(ruleset);
  switch (action_type) {
    case "iron_levy": {
      const { add_bp: add, ticks } = rules.iron_levy;
      return [{ do: "modify", name: "push_weight_bp", faction, add, ticks }];
    }
    case "veil_ward":
      return [{ do: "meter", name: "catastrophe", add: rules.veil_ward.add_bp }];
    case "embargo": {
      const { add_bp: add, ticks } = rules.embargo;
      return [{ do: "modify", name: "yield_bp", faction: target!, add, ticks }];
    }
    default:
      return action_type satisfies never;
  }
}

const withAction = (state: WorldState, id: string, action: ActionState): WorldState => ({
  ...state,
  public: { ...state.public, actions: { ...state.public.actions, [id]: action } },
});
