/** The labelled traffic of a realm, in the order in which it reaches the stream: honest days, attacks, and the engine's own mishaps. */
import { type Attack, chanceOf, type Sending, type Stage } from "./accounts.ts";
import { conspire, type Gang, gangDay } from "./attacks.ts";
import { campaignEvening, gather, honestDay, type Society } from "./honest.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, pause, SECOND_MS } from "./timing.ts";

/** Days on which the honest are called to the same deed. */
const CAMPAIGN_EVERY_DAYS = 5;
/** Of 10 000 honest candidates, how many the engine sends again. */
const RETRIES_BP = 60;
/** The engine stands still for some minutes on every other day, then sends what it held at once. */
const STALL_MS = [MINUTE_MS, 4 * MINUTE_MS] as const;

export type Cast = { society: Society; gangs: Gang[] };

/** The cast of a run: `players` honest people, and attackers so that these are `attackBp` of 10 000 accounts. */
export function castOf(stage: Stage, players: number, attackBp: number, only?: Attack): Cast {
  const society = gather(stage, players);
  const attackers = Math.round((players * attackBp) / (10_000 - attackBp));
  return { society, gangs: attackers === 0 ? [] : conspire(stage, attackers, players, only) };
}

/** Everything sent within `days`, ordered by time. */
export function* trafficOf(stage: Stage, { society, gangs }: Cast, days: number): Generator<Sending> {
  const chance = chanceOf(stage.seed, -4);
  let later: Sending[] = [];
  for (let day = 0; day < days; day++) {
    const endsMs = stage.day0Ms + (day + 1) * DAY_MS;
    const stall = stallOf(day);
    const today: Sending[] = [];
    const plan = (sent: Sending) => {
      if (sent.atMs >= stall.fromMs && sent.atMs < stall.untilMs)
        sent.atMs = stall.untilMs + sent.account.chance.within([0, 5 * SECOND_MS]);
      (sent.atMs < endsMs ? today : later).push(sent);
    };
    const planned = later;
    later = [];
    for (const sent of planned) plan(sent);
    for (const sent of honestDay(stage, society, day)) {
      plan(sent);
      if (chance.happens(RETRIES_BP)) plan(retryOf(sent));
    }
    if (day % CAMPAIGN_EVERY_DAYS === 2) for (const sent of campaignEvening(stage, society, day)) plan(sent);
    for (const gang of gangs) for (const sent of gangDay(stage, gang, day)) plan(sent);
    yield* today.sort((a, b) => a.atMs - b.atMs);
  }

  function stallOf(day: number): { fromMs: number; untilMs: number } {
    if (day % 2 === 0) return { fromMs: 0, untilMs: 0 };
    const fromMs = stage.day0Ms + day * DAY_MS + chance.within([0, 23 * HOUR_MS]);
    return { fromMs, untilMs: fromMs + chance.within(STALL_MS) };
  }

  /** Most retries come at once, some after the engine's restart. */
  function retryOf(sent: Sending): Sending {
    const atMs = sent.atMs + pause(chance, { floorMs: 500, meanMs: 20 * MINUTE_MS });
    return { ...sent, atMs, nature: "retry" };
  }
}
