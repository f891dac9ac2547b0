/** The table of `npm run balance`: a row for each season. */
import CliTable3 from "cli-table3";
import type { Measured } from "./measure.ts";
import type { Split } from "./season.ts";
import type { Temper } from "./war.ts";

export type Row = { seed: number; split: Split; temper: Temper; measured: Measured };

/** A faction that holds everything for a quarter of the season has won for good. */
const LONG_RULE_DAYS = 14;
/** A faction that dominates for longer than this has no rival left. */
const LONG_DOMINANCE_DAYS = 7;
/** Unrest comes and goes: wild ticks have so many times that of calm ones. */
const UNREST_SWING = 1.5;

/** What makes a season a war that is won and lost; absent: nothing to object. */
export function objection(measured: Measured): string | undefined {
  const { flips, flipsByWeek, totalRuleDays, dominanceDays, unrest } = measured;
  const [calm, wild] = unrest;
  const quiet = flipsByWeek.filter((week) => week === 0).length;
  if (flips === 0) return "nothing flipped";
  if (quiet > flipsByWeek.length / 4) return `no flip in ${quiet} of ${flipsByWeek.length} weeks`;
  if (totalRuleDays > LONG_RULE_DAYS)
    return `one faction held everything for ${totalRuleDays.toFixed(1)} days`;
  if (dominanceDays > LONG_DOMINANCE_DAYS)
    return `one faction had more than 70 % of all influence for ${dominanceDays.toFixed(1)} days`;
  if (wild < calm * UNREST_SWING) return `unrest stayed between ${calm} and ${wild} bp`;
  return undefined;
}

export function table(rows: readonly Row[]): string {
  const made = new CliTable3({
    head: [
      "seed",
      "factions",
      "crowd",
      "flips by week",
      "captures",
      "triggers",
      "share, %",
      "lands at each week's end",
      "longest hold",
      "never",
      "sole rule",
      "over 70 %",
      "unrest, %",
      "cut",
    ],
    style: { head: [], border: [] },
  });
  for (const { seed, split, temper, measured: m } of rows)
    made.push([
      seed,
      split.join("/"),
      temper,
      m.flipsByWeek.join(" "),
      m.captures,
      Object.entries(m.triggers)
        .map(([key, times]) => `${key} ${times}`)
        .join("\n"),
      lines(m.shares, ([low, high]) => `${percent(low)}–${percent(high)}`),
      lines(m.heldByWeek, (held) => held.join(" ")),
      `${m.longestHoldDays.toFixed(0)} d`,
      m.neverFlipped,
      `${m.totalRuleDays.toFixed(1)} d`,
      `${m.dominanceDays.toFixed(1)} d`,
      m.unrest.map(percent).join("–"),
      `${m.cutPercent.toFixed(1)} %`,
    ]);
  return made.toString();
}

const percent = (bp: number): string => (bp / 100).toFixed(0);
const lines = <Value>(byFaction: Record<string, Value>, text: (value: Value) => string): string =>
  Object.entries(byFaction)
    .map(([faction, value]) => `${faction} ${text(value)}`)
    .join("\n");
