/** A tick in a few numbers, for operators. Nothing in the world depends on them. */
import type { Happening } from "../../shared/contracts/world.ts";
import { giniBp, topShareBp } from "../../shared/exact/inequality.ts";
import type { Influenced } from "./influence.ts";

export type Statistics = {
  /** Of the applied points of those who moved anything in this tick, basis points. */
  gini_bp: number;
  /** What the hundredth with the most applied points has of all, basis points. */
  top_share_bp: number;
  /** Users who moved anything. */
  users: number;
  flips: number;
  /** Factions whose burst cap cut something. */
  clips: number;
  /** How long after it was due the marker was written, by the log's own clock; 0 for a marker without such a time. */
  late_ms: number;
};

/** `dueMs`: when a scheduled marker was due, Unix milliseconds; `atMs`: the marker's own time. */
export function statisticsOf(
  { crowd, record }: Influenced,
  happenings: readonly Happening[],
  marker: { kind: "scheduled" | "manual" | "status"; atMs: number; dueMs: number },
): Statistics {
  const applied = appliedByUser(crowd);
  return {
    gini_bp: giniBp(applied),
    top_share_bp: topShareBp(applied, 1),
    users: applied.length,
    flips: happenings.filter(({ kind }) => kind === "flip").length,
    clips: Object.values(record).filter(({ sum, cap }) => sum > cap).length,
    late_ms: marker.kind !== "scheduled" ? 0 : Math.max(0, marker.atMs - marker.dueMs),
  };
}

/** Milli-points above 0; who changed sides within the tick counts once for each side. */
const appliedByUser = (crowd: Influenced["crowd"]): number[] =>
  [...crowd.values()].flatMap(({ applied }) => [...applied.filter((points) => points > 0)]);
