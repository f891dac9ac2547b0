/**
 * Honest play. A person sits down a few times a week, mostly in the evening, reads, decides, and rests between chapters.
 * How fast is a pace, what they like to do a temperament of the storyteller's. A typical player earns about 300 points on a
 * day of play. Some share a device: families, who take turns at it, and guests of an internet café, one at a time at its seat.
 */
import type { Chance, Range } from "../story/chance.ts";
import { newcomer, temperamentOf } from "../story/players.ts";
import { type Account, chanceOf, deedOf, type Sending, type Stage } from "./accounts.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, type Pause, pause, SECOND_MS, sittingStart } from "./timing.ts";

type Pace = {
  /** How many of 100 players are like this. */
  weight: number;
  /** Plays on so many of 10 000 days. */
  playsBp: number;
  sittings: Range;
  chapters: Range;
  /** Deeds in a chapter, whose outcome is one more. */
  deeds: Range;
  gap: Pause;
  rest: Pause;
};

const s = (seconds: number) => seconds * SECOND_MS;

export const PACES = {
  reader: {
    weight: 40,
    playsBp: 5_000,
    sittings: [1, 1],
    chapters: [2, 5],
    deeds: [2, 4],
    gap: { floorMs: s(20), meanMs: s(70) },
    rest: { floorMs: s(90), meanMs: s(300) },
  },
  regular: {
    weight: 32,
    playsBp: 6_500,
    sittings: [1, 2],
    chapters: [2, 4],
    deeds: [2, 5],
    gap: { floorMs: s(15), meanMs: s(60) },
    rest: { floorMs: s(90), meanMs: s(270) },
  },
  /** Knows the story: four events within a few minutes. */
  speedrunner: {
    weight: 12,
    playsBp: 6_000,
    sittings: [1, 3],
    chapters: [1, 4],
    deeds: [3, 3],
    gap: { floorMs: s(5), meanMs: s(25) },
    rest: { floorMs: s(120), meanMs: s(300) },
  },
  devoted: {
    weight: 10,
    playsBp: 9_000,
    sittings: [1, 2],
    chapters: [4, 8],
    deeds: [3, 5],
    gap: { floorMs: s(15), meanMs: s(60) },
    rest: { floorMs: s(90), meanMs: s(270) },
  },
  /** Two days a week, hours on end. */
  weekender: {
    weight: 6,
    playsBp: 2_800,
    sittings: [1, 1],
    chapters: [8, 14],
    deeds: [3, 5],
    gap: { floorMs: s(20), meanMs: s(70) },
    rest: { floorMs: s(120), meanMs: s(300) },
  },
} as const satisfies Record<string, Pace>;
type PaceName = keyof typeof PACES;
const PACE_WEIGHTS = Object.fromEntries(
  Object.entries(PACES).map(([name, { weight }]) => [name, weight]),
) as Record<PaceName, number>;

/** Once a week, or twice. */
const CAFE: Partial<Pace> = { playsBp: 2_500, sittings: [1, 1], chapters: [2, 5] };

/** A device that several people use, one after the other. */
type Seat = { freeAtMs: number };
export type Person = Account & { pace: Pace; seat?: Seat };
/** `tables`: families who play their evenings together and hand the device on after each chapter. */
export type Society = { people: Person[]; tables: Person[][] };

/** Of 1 000 players some 13 sit in a café and 120 are families of two to four with one device. */
const CAFES_PER_10_000 = 10;
const FAMILIES_PER_10_000 = 400;
const TOGETHER_BP = 2_500;

/** `players` honest people. */
export function gather(stage: Stage, players: number): Society {
  const chance = chanceOf(stage.seed, -2);
  const factionIds = Object.keys(stage.ruleset.factions);
  const people: Person[] = [];
  const person = (): Person => {
    const own = chanceOf(stage.seed, people.length);
    const player = newcomer(factionIds, undefined, own);
    const made: Person = {
      index: people.length,
      player,
      chance: own,
      made: 0,
      pace: PACES[own.weighted(PACE_WEIGHTS)],
    };
    people.push(made);
    return made;
  };
  const sharing = (size: number) => {
    const device = `d${chance.letters(12)}`;
    return Array.from({ length: Math.min(size, players - people.length) }, () => {
      const one = person();
      one.player.deviceId = device;
      return one;
    });
  };
  const tables: Person[][] = [];
  for (let i = 0; i < Math.ceil((players * CAFES_PER_10_000) / 10_000); i++) {
    const seat: Seat = { freeAtMs: 0 };
    for (const guest of sharing(chance.within([10, 16]))) {
      guest.seat = seat;
      guest.pace = { ...guest.pace, ...CAFE };
    }
  }
  for (let i = 0; i < Math.ceil((players * FAMILIES_PER_10_000) / 10_000); i++) {
    const family = sharing(chance.within([2, 4]));
    if (chance.happens(TOGETHER_BP)) tables.push(family);
    else {
      const seat: Seat = { freeAtMs: 0 };
      for (const member of family) member.seat = seat;
    }
  }
  while (people.length < players) person();
  return { people, tables };
}

/** What honest people do on a day, in no order. */
export function* honestDay(stage: Stage, { people, tables }: Society, day: number): Generator<Sending> {
  const together = new Set<Person>();
  for (const family of tables) {
    for (const each of family) together.add(each);
    yield* eveningTogether(stage, family, day);
  }
  for (const person of people) if (!together.has(person)) yield* personDay(stage, person, day);
}

function* personDay(stage: Stage, person: Person, day: number): Generator<Sending> {
  const { chance, pace, seat } = person;
  if (!chance.happens(pace.playsBp)) return;
  let freeAtMs = 0;
  for (let sittings = chance.within(pace.sittings); sittings > 0; sittings--) {
    const free = Math.max(freeAtMs, seat?.freeAtMs ?? 0) + chance.within([MINUTE_MS, 10 * MINUTE_MS]);
    let atMs = Math.max(stage.day0Ms + day * DAY_MS + sittingStart(chance), free);
    const sessionId = `s${chance.letters(12)}`;
    for (let chapters = chance.within(pace.chapters); chapters > 0; chapters--) {
      atMs = yield* chapter(stage, person, atMs, sessionId);
      atMs += pause(chance, pace.rest);
    }
    freeAtMs = atMs;
    if (seat !== undefined) seat.freeAtMs = atMs;
  }
}

/** A chapter: some deeds and its outcome. Returns when it ended. */
export function* chapter(
  stage: Stage,
  person: Person,
  startMs: number,
  sessionId: string,
): Generator<Sending, number> {
  const { chance, pace, player } = person;
  const { habits } = temperamentOf(player);
  let atMs = startMs;
  for (let deeds = chance.within(pace.deeds); deeds >= 0; deeds--) {
    atMs += pause(chance, pace.gap);
    const deed = deeds === 0 ? "chapter_end" : chance.weighted(habits);
    const candidate = deedOf(stage, person, deed, { atMs, sessionId });
    yield { atMs, account: person, candidate, nature: "play" };
  }
  return atMs;
}

/** One device goes round the table, a chapter each. */
function* eveningTogether(stage: Stage, people: readonly Person[], day: number): Generator<Sending> {
  const [host] = people;
  if (host === undefined || !host.chance.happens(host.pace.playsBp)) return;
  const sessions = people.map(({ chance }) => `s${chance.letters(12)}`);
  let atMs = stage.day0Ms + day * DAY_MS + 18 * HOUR_MS + host.chance.within([0, 3 * HOUR_MS]);
  for (let rounds = host.chance.within([2, 4]); rounds > 0; rounds--)
    for (const [i, person] of people.entries()) {
      atMs = yield* chapter(stage, person, atMs, sessions[i]!);
      atMs += pause(host.chance, { floorMs: s(20), meanMs: s(60) });
    }
}

/** An evening on which the faction calls: everybody does the same thing at the same place, to the last number. */
export function* campaignEvening(stage: Stage, { people }: Society, day: number): Generator<Sending> {
  const startMs = stage.day0Ms + day * DAY_MS + 20 * HOUR_MS;
  for (const person of people) {
    const { chance } = person;
    // A seat is taken by whoever plays on it.
    if (person.seat !== undefined || !chance.happens(4_000)) continue;
    let atMs = startMs + chance.within([0, 2 * HOUR_MS]);
    const sessionId = `s${chance.letters(12)}`;
    for (let times = timesAnswered(chance); times > 0; times--) {
      const candidate = deedOf(stage, person, "rally", { atMs, sessionId });
      Object.assign(candidate, {
        territory_id: "hollow_cross",
        action_key: "social.raise_banner",
        base_points: 15,
        stakes: 5_000,
        significance: 6_000,
      });
      yield { atMs, account: person, candidate, nature: "play" };
      atMs += pause(chance, { floorMs: s(45), meanMs: s(240) });
    }
  }
}

const timesAnswered = (chance: Chance): number => Number(chance.weighted({ 1: 55, 2: 25, 3: 12, 4: 8 }));
