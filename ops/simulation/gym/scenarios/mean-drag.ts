/**
 * Mean drag: accounts that do next to nothing lower the mean of the realm, so that everybody who plays counts as ahead of it. What
 * honest players earn in the second week, with such accounts and without.
 */
import type { Candidate } from "../../../../shared/contracts/candidate.ts";
import type { Ruleset } from "../../../../shared/contracts/ruleset.ts";
import { newcomer } from "../../story/players.ts";
import { chanceOf, deedOf } from "../accounts.ts";
import { gather } from "../honest.ts";
import { DAY_MS, HOUR_MS } from "../timing.ts";
import { trafficOf } from "../traffic.ts";
import { Judging } from "./judging.ts";

export type Drag = {
  seed: number;
  /** Dummies for each honest player. */
  each: number;
  /** What a dummy's event is worth, points. */
  points?: number;
};

const PLAYERS = 150;
const DAYS = 14;
/** A dummy plays one event on each. */
const DUMMY_DAYS = [1, 5, 9];

/** Milli-points of the honest players in the second week. */
function earnedWith(ruleset: Ruleset, { seed, each, points = 1 }: Drag): number {
  const judging = new Judging(ruleset, seed);
  const { stage } = judging;
  const society = gather(stage, PLAYERS);
  const waiting = dummyPlay(judging, each, points);
  let earned = 0;
  for (const { atMs, candidate } of trafficOf(stage, { society, gangs: [] }, DAYS)) {
    for (; waiting.length > 0 && waiting.at(-1)!.atMs <= atMs; waiting.pop())
      judging.send(waiting.at(-1)!.candidate, waiting.at(-1)!.atMs);
    const { validity_status, normalized_points } = judging.send(candidate, atMs);
    if (validity_status === "accepted" && atMs >= stage.day0Ms + 7 * DAY_MS) earned += normalized_points;
  }
  return earned;
}

/** The latest first. */
function dummyPlay(
  { stage }: Judging,
  each: number,
  points: number,
): { atMs: number; candidate: Candidate }[] {
  const factions = Object.keys(stage.ruleset.factions);
  const play = Array.from({ length: PLAYERS * each }, (_, i) => {
    const chance = chanceOf(stage.seed, 2_000_000 + i);
    const account = { index: PLAYERS + i, player: newcomer(factions, undefined, chance), chance, made: 0 };
    return DUMMY_DAYS.map((day) => {
      const atMs = stage.day0Ms + day * DAY_MS + chance.within([0, 20 * HOUR_MS]);
      const candidate = deedOf(stage, account, "talk", { atMs, sessionId: `s-${i}-${day}` });
      return { atMs, candidate: { ...candidate, base_points: points } };
    });
  });
  return play.flat().sort((a, b) => b.atMs - a.atMs);
}

/** The part of their points that honest players lose to the dummies. */
export const lostTo = (ruleset: Ruleset, drag: Drag): number =>
  1 - earnedWith(ruleset, drag) / earnedWith(ruleset, { ...drag, each: 0 });
