/** The gym's figures as tables. Pure. */
import Table from "cli-table3";
import { median } from "../../tools/median.ts";
import { ATTACKS } from "./accounts.ts";
import type { Split } from "./run.ts";
import type { Score } from "./score.ts";
import type { Target } from "./targets.ts";

export type Scored = { seed: number; score: Score };

const percent = (share: number, digits = 1): string =>
  Number.isNaN(share) ? "–" : `${(share * 100).toFixed(digits)} %`;
const points = (milli: number): string => `${Math.round(milli / 1_000)}`;

/** A row per seed: what the targets are about. */
export function seedsTable(runs: readonly Scored[]): string {
  const table = new Table({
    head: [
      "seed",
      "events",
      "precision",
      "by event",
      "honest quarantined",
      "honest velocity",
      "leaked",
      "typical day",
      "100 ×",
    ],
    style: { head: [], border: [] },
  });
  for (const { seed, score } of runs)
    table.push([
      seed,
      score.events,
      percent(score.precision, 2),
      percent(score.eventPrecision, 2),
      percent(score.honestQuarantined, 2),
      percent(score.honestVelocity, 2),
      percent(score.leakedShare, 2),
      `${points(score.typicalDay)} pt`,
      Number.isNaN(score.hundredfold) ? "–" : `${score.hundredfold.toFixed(2)} ×`,
    ]);
  return table.toString();
}

/** A row per attack, over all seeds. */
export function attacksTable(runs: readonly Scored[]): string {
  const table = new Table({
    head: [
      "attack",
      "accounts",
      "recall",
      "worst seed",
      "of its events",
      "pt a day",
      "leaked (median)",
      "leaked (worst)",
    ],
    style: { head: [], border: [] },
  });
  for (const attack of ATTACKS) {
    const scores = runs.flatMap(({ score }) => score.attacks.get(attack) ?? []);
    if (scores.length === 0) continue;
    const total = (of: (score: (typeof scores)[number]) => number) =>
      scores.reduce((sum, each) => sum + of(each), 0);
    const accounts = total((each) => each.accounts);
    const leaks = scores.map(({ leakedShare }) => leakedShare);
    table.push([
      attack,
      accounts,
      percent(total((each) => each.caught) / accounts),
      percent(Math.min(...scores.map(({ recall }) => recall))),
      percent(total((each) => each.eventRecall * each.abuses) / total((each) => each.abuses)),
      points(total((each) => each.pointsPerDay * each.accounts) / accounts),
      percent(median(leaks), 2),
      percent(Math.max(...leaks), 2),
    ]);
  }
  return table.toString();
}

/** A row per target: median and worst of the seeds, each of which has all of them. */
export function targetsTable(runs: readonly (readonly Target[])[]): { text: string; met: boolean } {
  const table = new Table({ head: ["target", "", "median", "worst", ""], style: { head: [], border: [] } });
  const byName = new Map<string, Target[]>();
  for (const targets of runs)
    for (const target of targets) byName.set(target.name, [...(byName.get(target.name) ?? []), target]);
  for (const [name, targets] of byName) {
    const { atLeast, bound } = targets[0]!;
    const values = targets.map(({ value }) => value);
    const worst = atLeast ? Math.min(...values) : Math.max(...values);
    table.push([
      name,
      `${atLeast ? "≥" : "≤"} ${bound}`,
      median(values).toFixed(4),
      worst.toFixed(4),
      targets.every(({ met }) => met) ? "met" : "MISSED",
    ]);
  }
  return { text: table.toString(), met: [...byName.values()].every((each) => each.every(({ met }) => met)) };
}

/** A row per split of one budget over accounts. */
export function splitTable(splits: readonly Split[], typicalDay: number): string {
  const table = new Table({
    head: ["accounts", "deeds a day each", "accused", "pt a day", "typical days", "of honest with its hours"],
    style: { head: [], border: [] },
  });
  for (const each of splits)
    table.push([
      each.accounts,
      each.deedsPerAccount,
      each.accused,
      points(each.pointsPerDay),
      `${(each.pointsPerDay / typicalDay).toFixed(1)} ×`,
      `${each.ofHonest.toFixed(2)} ×`,
    ]);
  return table.toString();
}
