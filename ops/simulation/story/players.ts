/** The cast: synthetic players of several honest temperaments, each of one faction, with a device and a way to play. Pure. */
import type { Chance, Range } from "./chance.ts";
import type { DeedKind } from "./deed-kinds.ts";

type Temperament = {
  /** How many of 100 players are like this. */
  weight: number;
  /** Chapters in a visit to the game. */
  chapters: Range;
  /** Deeds in a chapter: a burst. */
  deeds: Range;
  /** Between two deeds of a chapter, ms. */
  gapMs: Range;
  /** Between two chapters, ms: reading, talking, making tea. */
  restMs: Range;
  habits: Partial<Record<DeedKind, number>>;
  /** Pushes where the faction's objective is. */
  devoted: boolean;
};

/**
 * Nobody here plays faster than a deed a minute over a visit: bursts of at most five, then a rest that makes up for them.
 * These are people; whoever judges speed should find nothing.
 */
const TEMPERAMENTS = {
  casual: {
    weight: 38,
    chapters: [1, 2],
    deeds: [2, 4],
    gapMs: [4_000, 15_000],
    restMs: [240_000, 480_000],
    habits: { talk: 5, wandering: 4, skirmish: 2, quest: 2 },
    devoted: false,
  },
  explorer: {
    weight: 18,
    chapters: [1, 4],
    deeds: [3, 5],
    gapMs: [4_000, 12_000],
    restMs: [240_000, 420_000],
    habits: { wandering: 8, scouting: 6, binding: 3, discovery: 1, talk: 2 },
    devoted: false,
  },
  fighter: {
    weight: 20,
    chapters: [2, 4],
    deeds: [3, 5],
    gapMs: [3_000, 9_000],
    restMs: [240_000, 360_000],
    habits: { skirmish: 8, siege: 4, scouting: 2, rally: 1 },
    devoted: false,
  },
  socialite: {
    weight: 14,
    chapters: [1, 3],
    deeds: [3, 5],
    gapMs: [5_000, 14_000],
    restMs: [240_000, 420_000],
    habits: { talk: 8, quest: 5, rally: 3, wandering: 1 },
    devoted: false,
  },
  zealot: {
    weight: 10,
    chapters: [2, 4],
    deeds: [4, 5],
    gapMs: [3_000, 7_000],
    restMs: [240_000, 300_000],
    habits: { siege: 6, rally: 4, skirmish: 3, quest: 3, binding: 2 },
    devoted: true,
  },
} as const satisfies Record<string, Temperament>;
type TemperamentName = keyof typeof TEMPERAMENTS;

export type Player = {
  userId: string;
  factionId: string;
  /** Absent: a browser that keeps nothing. */
  deviceId?: string;
  temperament: TemperamentName;
  /** 0…3; absent where the story engine doesn't know it. */
  spendTier?: number;
  /** Has sent something that binds them to their faction. */
  settled: boolean;
};

const WEIGHTS = Object.fromEntries(
  Object.entries(TEMPERAMENTS).map(([name, { weight }]) => [name, weight]),
) as Record<TemperamentName, number>;
const SPEND_TIERS = { none: 20, 0: 52, 1: 18, 2: 7, 3: 3 } as const;

/** How a player plays; the table's literals, widened. */
export const temperamentOf = (player: Player): Temperament => TEMPERAMENTS[player.temperament];

/** Somebody new. `household`: the device of another player that some share. */
export function newcomer(
  factionIds: readonly string[],
  household: string | undefined,
  chance: Chance,
): Player {
  const spending = chance.weighted(SPEND_TIERS);
  const device = chance.weighted({ own: 94, shared: 4, none: 2 });
  const own = `d${chance.letters(12)}`;
  return {
    userId: `u${chance.letters(10)}`,
    factionId: chance.pick(factionIds),
    ...(device === "none" ? {} : { deviceId: device === "shared" ? (household ?? own) : own }),
    temperament: chance.weighted(WEIGHTS),
    ...(spending === "none" ? {} : { spendTier: Number(spending) }),
    settled: false,
  };
}

/** Mean number of deeds in a visit, thousandths; each chapter ends with a deed of its own. */
export function deedsPerVisitMilli(): number {
  const mean = ([from, to]: Range) => (from + to) * 500;
  let sum = 0;
  let weights = 0;
  for (const { weight, chapters, deeds } of Object.values(TEMPERAMENTS)) {
    sum += (weight * mean(chapters) * (mean(deeds) + 1_000)) / 1_000;
    weights += weight;
  }
  return Math.floor(sum / weights);
}

/** The longest visit possible, ms. */
export function longestVisitMs(): number {
  return Math.max(
    ...Object.values(TEMPERAMENTS).map(
      ({ chapters, deeds, gapMs, restMs }) =>
        chapters[1] * (deeds[1] + 1) * gapMs[1] + (chapters[1] - 1) * restMs[1],
    ),
  );
}
