/**
 * A crowd's play: the gym's honest people (five paces, evenings, families, campaign evenings, stalls of the engine), with
 * quieter working days, through the real normalizer. What it gives does not hang on where people push, so a crowd is played
 * once and then fights under any numbers of the contest.
 */

import { foldCandidate } from "../../../normalizer/core.ts";
import { evolveCommand } from "../../../normalizer/judge/evolve.ts";
import { takeChanged } from "../../../normalizer/state/changed.ts";
import { initialState } from "../../../normalizer/state/initial-state.ts";
import type { Accepted } from "../../../shared/contracts/decision.ts";
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import { eventId } from "../../../shared/exact/identity.ts";
import { floorDiv } from "../../../shared/exact/integers.ts";
import { timeText } from "../../../shared/exact/time.ts";
import { chanceOf, type Sending, type Stage } from "../gym/accounts.ts";
import { gather } from "../gym/honest.ts";
import { firstRuleset } from "../gym/season.ts";
import { DAY_MS, MINUTE_MS } from "../gym/timing.ts";
import { trafficOf } from "../gym/traffic.ts";
import { firstControllers } from "../story/fronts.ts";

/** An accepted event. `player`: place in the crowd; `points`: final milli-points, after factors and caps. */
export type Deed = { event_id: string; player: number; points: number; moves: Accepted["event_type"] };

/** Of 10 000 players who would play on a working day, how many don't. */
const WORKING_DAY_REST_BP = 2_000;

/** Deeds by tick from 0, `days` of them. The first day is a Monday. */
export function playedBy(ruleset: Ruleset, seed: number, players: number, days: number): Deed[][] {
  const realm = "balance";
  const stage: Stage = {
    realm,
    ruleset,
    controllers: firstControllers(ruleset),
    day0Ms: Date.UTC(2026, 2, 2) - ruleset.day_offset_minutes * MINUTE_MS,
    seed,
  };
  const tickMs = ruleset.tick_seconds * 1_000;
  const ticks: Deed[][] = Array.from({ length: floorDiv(days * DAY_MS, tickMs) }, () => []);
  const state = initialState(realm);
  evolveCommand(state, firstRuleset(realm, ruleset, timeText(stage.day0Ms)));
  let seq = 0;
  for (const sending of trafficOf(stage, { society: gather(stage, players), gangs: [] }, days)) {
    if (rests(stage, sending)) continue;
    const { atMs, account, candidate } = sending;
    const decision = foldCandidate(state, {
      ...candidate,
      event_id: eventId(realm, candidate.user_id, candidate.idempotency_key),
      received_at: timeText(atMs),
      source_seq: ++seq,
    });
    takeChanged(state);
    if (decision.validity_status !== "accepted" || decision.normalized_points === 0) continue;
    const { event_id, normalized_points: points, event_type: moves } = decision;
    ticks[floorDiv(atMs - stage.day0Ms, tickMs)]?.push({ event_id, player: account.index, points, moves });
  }
  return ticks;
}

function rests({ seed, day0Ms }: Stage, { account, atMs }: Sending): boolean {
  const day = floorDiv(atMs - day0Ms, DAY_MS);
  return day % 7 < 5 && chanceOf(seed + day + 1, account.index).happens(WORKING_DAY_REST_BP);
}
