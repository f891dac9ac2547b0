/** Who brought what in a tick: the events of each faction summed by user. Notices, rosters and statistics go by it. */
import type { Column, FactionColumns } from "../steps/fold.ts";

/** One faction's users, by their number in its fold. Amounts are milli-points. */
export type UserContributions = {
  numbers: ReadonlyMap<string, number>;
  names: readonly string[];
  /** With the faction's gain, before its burst cap. */
  brought: Float64Array;
  /** What the cap left of it. */
  applied: Float64Array;
  /** By territory: what of each user's points counts there, at most the limit per user. */
  pushes: Map<string, Map<number, number>>;
  /** By relic. */
  claims: Map<string, Map<number, number>>;
};

/** By faction; one without events is absent. */
export type ContributionsByFaction = ReadonlyMap<string, UserContributions>;

/**
 * Sums a faction's events by user. `brought` and `applied`: milli-points of all its events, its columns one after the other:
 * influence, territories, relics, as their maps iterate. `limit`: milli-points of push per user and territory.
 */
export function userContributions(
  columns: FactionColumns,
  brought: readonly number[],
  applied: readonly number[],
  limit: number,
): UserContributions {
  const numbers = columns.users;
  const people: UserContributions = {
    numbers,
    names: [...numbers.keys()],
    brought: new Float64Array(numbers.size),
    applied: new Float64Array(numbers.size),
    pushes: new Map(),
    claims: new Map(),
  };
  let from = 0;
  const pass = ({ users }: Column, place?: Map<number, number>) => {
    for (const user of users) {
      const points = applied[from]!;
      people.brought[user]! += brought[from]!;
      people.applied[user]! += points;
      place?.set(user, (place.get(user) ?? 0) + points);
      from++;
    }
  };
  pass(columns.influence);
  for (const [id, column] of columns.territories) {
    const pushed = new Map<number, number>();
    pass(column, pushed);
    for (const [user, points] of pushed) if (points > limit) pushed.set(user, limit);
    people.pushes.set(id, pushed);
  }
  for (const [id, column] of columns.relics) {
    const claimed = new Map<number, number>();
    pass(column, claimed);
    people.claims.set(id, claimed);
  }
  return people;
}

/** What a user brought to a place, by name. */
export const named = (
  people: UserContributions,
  amounts: ReadonlyMap<number, number> | undefined,
): [user: string, points: number][] =>
  [...(amounts ?? [])].map(([user, points]) => [people.names[user]!, points]);
