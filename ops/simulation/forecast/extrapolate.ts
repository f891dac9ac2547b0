/** The forecast that anybody makes with a ruler: what the last tick moved goes on moving. */
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import type { TerritoryState } from "../../../shared/contracts/world.ts";
import { sortedKeys } from "../../../shared/exact/integers.ts";

/**
 * Whether a challenger, by the control of the last two ticks drawn on in a straight line, has the lead that a flip takes within
 * `ticks`.
 */
export function extrapolates(
  before: TerritoryState,
  after: TerritoryState,
  { contest }: Ruleset,
  ticks: number,
): boolean {
  const { controller } = after;
  return sortedKeys(after.control).some((faction) => {
    if (faction === controller) return false;
    const missing = ({ control }: TerritoryState): number =>
      controller === undefined
        ? contest.open_control_bp - control[faction]!
        : control[controller]! + contest.flip_lead_bp - control[faction]!;
    const left = missing(after);
    return left <= 0 || left <= (missing(before) - left) * ticks;
  });
}
