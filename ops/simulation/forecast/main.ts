/** Forecasts put to the test: seasons of war that nobody tuned on, what was forecast in them, and what came. */
import Table from "cli-table3";
import { loadRuleset } from "../../../shared/rulesets/rulesets.ts";
import { readArguments, runToExit, seedsOf, wholeNumber } from "../../tools/arguments.ts";
import { playedBy } from "../balance/crowd.ts";
import type { Split } from "../balance/season.ts";
import { NATURES, type Temper } from "../balance/war.ts";
import { saidOf } from "./said.ts";
import { type Flip, type MadeForecast, type Score, score } from "./score.ts";

const HELP = `Scores forecasts of the next flip on seasons of war that are played with the real rules.

  npm run score-forecast -- [--seeds A..B] [--weeks N] [--players N] [--every TICKS]

  --seeds A..B    crowds (21..23)
  --weeks N       of play (4)
  --players N     people in the crowd (1000)
  --every TICKS   a forecast every so many ticks (48)

Exit code 1 where the Brier skill against drawing on the last two ticks is below 0.2, or the 80 % interval covers less than
75 % or more than 85 %; 2 when the arguments are wrong.`;

const SPLITS: Split[] = [
  [34, 33, 33],
  [50, 30, 20],
];
const MIN_SKILL = 0.2;
const COVERAGE = [0.75, 0.85] as const;

async function main(): Promise<number> {
  const { values } = readArguments({
    options: {
      seeds: { type: "string", default: "21..23" },
      weeks: { type: "string", default: "4" },
      players: { type: "string", default: "1000" },
      every: { type: "string", default: "48" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const seeds = seedsOf(values.seeds);
  const ruleset = await loadRuleset("amoi-1");
  const days = wholeNumber("--weeks", values.weeks) * 7;
  const players = wholeNumber("--players", values.players);
  const every = wholeNumber("--every", values.every);
  const table = new Table({
    head: ["seed", "split", "crowd", "said", "flips", "Brier", "ruler", "skill", "covered"],
  });
  const row = (name: string[], made: Score) =>
    table.push([
      ...name,
      made.said,
      made.flipped,
      ...[made.brier, made.rulerBrier, made.skill, made.coverage].map((figure) => figure.toFixed(3)),
    ]);
  const all: MadeForecast[] = [];
  const flips: Flip[] = [];
  for (const seed of seeds) {
    const deeds = playedBy(ruleset, seed, players, days);
    for (const temper of Object.keys(NATURES) as Temper[])
      for (const split of SPLITS) {
        const played = saidOf(ruleset, deeds, split, seed, temper, every);
        row([`${seed}`, split.join("/"), temper], score(played.said, played.flips));
        // Seasons don't know of each other's flips.
        const own = (each: { territory: string }) => `${seed} ${temper} ${split.join("/")} ${each.territory}`;
        all.push(...played.said.map((each) => ({ ...each, territory: own(each) })));
        flips.push(...played.flips.map((each) => ({ ...each, territory: own(each) })));
      }
  }
  const total = score(all, flips);
  row(["all", "", ""], total);
  console.log(table.toString());
  total.reliability.forEach(({ said, flipped }, i) => {
    console.log(`forecast of ${i * 20} to ${i * 20 + 20} %: ${said} times, came true ${flipped} times`);
  });
  return total.skill >= MIN_SKILL && total.coverage >= COVERAGE[0] && total.coverage <= COVERAGE[1] ? 0 : 1;
}

await runToExit(main);
