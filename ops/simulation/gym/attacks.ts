/**
 * Foul play, each kind as somebody would do it who knows the rules and wants influence. Attackers begin on one of the first
 * three days and don't stop. What they play honestly beside it is `play`; what makes it an attack is `abuse`.
 */
import type { Chance, Range } from "../story/chance.ts";
import type { DeedKind } from "../story/deed-kinds.ts";
import { newcomer } from "../story/players.ts";
import { type Attack, chanceOf, deedOf, keyOf, type Sending, type Stage } from "./accounts.ts";
import { chapter, PACES, type Person } from "./honest.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, pause, SECOND_MS, sittingStart } from "./timing.ts";

type Attacker = Person & { attack: Attack; firstDay: number };
/** Accounts of one hand: a ring on one device, an operator with `budget` deeds a day over all of them, or one alone. */
export type Gang = { kind: Attack; people: Attacker[]; budget: number };

/** Of 100 attackers, how many are of each kind; rings come as whole rings. */
const MIX: Record<Attack, number> = {
  replayed: 11,
  rotated: 11,
  burst: 11,
  clockwork: 11,
  ring: 11,
  drip: 11,
  whale: 6,
  flood: 5,
  farmer: 11,
  sybil: 12,
};

/** Of a typical player's day: 300 points, some 18 deeds. */
export const TYPICAL_DEEDS = 18;
const RING_SIZE: Range = [5, 24];

/** What pays most for its time. */
const LUCRATIVE: readonly DeedKind[] = [
  "siege",
  "siege",
  "quest",
  "binding",
  "discovery",
  "rally",
  "chapter_end",
];
const VARIED: readonly DeedKind[] = [...LUCRATIVE, "skirmish", "scouting", "wandering", "talk"];

/** `attackers` accounts in the mix, or all of one kind. `firstIndex`: of the first account. */
export function conspire(stage: Stage, attackers: number, firstIndex: number, only?: Attack): Gang[] {
  const gangs: Gang[] = [];
  const chance = chanceOf(stage.seed, -3);
  let index = firstIndex;
  const kinds = only === undefined ? (Object.keys(MIX) as Attack[]) : [only];
  const total = kinds.reduce((sum, kind) => sum + MIX[kind], 0);
  for (const kind of kinds) {
    const count = Math.max(1, Math.round((attackers * MIX[kind]) / total));
    for (let left = count; left > 0; ) {
      const size = gangSize(kind, left, chance);
      gangs.push(gangOf(stage, kind, size, index, kind === "sybil" ? TYPICAL_DEEDS * 100 : 0));
      index += size;
      left -= size;
    }
  }
  return gangs;
}

function gangSize(kind: Attack, left: number, chance: Chance): number {
  if (kind === "sybil") return left;
  if (kind !== "ring") return 1;
  // Who would be left over for less than a ring joins the last one.
  const size = chance.within(RING_SIZE);
  return left - size < RING_SIZE[0] ? left : size;
}

export function gangOf(stage: Stage, kind: Attack, size: number, firstIndex: number, budget: number): Gang {
  const people: Attacker[] = [];
  for (let i = 0; i < size; i++) {
    const chance = chanceOf(stage.seed, firstIndex + i);
    const player = newcomer(Object.keys(stage.ruleset.factions), undefined, chance);
    player.factionId = people[0]?.player.factionId ?? player.factionId;
    player.deviceId = (kind === "ring" ? people[0]?.player.deviceId : undefined) ?? `d${chance.letters(12)}`;
    if (kind === "whale" || kind === "flood") player.spendTier = 3;
    const firstDay = chance.within([0, 2]);
    people.push({
      index: firstIndex + i,
      player,
      attack: kind,
      chance,
      made: 0,
      pace: PACES.regular,
      firstDay,
    });
  }
  return { kind, people, budget };
}

/** What a gang does on a day, in no order. */
export function* gangDay(stage: Stage, gang: Gang, day: number): Generator<Sending> {
  const active = gang.people.filter(({ firstDay }) => firstDay <= day);
  const [leader] = active;
  if (leader === undefined) return;
  const dayMs = stage.day0Ms + day * DAY_MS;
  switch (gang.kind) {
    case "replayed":
      return yield* replayed(stage, leader, dayMs);
    case "rotated":
      return yield* rotated(stage, leader, dayMs);
    case "burst":
      return yield* bursts(stage, leader, dayMs);
    case "clockwork":
      return yield* clockwork(stage, leader, dayMs);
    case "ring":
      return yield* ring(stage, active, dayMs);
    case "drip":
      return yield* steadily(stage, leader, dayMs, VARIED, { hours: [3, 16], gapS: [70, 140] });
    case "whale":
      // Bought the best of everything, and an evening's time for it.
      return yield* steadily(stage, leader, dayMs, LUCRATIVE, { hours: [3, 6], gapS: [90, 400] }, rich);
    case "flood":
      // A hundred players' day.
      return yield* budgeted(stage, [leader], TYPICAL_DEEDS * 100, dayMs);
    case "farmer": {
      const deed = leader.chance.pick(["siege", "quest", "discovery", "binding"] as const);
      return yield* steadily(stage, leader, dayMs, [deed], { hours: [2, 6], gapS: [60, 300] }, sameAct);
    }
    case "sybil":
      return yield* budgeted(stage, active, gang.budget, dayMs);
    default:
      return gang.kind satisfies never;
  }
}

/** A sitting of honest play, which an attacker needs something to copy from. */
function sitting(stage: Stage, who: Attacker, dayMs: number): Sending[] {
  const { chance, pace } = who;
  const sessionId = `s${chance.letters(12)}`;
  let atMs = dayMs + sittingStart(chance);
  const sent: Sending[] = [];
  for (let chapters = chance.within(pace.chapters); chapters > 0; chapters--) {
    const told = [...chapter(stage, who, atMs, sessionId)];
    sent.push(...told);
    atMs = told.at(-1)!.atMs + pause(chance, pace.rest);
  }
  return sent;
}

/** The same key again, seconds to a day later; one in five under another body. */
function* replayed(stage: Stage, who: Attacker, dayMs: number): Generator<Sending> {
  const { chance } = who;
  for (const sent of sitting(stage, who, dayMs)) {
    yield sent;
    for (let copies = chance.within([1, 5]); copies > 0; copies--) {
      const atMs = sent.atMs + pause(chance, { floorMs: SECOND_MS, meanMs: 3 * HOUR_MS });
      const greedier = { ...sent.candidate, base_points: sent.candidate.base_points * 2 };
      yield { ...sent, atMs, nature: "abuse", candidate: chance.happens(2_000) ? greedier : sent.candidate };
    }
  }
}

/** The same action under fresh keys, quickly or over the evening. */
function* rotated(stage: Stage, who: Attacker, dayMs: number): Generator<Sending> {
  const { chance } = who;
  for (const sent of sitting(stage, who, dayMs)) {
    yield sent;
    if (!chance.happens(2_000)) continue;
    let atMs = sent.atMs;
    const meanMs = chance.within([20 * SECOND_MS, 30 * MINUTE_MS]);
    for (let copies = chance.within([3, 30]); copies > 0; copies--) {
      atMs += pause(chance, { floorMs: 5 * SECOND_MS, meanMs });
      const occurred_at = new Date(atMs).toISOString();
      const candidate = { ...sent.candidate, idempotency_key: keyOf(who), occurred_at };
      yield { ...sent, atMs, nature: "abuse", candidate };
    }
  }
}

/** A dozen to a hundred deeds within seconds or a few minutes, some times a day. */
function* bursts(stage: Stage, who: Attacker, dayMs: number): Generator<Sending> {
  const { chance } = who;
  for (let times = chance.within([1, 4]); times > 0; times--) {
    let atMs = dayMs + sittingStart(chance);
    const sessionId = `s${chance.letters(12)}`;
    const gapMs = chance.within([50, 4_000]);
    for (let deeds = chance.within([12, 120]); deeds > 0; deeds--) {
      atMs += chance.within([Math.floor(gapMs / 2), gapMs * 2]);
      const candidate = deedOf(stage, who, chance.pick(VARIED), { atMs, sessionId });
      yield { atMs, account: who, candidate, nature: "abuse" };
    }
  }
}

/** A script that waits as long each time, give or take the network and its scheduler. */
function* clockwork(stage: Stage, who: Attacker, dayMs: number): Generator<Sending> {
  const chance = who.chance;
  const everyMs = chance.within([90, 1_200]) * SECOND_MS;
  // Up to 2 s of network, or 1 % of the wait.
  const jitterMs = chance.pick([0, 200, 2 * SECOND_MS, Math.floor(everyMs / 100)]);
  const startMs = dayMs + chance.within([0, 4]) * HOUR_MS;
  const sessionId = `s${chance.letters(12)}`;
  const ends = startMs + chance.within([4, 18]) * HOUR_MS;
  for (let dueMs = startMs; dueMs < ends; dueMs += everyMs) {
    const atMs = dueMs + chance.within([0, jitterMs]);
    const candidate = deedOf(stage, who, chance.pick(VARIED), { atMs, sessionId });
    yield { atMs, account: who, candidate, nature: "abuse" };
  }
}

/** One hand, one device, many accounts: the next account every deed or two, all evening, for one place. */
function* ring(stage: Stage, people: readonly Attacker[], dayMs: number): Generator<Sending> {
  const [leader] = people;
  const { chance } = leader!;
  const sessions = people.map(() => `s${chance.letters(12)}`);
  let atMs = dayMs + sittingStart(chance);
  for (let deeds = chance.within([6, 15]) * people.length; deeds > 0; deeds--) {
    atMs += pause(chance, { floorMs: 10 * SECOND_MS, meanMs: 50 * SECOND_MS });
    const i = deeds % people.length;
    const who = people[i]!;
    const candidate = deedOf(stage, who, chance.pick(LUCRATIVE), { atMs, sessionId: sessions[i]! });
    yield { atMs, account: who, candidate, nature: "abuse" };
  }
}

type Change = (sent: Sending) => Sending;
const asIs: Change = (sent) => sent;

/** Far beyond what a source gives, at the highest stakes. */
const rich: Change = (sent) => {
  Object.assign(sent.candidate, {
    base_points: 10 * sent.candidate.base_points,
    stakes: 10_000,
    significance: 10_000,
  });
  return sent;
};

/** The very same act, never with the very same numbers. */
const sameAct: Change = (sent) => {
  sent.candidate.action_key = `${sent.candidate.category}.farm`;
  sent.candidate.base_points += sent.account.made % 7;
  return sent;
};

/** Deed after deed for hours, at a person's pace but without their rests. */
function* steadily(
  stage: Stage,
  who: Attacker,
  dayMs: number,
  deeds: readonly DeedKind[],
  { hours, gapS }: { hours: Range; gapS: Range },
  change: Change = asIs,
): Generator<Sending> {
  const { chance } = who;
  let atMs = dayMs + chance.within([0, 8 * HOUR_MS]);
  const endsMs = atMs + chance.within([hours[0] * HOUR_MS, hours[1] * HOUR_MS]);
  const sessionId = `s${chance.letters(12)}`;
  for (; atMs < endsMs; atMs += chance.within(gapS) * SECOND_MS + chance.within([0, 999])) {
    const candidate = deedOf(stage, who, chance.pick(deeds), { atMs, sessionId });
    yield change({ atMs, account: who, candidate, nature: "abuse" });
  }
}

/**
 * A budget of deeds a day in equal parts over the accounts, each at the pace of a person as long as its part allows for
 * that, at most 18 hours a day.
 */
function* budgeted(
  stage: Stage,
  people: readonly Attacker[],
  budget: number,
  dayMs: number,
): Generator<Sending> {
  for (const who of people) {
    const { chance } = who;
    const deeds = Math.max(1, Math.floor(budget / people.length));
    const humanMs = 130 * SECOND_MS;
    const meanMs = Math.min(humanMs, Math.floor((18 * HOUR_MS) / deeds));
    let atMs = dayMs + Math.min(sittingStart(chance), DAY_MS - deeds * meanMs);
    const sessionId = `s${chance.letters(12)}`;
    for (let left = deeds; left > 0; left--) {
      atMs += pause(chance, { floorMs: Math.floor(meanMs / 5), meanMs: meanMs - Math.floor(meanMs / 5) });
      const candidate = deedOf(stage, who, chance.pick(VARIED), { atMs, sessionId });
      yield { atMs, account: who, candidate, nature: "abuse" };
    }
  }
}
