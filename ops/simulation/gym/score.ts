/** What the judgement is worth, from labelled outcomes. Pure; ratios are floats, since nothing here is part of the world. */
import { median } from "../../tools/median.ts";
import { ATTACKS, type Attack } from "./accounts.ts";
import type { AccountResult } from "./season.ts";

/** Honest players whose play time is nearest to an attacker's: what they have is what that time is worth. */
const PEERS = 50;

/** An account is accused when an event of it was quarantined (or refused for want of room there) or rejected for velocity. */
export const accused = ({
  quarantined,
  velocity,
}: Pick<AccountResult, "quarantined" | "velocity">): boolean => quarantined + velocity > 0;

/**
 * An attacker is caught when accused, and one who only sends known keys again when not one of these counted. That a key was
 * known is a fact and no accusation: a `duplicate` of the engine's own retry neither touches an honest player nor lowers
 * precision.
 */
export const caught = (outcome: AccountResult): boolean =>
  accused(outcome) || (outcome.attack === "replayed" && outcome.replays > 0 && outcome.abusesAccepted === 0);

type AttackScore = {
  accounts: number;
  caught: number;
  /** Caught accounts of all; NaN without any. */
  recall: number;
  abuses: number;
  /** Abusive events that didn't count, of all. */
  eventRecall: number;
  /** Milli-points a day of an account. */
  pointsPerDay: number;
  /** What its accounts have beyond what an honest player of the same play time has, of all points of the realm. */
  leakedShare: number;
};

export type Score = {
  honest: number;
  attackers: number;
  events: number;
  /** Attackers caught, of all accounts caught or accused. */
  precision: number;
  /** Events quarantined or rejected for velocity that were an attacker's, of all such. */
  eventPrecision: number;
  /** Of the honest, how many had an event quarantined, and how many one rejected for velocity. */
  honestQuarantined: number;
  honestVelocity: number;
  attacks: Map<Attack, AttackScore>;
  /** All points that attackers have beyond what their play time is worth, of all points. */
  leakedShare: number;
  /** Median of the points that an honest player has on a day with any; milli-points. */
  typicalDay: number;
  /** A day's points of an account with 100 times the volume, in typical days. */
  hundredfold: number;
};

export function scoreOf(outcomes: Iterable<AccountResult>, days: number): Score {
  const all = [...outcomes];
  const honest = all.filter(({ attack }) => attack === undefined);
  const attackers = all.filter(({ attack }) => attack !== undefined);
  const points = sum(all, (each) => each.points);
  const worth = worthOfTime(honest);
  const attacks = new Map<Attack, AttackScore>();
  for (const attack of ATTACKS) {
    const accounts = attackers.filter((each) => each.attack === attack);
    if (accounts.length > 0) attacks.set(attack, attackScore(accounts, worth, points, days));
  }
  const accusedEvents = (of: readonly AccountResult[]) => sum(of, (each) => each.quarantined + each.velocity);
  const typicalDay = median(honest.flatMap(({ pointsByDay }) => [...pointsByDay.values()]));
  const flood = attacks.get("flood");
  return {
    honest: honest.length,
    attackers: attackers.length,
    events: sum(all, ({ sent }) => sent),
    precision: ratio(count(attackers, caught), count(attackers, caught) + count(honest, accused)),
    eventPrecision: ratio(accusedEvents(attackers), accusedEvents(all)),
    honestQuarantined: ratio(
      count(honest, (each) => each.quarantined > 0),
      honest.length,
    ),
    honestVelocity: ratio(
      count(honest, (each) => each.velocity > 0),
      honest.length,
    ),
    attacks,
    leakedShare: [...attacks.values()].reduce((total, each) => total + each.leakedShare, 0),
    typicalDay,
    hundredfold: flood === undefined ? Number.NaN : flood.pointsPerDay / typicalDay,
  };
}

function attackScore(
  accounts: readonly AccountResult[],
  worth: (playMs: number) => number,
  points: number,
  days: number,
): AttackScore {
  const abuses = sum(accounts, (each) => each.abuses);
  const leaked = sum(accounts, (each) => Math.max(0, each.points - worth(each.playMs)));
  return {
    accounts: accounts.length,
    caught: count(accounts, caught),
    recall: ratio(count(accounts, caught), accounts.length),
    abuses,
    eventRecall: ratio(abuses - sum(accounts, (each) => each.abusesAccepted), abuses),
    pointsPerDay: sum(accounts, (each) => each.points) / accounts.length / days,
    leakedShare: ratio(leaked, points),
  };
}

/**
 * What an honest player of the same play time has, milli-points: the mean of the 50 whose time is nearest in rank. Beyond the
 * busiest of them more time is worth no more: nobody honest plays all day.
 */
export function worthOfTime(
  honest: readonly Pick<AccountResult, "playMs" | "points">[],
): (playMs: number) => number {
  const byTime = honest.toSorted((a, b) => a.playMs - b.playMs);
  return (playMs) => {
    let rank = byTime.findIndex((each) => each.playMs >= playMs);
    if (rank === -1) rank = byTime.length;
    const from = Math.max(0, Math.min(rank - PEERS / 2, byTime.length - PEERS));
    const peers = byTime.slice(from, from + PEERS);
    return ratio(
      sum(peers, ({ points }) => points),
      peers.length,
    );
  };
}

export const ratio = (part: number, whole: number): number => (whole === 0 ? Number.NaN : part / whole);

const sum = <T>(list: readonly T[], of: (each: T) => number): number =>
  list.reduce((total, each) => total + of(each), 0);
const count = <T>(list: readonly T[], is: (each: T) => boolean): number => list.filter(is).length;
