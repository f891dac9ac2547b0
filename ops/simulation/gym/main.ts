/**
 * The attack gym: labelled traffic, honest and foul, through the normalizer's pure core, and how well it told them apart.
 * Rules are tuned on seeds 1 to 10 alone; all others are held out, the default ones and 201 to 210 of the README among them.
 * Points are the normalizer's: what a faction's burst cap per tick takes of them is no part of the score. Scenarios are attacks on
 * the world and its institutions; each has its file in `scenarios/`.
 * Exit code 1 when a target is missed.
 */
import { loadRuleset } from "../../../shared/rulesets/rulesets.ts";
import { readArguments, runToExit, seedsOf, UsageError, wholeNumber } from "../../tools/arguments.ts";
import { ATTACKS, type Attack } from "./accounts.ts";
import { attacksTable, type Scored, seedsTable, splitTable, targetsTable } from "./report.ts";
import { split, workOut } from "./run.ts";
import { scenarioTargets } from "./scenarios/targets.ts";
import { targetsOf } from "./targets.ts";

const HELP = `Plays labelled traffic, honest and foul, against the rules.

  npm run gym -- [--seed N | --seeds A..B] [--players N] [--days N] [--ruleset FILE] [--attack KIND]

  --seed N         one seed; --seeds A..B: several (101..102; rules are tuned on 1..10 only)
  --players N      honest players (2000); one account in twenty is an attacker's
  --days N         days of play (14)
  --ruleset FILE   a name in shared/rulesets/rulesets/ or the path of a JSON file (amoi-1)
  --attack KIND    all attackers are of one kind: ${ATTACKS.join(", ")}

Exit code 1 when a target is missed, 2 when the arguments are wrong.`;

function attackOf(kind: string | undefined): Attack | undefined {
  const only = ATTACKS.find((attack) => attack === kind);
  if (kind !== undefined && only === undefined)
    throw new UsageError(`--attack is one of ${ATTACKS.join(", ")}, not ${kind}`);
  return only;
}

async function main(): Promise<number> {
  const { values } = readArguments({
    options: {
      seed: { type: "string" },
      seeds: { type: "string", default: "101..102" },
      players: { type: "string", default: "2000" },
      days: { type: "string", default: "14" },
      ruleset: { type: "string", default: "amoi-1" },
      attack: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const seeds = seedsOf(values.seed ?? values.seeds);
  const players = wholeNumber("--players", values.players, 100);
  const days = wholeNumber("--days", values.days);
  const only = attackOf(values.attack);
  const ruleset = await loadRuleset(values.ruleset);
  const workout = { ruleset, players, days, attackBp: 500 };
  console.log(
    `${players} honest players, 5 % of all accounts attack, ${days} days, ruleset ${values.ruleset}`,
  );
  const runs: Scored[] = [];
  for (const seed of seeds)
    runs.push({ seed, score: workOut({ ...workout, seed, ...(only === undefined ? {} : { only }) }) });
  const targets = targetsTable(
    runs.map(({ seed, score }) => [
      ...targetsOf(score),
      ...(only === undefined ? scenarioTargets(ruleset, seed) : []),
    ]),
  );
  console.log(`${seedsTable(runs)}\n\n${attacksTable(runs)}\n\n${targets.text}`);
  if (only === undefined) {
    const { splits, typicalDay } = split({ ...workout, players: Math.ceil(players / 2), seed: seeds[0]! });
    console.log(`\n100 typical days a day, split over accounts without a shared device:`);
    console.log(splitTable(splits, typicalDay));
    console.log(
      "The limit: once each part is a person's day, the accounts act like as many players, and nothing in what they do\n" +
        "tells them from players who choose what pays best: influence grows with their number, and each has at most what\n" +
        "the last column says. How many accounts a person can have is for the account system to say.",
    );
  }
  return targets.met ? 0 : 1;
}

await runToExit(main);
