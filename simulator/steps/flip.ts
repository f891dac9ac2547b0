/** When a territory changes its controller: after a lead that lasts, and not again within a gap. */
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { PrivateState } from "../../shared/contracts/world.ts";
import type { Clockwork } from "./elapsed.ts";

export type Front = PrivateState["fronts"][string];

/**
 * The front after this tick, and for how many ticks in a row there is this challenger. `flip` names the new controller: the same
 * challenger for `flip_streak_ticks` in a row, and at least `flip_gap_ticks` since the last flip; a territory that never flipped is
 * free to.
 */
export function frontOf(
  before: Front,
  challenger: string | undefined,
  { tick, since }: Clockwork,
  { contest }: Ruleset,
): { front: Front; flip?: string; streak: number } {
  const last = before.last_flip_tick === undefined ? {} : { last_flip_tick: before.last_flip_tick };
  if (challenger === undefined) return { front: { ...last, streak: 0 }, streak: 0 };
  const streak = before.leader === challenger ? before.streak + 1 : 1;
  const free = before.last_flip_tick === undefined || since(before.last_flip_tick) >= contest.flip_gap_ticks;
  if (streak >= contest.flip_streak_ticks && free)
    return { front: { streak: 0, last_flip_tick: tick }, flip: challenger, streak };
  return { front: { ...last, leader: challenger, streak }, streak };
}
