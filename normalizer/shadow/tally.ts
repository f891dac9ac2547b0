/** Totals of decisions: counts by verdict and reason, and milli-points by cap and faction. */
import type { Decision } from "../../shared/contracts/decision.ts";
import type { Tallied } from "../../shared/contracts/shadow.ts";
import { sortedKeys } from "../../shared/exact/integers.ts";

export type Tally = {
  accepted: number;
  released: number;
  quarantined: Map<string, number>;
  rejected: Map<string, number>;
  /** By cap. */
  clipped: Map<string, number>;
  /** By faction. */
  points: Map<string, number>;
};

export const newTally = (): Tally => ({
  accepted: 0,
  released: 0,
  quarantined: new Map(),
  rejected: new Map(),
  clipped: new Map(),
  points: new Map(),
});

const add = (map: Map<string, number>, key: string, n: number): void => {
  map.set(key, (map.get(key) ?? 0) + n);
};

/** Counts a decision. */
export function tally(into: Tally, decision: Decision): void {
  switch (decision.validity_status) {
    case "accepted":
      if (decision.reason === "released") into.released++;
      else into.accepted++;
      for (const { by, points } of decision.clipped) add(into.clipped, by, points);
      add(into.points, decision.faction_id, decision.normalized_points);
      return;
    case "quarantined":
      add(into.quarantined, decision.reason, 1);
      return;
    case "rejected":
      add(into.rejected, decision.reason, 1);
      return;
    default:
      decision satisfies never;
  }
}

/** Whether two decisions on one candidate differ in verdict or reason, and whether they differ in points. */
export const differences = (a: Decision, b: Decision): { verdict: boolean; points: boolean } => ({
  verdict: a.validity_status !== b.validity_status || a.reason !== b.reason,
  points: a.normalized_points !== b.normalized_points,
});

const recordOf = (map: ReadonlyMap<string, number>): Record<string, number> => {
  const record = Object.fromEntries(map);
  return Object.fromEntries(sortedKeys(record).map((key) => [key, record[key]!]));
};

/** As JSON has it, keys in code-unit order. */
export const tallied = (from: Tally): Tallied => ({
  ...from,
  quarantined: recordOf(from.quarantined),
  rejected: recordOf(from.rejected),
  clipped: recordOf(from.clipped),
  points: recordOf(from.points),
});

/** Of JSON that `tallied` made. */
export const tallyOf = (from: Tallied): Tally => ({
  ...from,
  quarantined: new Map(Object.entries(from.quarantined)),
  rejected: new Map(Object.entries(from.rejected)),
  clipped: new Map(Object.entries(from.clipped)),
  points: new Map(Object.entries(from.points)),
});
