/** One run of the gym: a seed's traffic through a ruleset, scored. Pure. */
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import { firstControllers } from "../story/fronts.ts";
import type { Attack, Stage } from "./accounts.ts";
import { type Gang, gangOf, TYPICAL_DEEDS } from "./attacks.ts";
import { gather } from "./honest.ts";
import { accused, ratio, type Score, scoreOf, worthOfTime } from "./score.ts";
import { play } from "./season.ts";
import { MINUTE_MS } from "./timing.ts";
import { castOf, trafficOf } from "./traffic.ts";

export type Workout = {
  seed: number;
  ruleset: Ruleset;
  /** Honest ones. */
  players: number;
  days: number;
  /** Of 10 000 accounts, how many attack. */
  attackBp: number;
  /** All attackers are of this kind; absent: the mix. */
  only?: Attack;
};

const stageOf = ({ seed, ruleset }: Pick<Workout, "seed" | "ruleset">): Stage => ({
  realm: "gym",
  ruleset,
  controllers: firstControllers(ruleset),
  // A Monday's midnight in the realm.
  day0Ms: Date.UTC(2026, 2, 2) - ruleset.day_offset_minutes * MINUTE_MS,
  seed,
});

export function workOut(workout: Workout): Score {
  const stage = stageOf(workout);
  const cast = castOf(stage, workout.players, workout.attackBp, workout.only);
  const outcomes = play(stage.realm, workout.ruleset, trafficOf(stage, cast, workout.days));
  return scoreOf(outcomes.values(), workout.days);
}

/** What a budget of 100 typical days a day reaches, split over `accounts` that share no device. */
export type Split = {
  accounts: number;
  deedsPerAccount: number;
  accused: number;
  /** Milli-points a day of all of them. */
  pointsPerDay: number;
  /** Of the points that honest players have who play as long as each of the accounts. */
  ofHonest: number;
};

const SPLITS = [1, 2, 4, 8, 16, 32, 64] as const;

/** The splits side by side in one realm of honest players. */
export function split(workout: Workout): { splits: Split[]; typicalDay: number } {
  const stage = stageOf(workout);
  const gangs: Gang[] = [];
  let index = workout.players;
  for (const size of SPLITS) {
    gangs.push(gangOf(stage, "sybil", size, index, TYPICAL_DEEDS * 100));
    index += size;
  }
  const society = gather(stage, workout.players);
  const outcomes = play(stage.realm, workout.ruleset, trafficOf(stage, { society, gangs }, workout.days));
  const worth = worthOfTime([...outcomes.values()].filter(({ attack }) => attack === undefined));
  const splits = gangs.map(({ people }) => {
    const of = people.flatMap(({ index }) => outcomes.get(index) ?? []);
    const points = of.reduce((sum, each) => sum + each.points, 0);
    return {
      accounts: people.length,
      deedsPerAccount: Math.floor((TYPICAL_DEEDS * 100) / people.length),
      accused: of.filter(accused).length,
      pointsPerDay: points / workout.days,
      ofHonest: ratio(
        points,
        of.reduce((sum, { playMs }) => sum + worth(playMs), 0),
      ),
    };
  });
  return { splits, typicalDay: scoreOf(outcomes.values(), workout.days).typicalDay };
}
