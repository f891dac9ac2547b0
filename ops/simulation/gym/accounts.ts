/** Accounts with their labels: who is honest and in what manner, who attacks and how. What the rules must find out. */
import type { Candidate } from "../../../shared/contracts/candidate.ts";
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import { Chance } from "../story/chance.ts";
import type { DeedKind } from "../story/deed-kinds.ts";
import { candidateOf } from "../story/deeds.ts";
import { type Controllers, chooseFront } from "../story/fronts.ts";
import { type Player, temperamentOf } from "../story/players.ts";

/** Each is told apart by what it does; the first five are demanded to be caught, the others to gain nothing. */
export const ATTACKS = [
  "replayed",
  "rotated",
  "burst",
  "clockwork",
  "ring",
  "drip",
  "whale",
  "flood",
  "farmer",
  "sybil",
] as const;
export type Attack = (typeof ATTACKS)[number];

export type Account = {
  /** Place among the accounts of the run. */
  index: number;
  player: Player;
  /** Absent: honest. */
  attack?: Attack;
  /** Chance of its own: honest players do the same whoever attacks beside them. */
  chance: Chance;
  /** Candidates made so far: keys are numbered. */
  made: number;
};

/**
 * One message of the story engine. `play`: something the account did; `retry`: the engine's own repeat of it, which nobody
 * is to blame for; `abuse`: what makes an attack one.
 */
export type Sending = {
  atMs: number;
  account: Account;
  candidate: Candidate;
  nature: "play" | "retry" | "abuse";
};

/** The realm that is played in. `day0Ms`: midnight of the realm's first day. */
export type Stage = {
  realm: string;
  ruleset: Ruleset;
  controllers: Controllers;
  day0Ms: number;
  seed: number;
};

/** Seeds of accounts: far apart for neighbours, by Knuth's multiplicative hash. */
export const chanceOf = (seed: number, index: number): Chance =>
  new Chance(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));

/** From the deed until the engine has judged and sent it. */
const ENGINE_DELAY_MS = [40, 900] as const;

/**
 * What the engine makes of a deed. It rates in bands (base points two fifths above the storyteller's and by fives, stakes and significance by thousands), so that
 * honest actions are now and then alike to the last number.
 */
export function deedOf(
  stage: Stage,
  account: Account,
  deed: DeedKind,
  { atMs, sessionId }: { atMs: number; sessionId: string },
): Candidate {
  const { player, chance } = account;
  const { ruleset, controllers, realm } = stage;
  const front = chooseFront(ruleset, controllers, player.factionId, temperamentOf(player).devoted, chance);
  const candidate = candidateOf(
    deed,
    {
      realm,
      player,
      sessionId,
      idempotencyKey: keyOf(account),
      occurredAtMs: atMs - chance.within(ENGINE_DELAY_MS),
      front,
    },
    chance,
  );
  candidate.base_points = Math.max(5, banded(Math.floor((candidate.base_points * 7) / 5), 5));
  candidate.stakes = banded(candidate.stakes, 1_000);
  candidate.significance = banded(candidate.significance, 1_000);
  return candidate;
}

const banded = (value: number, step: number): number => Math.round(value / step) * step;

export const keyOf = (account: Account): string => `${account.player.userId}.${++account.made}`;
