/** The open sovereign actions and who took part in them, as far as they are players: who proposed one, and who staked against it. */

import type { ActionRoster, Happening, Roster } from "../../shared/contracts/world.ts";
import { type ById, entries, find } from "../../shared/exact/by-id.ts";
import type { WorldCommand } from "../steps/fold.ts";

/**
 * The rosters with what this tick's commands did, in log order. Only what the tick's events bear out is taken: not every refusal
 * has an event. A stake is known by its action, faction and amount.
 */
export function gatherActions(
  held: ById<ActionRoster>,
  commands: readonly WorldCommand[],
  happenings: readonly Happening[],
): ById<ActionRoster> {
  const refused = new Set(happenings.flatMap((each) => (each.kind === "refused" ? [each.id] : [])));
  const begun = new Set<string>();
  /** How many of each are yet to be found among the commands. */
  const stakes = new Map<string, number>();
  for (const each of happenings) {
    if (each.kind !== "action") continue;
    if (each.status === "proposed") begun.add(each.id);
    if (each.status !== "opposed") continue;
    const stake = stakeOf(each.id, each.faction, each.stake);
    stakes.set(stake, (stakes.get(stake) ?? 0) + 1);
  }
  const actions = new Map(entries(held));
  for (const { command_id: id, actor, kind, payload } of [...commands].sort(bySeq)) {
    if (refused.has(id)) continue;
    if (kind === "sovereign.propose" && begun.has(id)) {
      const { action_type, faction } = payload;
      const proposed: Roster = actor.type === "player" ? { [actor.id]: 1 } : {};
      actions.set(id, { action_type, faction, proposed, opposed: {} });
    }
    if (kind !== "sovereign.counter") continue;
    const stake = stakeOf(payload.action, payload.faction, payload.stake);
    const left = stakes.get(stake) ?? 0;
    if (left === 0) continue;
    stakes.set(stake, left - 1);
    const action = actions.get(payload.action);
    if (actor.type !== "player" || action === undefined) continue;
    const staked = (find(action.opposed, actor.id) ?? 0) + payload.stake;
    actions.set(payload.action, { ...action, opposed: { ...action.opposed, [actor.id]: staked } });
  }
  return Object.fromEntries(actions);
}

const stakeOf = (action: string, faction: string, stake: number): string => `${action} ${faction} ${stake}`;
const bySeq = (a: WorldCommand, b: WorldCommand): number => a.source_seq - b.source_seq;
