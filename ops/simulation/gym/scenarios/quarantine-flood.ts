/**
 * Quarantine flood: new accounts fill every place of the realm's quarantine with bursts, so that what honest players do in a hurry would
 * be rejected for good instead of waiting for a person.
 */

import type { Ruleset } from "../../../../shared/contracts/ruleset.ts";
import { Quarantine } from "../../../../shared/quarantine/quarantine.ts";
import { dueRejections } from "../../../../simulator/duties/due-rejections.ts";
import { newcomer } from "../../story/players.ts";
import { type Account, chanceOf, deedOf } from "../accounts.ts";
import { gather } from "../honest.ts";
import { DAY_MS, MINUTE_MS } from "../timing.ts";
import { trafficOf } from "../traffic.ts";
import { Judging } from "./judging.ts";

export type Flood = {
  /** Events of honest players that were to wait, and those that were rejected because the quarantine was full. */
  honest: number;
  lost: number;
  /** Events of the flood that gave way, and those that are open in the end. */
  gaveWay: number;
  open: number;
};

const PLAYERS = 200;
const DAYS = 5;
const FLOODERS = 1_250;
/** Events of an account that are to wait; 1 250 accounts fill the realm's places with them. */
const WAITING = 4;
/** Deeds of one account within a second, at most: beyond a person's burst, and short of a rejection. */
const MOST_DEEDS = 19;
const HURRIED = 14;

/** Five days of honest play, the flood within 17 minutes, then a hurried burst of fourteen honest players, as the steward makes room. */
export function floodOf(ruleset: Ruleset, seed: number): Flood {
  const judging = new Judging(ruleset, seed);
  const { stage } = judging;
  const society = gather(stage, PLAYERS);
  for (const { atMs, candidate } of trafficOf(stage, { society, gangs: [] }, DAYS))
    judging.send(candidate, atMs);
  const quarantine = new Quarantine();
  quarantine.ruleset = ruleset;
  const flood: Flood = { honest: 0, lost: 0, gaveWay: 0, open: 0 };
  const floodMs = stage.day0Ms + DAYS * DAY_MS;

  /** Deeds at once; what of them waits goes into the quarantine. */
  const burst = (account: Account, name: string, atMs: number): { waited: number; full: number } => {
    const told = { waited: 0, full: 0 };
    for (let n = 0; n < MOST_DEEDS && told.waited + told.full < WAITING; n++) {
      const deed = deedOf(stage, account, "talk", { atMs: atMs + n * 20, sessionId: `${name}-${n >> 2}` });
      const decision = judging.send({ ...deed, stakes: 1_000 + n * 17 }, atMs + n * 20);
      if (decision.validity_status === "quarantined") {
        quarantine.open.set(decision.event_id, decision);
        told.waited++;
      } else if (decision.reason === "quarantine_full") told.full++;
    }
    return told;
  };
  const makeRoom = (atMs: number) => {
    for (const command of dueRejections(quarantine, stage.realm, atMs)) {
      if (command.kind !== "review.reject") continue;
      const { kind, payload, actor } = command;
      if (judging.say({ kind, payload, actor }, atMs).status !== "applied") continue;
      quarantine.open.delete(payload.event);
      flood.gaveWay++;
    }
  };
  for (let i = 0; i < FLOODERS; i++) {
    const chance = chanceOf(seed, 3_000_000 + i);
    const player = newcomer(Object.keys(ruleset.factions), undefined, chance);
    burst({ index: PLAYERS + i, player, chance, made: 0 }, `f${i}`, floodMs + i * 800);
  }
  makeRoom(floodMs + 17 * MINUTE_MS);
  // Who is hurried has played for days: a newcomer has no standing yet.
  const hurried = society.people
    .filter(({ player }) => judging.hasStanding(player.userId, floodMs))
    .slice(0, HURRIED);
  for (const [i, account] of hurried.entries()) {
    const atMs = floodMs + (20 + i) * MINUTE_MS;
    const { waited, full } = burst(account, `h${i}`, atMs);
    flood.honest += waited + full;
    flood.lost += full;
    makeRoom(atMs + MINUTE_MS);
  }
  flood.open = quarantine.open.size;
  return flood;
}
