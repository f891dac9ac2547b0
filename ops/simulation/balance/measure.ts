/** What became of a season: who held what, for how long, and how often it changed hands. */
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import { floorDiv, sortedKeys } from "../../../shared/exact/integers.ts";
import { DAY_MS } from "../gym/timing.ts";
import type { Moment } from "./season.ts";

export type Measured = {
  flips: number;
  /** Of each week, the whole map together. */
  flipsByWeek: number[];
  captures: number;
  /** How often each fired. */
  triggers: Record<string, number>;
  /** Share at its lowest and highest after the first day, basis points by faction. */
  shares: Record<string, [low: number, high: number]>;
  /** Territories held at the end of each week, by faction. */
  heldByWeek: Record<string, number[]>;
  /** Days of the longest unbroken hold of one territory. */
  longestHoldDays: number;
  /** Territories that never changed hands. */
  neverFlipped: number;
  /** Days on which one faction held every territory, at most in a row. */
  totalRuleDays: number;
  /** Days on which one faction had more than 70 % of all influence, at most in a row. */
  dominanceDays: number;
  /** Unrest of the map, the mean over all territories, basis points: in calm ticks and in wild ones. */
  unrest: [calm: number, wild: number];
  /** Part of what was brought that burst caps cut, percent. */
  cutPercent: number;
};

export function measure(ruleset: Ruleset, moments: readonly Moment[]): Measured {
  const perDay = floorDiv(DAY_MS, ruleset.tick_seconds * 1_000);
  const perWeek = perDay * 7;
  const happened = (kind: string) =>
    moments.reduce((sum, { happenings }) => sum + happenings.filter((each) => each.kind === kind).length, 0);
  const weeks = Array.from({ length: Math.ceil(moments.length / perWeek) }, (_, week) =>
    moments.slice(week * perWeek, (week + 1) * perWeek),
  );
  const territories = sortedKeys(ruleset.territories);
  const factions = sortedKeys(ruleset.factions);
  const holds = territories.map((id) =>
    runsOf(moments.map(({ world }) => world.territories[id]!.controller)),
  );
  const owners = runsOf(moments.map(({ world }) => soleOwner(world)));
  const settled = moments.slice(perDay);
  const total = (of: (moment: Moment) => number) => moments.reduce((sum, moment) => sum + of(moment), 0);
  return {
    flips: happened("flip"),
    flipsByWeek: weeks.map((week) =>
      week.reduce((sum, { happenings }) => sum + happenings.filter(({ kind }) => kind === "flip").length, 0),
    ),
    captures: happened("capture"),
    triggers: firedIn(moments),
    shares: Object.fromEntries(
      factions.map((id) => {
        const shares = settled.map(({ world }) => world.factions[id]!.share_bp);
        return [id, [Math.min(...shares), Math.max(...shares)]];
      }),
    ),
    heldByWeek: Object.fromEntries(
      factions.map((id) => [
        id,
        weeks.map(
          (week) =>
            Object.values(week.at(-1)!.world.territories).filter(({ controller }) => controller === id)
              .length,
        ),
      ]),
    ),
    longestHoldDays: Math.max(...holds.flatMap((runs) => lengths(runs))) / perDay,
    neverFlipped: holds.filter((runs) => runs.length === 1).length,
    totalRuleDays: Math.max(0, ...lengths(owners)) / perDay,
    dominanceDays: Math.max(0, ...lengths(runsOf(moments.map(({ world }) => dominant(world))))) / perDay,
    unrest: unrestOf(moments, perDay),
    cutPercent:
      (100 * total(({ cut }) => cut)) /
      Math.max(
        1,
        total(({ brought }) => brought),
      ),
  };
}

function firedIn(moments: readonly Moment[]): Record<string, number> {
  const fired: Record<string, number> = {};
  for (const { happenings } of moments)
    for (const each of happenings) if (each.kind === "trigger") fired[each.key] = (fired[each.key] ?? 0) + 1;
  return fired;
}

type Run = { owner: string | undefined; ticks: number };

function runsOf(owners: readonly (string | undefined)[]): Run[] {
  const runs: Run[] = [];
  for (const owner of owners) {
    const last = runs.at(-1);
    if (last !== undefined && last.owner === owner) last.ticks++;
    else runs.push({ owner, ticks: 1 });
  }
  return runs;
}

const lengths = (runs: readonly Run[]): number[] =>
  runs.filter(({ owner }) => owner !== undefined).map(({ ticks }) => ticks);

const DOMINANT_BP = 7_000;

const dominant = ({ factions }: Moment["world"]): string | undefined =>
  Object.entries(factions).find(([, { share_bp }]) => share_bp > DOMINANT_BP)?.[0];

/** The first and last twentieth of all ticks after the first week are left out. */
function unrestOf(moments: readonly Moment[], perDay: number): [calm: number, wild: number] {
  const settled = moments.length > 7 * perDay ? moments.slice(7 * perDay) : moments;
  const sorted = settled
    .map(({ world }) => {
      const lands = Object.values(world.territories);
      return floorDiv(
        lands.reduce((sum, { instability }) => sum + instability, 0),
        lands.length,
      );
    })
    .sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
  return [at(0.05), at(0.95)];
}

function soleOwner({ territories }: Moment["world"]): string | undefined {
  const owners = new Set(Object.values(territories).map(({ controller }) => controller));
  return owners.size === 1 ? [...owners][0] : undefined;
}
