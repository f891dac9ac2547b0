/** Stocks of factions, as commands move them: never below zero, never above what a faction can store. */

import type { Happening, WorldState } from "../../shared/contracts/world.ts";
import { find } from "../../shared/exact/by-id.ts";
import type { CommandHandler, CommandResult } from "./command-handler.ts";

/**
 * A grant that the stock has no room for is refused whole: what a game master gives must not vanish unsaid. Tick and harvest
 * cut what is above the maximum.
 */
export const grantResource: CommandHandler<"resource.grant"> = (state, { payload }) =>
  moved(state, payload, payload.amount);

export const spendResource: CommandHandler<"resource.spend"> = (state, { payload }) =>
  moved(state, payload, -payload.amount);

function moved(
  state: WorldState,
  { faction, resource }: { faction: string; resource: string },
  change: number,
): CommandResult {
  const stock = stockOf(state, faction, resource);
  if (typeof stock === "string") return { refused: stock };
  if (stock + change < 0) return { refused: "insufficient" };
  if (change > 0 && stock + change > state.private.ruleset.stock.max * 1_000)
    return { refused: "above_maximum" };
  const happening: Happening = { kind: "resource", faction, resource, change };
  return { state: withStock(state, faction, resource, change), happenings: [happening] };
}

/** Thousandths of a unit, or why there is no such stock. */
export function stockOf(
  { public: { factions } }: WorldState,
  faction: string,
  resource: string,
): number | "unknown_faction" | "unknown_resource" {
  const holder = find(factions, faction);
  if (holder === undefined) return "unknown_faction";
  return find(holder.resources, resource) ?? "unknown_resource";
}

/** A state in which a stock changed by `change` thousandths; a stock that doesn't exist is left alone. */
export function withStock(state: WorldState, faction: string, resource: string, change: number): WorldState {
  const stock = stockOf(state, faction, resource);
  if (typeof stock === "string" || change === 0) return state;
  const { factions } = state.public;
  const holder = factions[faction]!;
  const resources = { ...holder.resources, [resource]: stock + change };
  return {
    ...state,
    public: { ...state.public, factions: { ...factions, [faction]: { ...holder, resources } } },
  };
}
