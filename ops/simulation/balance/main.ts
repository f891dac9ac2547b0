/**
 * Balance: seasons of realistic crowds through the real normalizer and the real tick, and what became of the map. Seeded: the
 * same numbers on every machine. Exit code 1 when a war stands still or one faction holds everything for good.
 */
import { loadRuleset } from "../../../shared/rulesets/rulesets.ts";
import { readArguments, runToExit, seedsOf, UsageError, wholeNumber } from "../../tools/arguments.ts";
import { playedBy } from "./crowd.ts";
import { measure } from "./measure.ts";
import { objection, type Row, table } from "./report.ts";
import { type Split, season } from "./season.ts";
import { NATURES, type Temper } from "./war.ts";

const HELP = `Plays seasons of a crowd at war and reports flips, owners, shares, captures and triggers.

  npm run balance -- [--seeds A..B] [--weeks N] [--players N] [--crowd KIND] [--ruleset FILE]

  --seeds A..B     crowds (1..5); --seeds N: one
  --weeks N        of play (8)
  --players N      people in the crowd (1000)
  --crowd KIND     ${Object.keys(NATURES).join(" or ")}: how far people follow their faction's call (both)
  --ruleset FILE   a name in shared/rulesets/rulesets/ or the path of a JSON file (amoi-1)

Each crowd fights with factions of equal size, and 50/30/20. Exit code 1 when a war stands still or is over, 2 when the
arguments are wrong.`;

const SPLITS: Split[] = [
  [34, 33, 33],
  [50, 30, 20],
];

function tempersOf(kind: string | undefined): Temper[] {
  const all = Object.keys(NATURES) as Temper[];
  if (kind === undefined) return all;
  const one = all.find((each) => each === kind);
  if (one === undefined) throw new UsageError(`--crowd is ${all.join(" or ")}, not ${kind}`);
  return [one];
}

async function main(): Promise<number> {
  const { values } = readArguments({
    options: {
      seeds: { type: "string", default: "1..5" },
      weeks: { type: "string", default: "8" },
      players: { type: "string", default: "1000" },
      crowd: { type: "string" },
      ruleset: { type: "string", default: "amoi-1" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const seeds = seedsOf(values.seeds);
  const tempers = tempersOf(values.crowd);
  const ruleset = await loadRuleset(values.ruleset);
  const days = wholeNumber("--weeks", values.weeks) * 7;
  const players = wholeNumber("--players", values.players);
  const rows: Row[] = [];
  const objections: string[] = [];
  for (const seed of seeds) {
    const deeds = playedBy(ruleset, seed, players, days);
    for (const temper of tempers)
      for (const split of SPLITS) {
        const measured = measure(ruleset, season(ruleset, deeds, split, seed, temper));
        rows.push({ seed, split, temper, measured });
        console.error(`seed ${seed}, ${split.join("/")}, ${temper}: ${measured.flips} flips`);
        const wrong = objection(measured);
        if (wrong !== undefined) objections.push(`seed ${seed}, ${split.join("/")}, ${temper}: ${wrong}`);
      }
  }
  console.log(table(rows));
  for (const each of objections) console.log(each);
  return objections.length === 0 ? 0 : 1;
}

await runToExit(main);
