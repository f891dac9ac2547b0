/**
 * Resources held back for open sovereign actions: the cost by the action itself, stakes here. The sum of all stocks is preserved.
 */

import type { ActionState, PrivateState, WorldState } from "../../shared/contracts/world.ts";
import { type ById, entries, find } from "../../shared/exact/by-id.ts";
import { withStock } from "./economy.ts";

type Escrow = NonNullable<PrivateState["escrow"]>[string];

/** Of an open action; none once it is closed. */
export const escrowOf = ({ private: { escrow } }: WorldState, id: string): Escrow | undefined =>
  escrow === undefined ? undefined : find(escrow, id);

/** Thousandths of a unit, of all factions. */
export const stakesAgainst = (state: WorldState, id: string): number =>
  Object.values(escrowOf(state, id)?.stakes ?? {}).reduce((sum, stake) => sum + stake, 0);

/** Takes a cost, in thousandths, from the stock of the faction that proposes. */
export const holdCost = (
  state: WorldState,
  id: string,
  faction: string,
  resource: string,
  cost: number,
): WorldState => withEscrow(withStock(state, faction, resource, -cost), id, { resource, stakes: {} });

/** Takes a stake, in thousandths, from the stock of a faction that opposes. */
export function holdStake(state: WorldState, id: string, faction: string, stake: number): WorldState {
  const { resource, stakes } = escrowOf(state, id)!;
  const staked = { ...stakes, [faction]: (find(stakes, faction) ?? 0) + stake };
  return withEscrow(withStock(state, faction, resource, -stake), id, { resource, stakes: staked });
}

/** Cost and stakes go back to where they came from; to a faction or into a resource that is gone, nothing does. */
export function payBack(state: WorldState, id: string, { faction, cost }: ActionState): WorldState {
  const { resource, stakes } = escrowOf(state, id)!;
  let current = withStock(state, faction, resource, cost);
  for (const [opponent, stake] of entries(stakes)) current = withStock(current, opponent, resource, stake);
  return release(current, id);
}

/** Holds nothing back any more for a closed action: what was held is spent. */
export function release(state: WorldState, id: string): WorldState {
  const { [id]: _spent, ...escrow } = state.private.escrow!;
  return { ...state, private: { ...state.private, escrow } };
}

/** Stakes of factions that are gone go with them. */
export function dropStakes(state: WorldState, known: (faction: string) => boolean): WorldState {
  const { escrow } = state.private;
  if (escrow === undefined) return state;
  const left = entries(escrow).map(([id, { resource, stakes }]): [string, Escrow] => [
    id,
    { resource, stakes: Object.fromEntries(entries(stakes).filter(([faction]) => known(faction))) },
  ]);
  return { ...state, private: { ...state.private, escrow: Object.fromEntries(left) } };
}

const withEscrow = (state: WorldState, id: string, held: Escrow): WorldState => {
  const escrow: ById<Escrow> = { ...state.private.escrow, [id]: held };
  return { ...state, private: { ...state.private, escrow } };
};
