/** Cheats: accounts that a script plays, for the judgement to catch. Each repeats one deed faster than any person. Pure but for its chance. */
import type { Candidate } from "../../../shared/contracts/candidate.ts";
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import type { Chance, Range } from "./chance.ts";
import { candidateOf } from "./deeds.ts";
import { type Controllers, chooseFront } from "./fronts.ts";
import { newcomer } from "./players.ts";

const DEEDS = 24;
const GAP_MS: Range = [200, 600];

/** What a script sends from `atMs` on, ms since 1970, each with its time. */
export function scripted(
  options: { realm: string; ruleset: Ruleset; controllers: Controllers; atMs: number },
  chance: Chance,
): { atMs: number; candidate: Candidate }[] {
  const { realm, ruleset, controllers } = options;
  const player = newcomer(Object.keys(ruleset.factions), undefined, chance);
  const sessionId = `s${chance.letters(12)}`;
  const front = chooseFront(ruleset, controllers, player.factionId, true, chance);
  let { atMs } = options;
  return Array.from({ length: DEEDS }, (_, n) => {
    atMs += chance.within(GAP_MS);
    const moment = {
      ...{ realm, player, sessionId, front },
      idempotencyKey: `${sessionId}.x${n}`,
      occurredAtMs: atMs - 100,
    };
    return { atMs, candidate: candidateOf("siege", moment, chance) };
  });
}
