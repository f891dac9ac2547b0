/**
 * What pressed on the world in a tick, small: all events of a faction at one place as a single one. Kept for the last ticks,
 * since what comes next looks like what came lately.
 */
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { Column, FactionColumns, Folding } from "../steps/fold.ts";
import { openFolding } from "../steps/fold.ts";

export type PointsSample = { tick: number; factions: Folding["factions"] };

/** Ticks that are kept: a day of 15 minutes each, so that mornings and evenings are both in it. */
export const KEPT_TICKS = 96;

/**
 * The accepted events of a folding, one per faction and place. What a user's push is worth beyond the limit of one user moves
 * influence alone, so it goes there: the sums that territories see are those of the tick, but for a burst that is cut.
 */
export function pointsSampleOf(tick: number, folding: Folding, { contest }: Ruleset): PointsSample {
  const limit = contest.user_push * 1_000;
  const factions = new Map<string, FactionColumns>();
  for (const [faction, columns] of folding.factions) {
    let influence = sumOf(columns.influence.points);
    const territories = new Map<string, Column>();
    for (const [territory, column] of columns.territories) {
      const all = sumOf(column.points);
      const pushed = withinLimit(column, columns.users.size, limit);
      territories.set(territory, single(pushed));
      influence += all - pushed;
    }
    const relics = new Map([...columns.relics].map(([relic, { points }]) => [relic, single(sumOf(points))]));
    factions.set(faction, { users: EVERYBODY, influence: single(influence), territories, relics });
  }
  return { tick, factions };
}

/** A folding as it would be if the pressure came again. */
export const foldingOf = ({ factions }: PointsSample): Folding => ({ ...openFolding(), factions });

/** The last ticks, oldest first: a gap forgets what was before it. `follows`: the tick that counted events last. */
export function remember(kept: PointsSample[], pressure: PointsSample, follows = pressure.tick - 1): void {
  if (kept.length > 0 && kept.at(-1)!.tick !== follows) kept.length = 0;
  kept.push(pressure);
  if (kept.length > KEPT_TICKS) kept.shift();
}

/** The one user that stands for all. */
const EVERYBODY = new Map([["everybody", 0]]);

const single = (points: number): Column =>
  points === 0 ? { events: [], points: [], users: [] } : { events: ["all"], points: [points], users: [0] };

/** `count`: users of the faction, whose numbers are below it. */
function withinLimit({ points, users }: Column, count: number, limit: number): number {
  const byUser: number[] = new Array(count).fill(0);
  users.forEach((user, i) => {
    byUser[user]! += points[i]!;
  });
  let sum = 0;
  for (const each of byUser) sum += Math.min(each, limit);
  return sum;
}

const sumOf = (values: readonly number[]): number => {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
};
