/** Council stuffing: accounts that did next to nothing vote in a faction's council beside the members who play in it. */
import type { Ruleset } from "../../../../shared/contracts/ruleset.ts";
import { newcomer } from "../../story/players.ts";
import { type Account, chanceOf, deedOf } from "../accounts.ts";
import { gather } from "../honest.ts";
import { DAY_MS, HOUR_MS } from "../timing.ts";
import { trafficOf } from "../traffic.ts";
import { Judging } from "./judging.ts";

/** Weights of all votes. `refused`: members with points of the week who may not vote. */
type Ballot = { honest: number; stuffed: number; voters: number; refused: number; quorum: number };

const FACTION = "empire";
const PLAYERS = 312;
const DAYS = 8;
/** How much a stuffing account does: one event of a point, some days before the vote. */
const STUFFERS = 100;

/** A week of honest play, then a council in which everybody votes. `aged`: days before the vote on which the stuffers join. */
export function ballotOf(ruleset: Ruleset, seed: number, { aged = 1, points = 1 } = {}): Ballot {
  const judging = new Judging(ruleset, seed);
  const { stage } = judging;
  const society = gather(stage, PLAYERS);
  const voteMs = stage.day0Ms + DAYS * DAY_MS;
  const stuffers = stuffersOf(stage.seed);
  let joined = false;
  const join = () => {
    joined = true;
    for (const [i, account] of stuffers.entries()) {
      const atMs = voteMs - aged * DAY_MS + i;
      const candidate = deedOf(stage, account, "talk", { atMs, sessionId: `s-${i}` });
      judging.send({ ...candidate, base_points: points }, atMs);
    }
  };
  for (const { atMs, candidate } of trafficOf(stage, { society, gangs: [] }, DAYS)) {
    if (!joined && atMs >= voteMs - aged * DAY_MS) join();
    judging.send(candidate, atMs);
  }
  const options = [
    { text: "As it is", effects: [] },
    { text: "Another way", effects: [] },
  ];
  const gm = { type: "gm" as const, id: "gym" };
  const opened = judging.say(
    { kind: "council.open", payload: { faction: FACTION, options }, actor: gm },
    voteMs,
  );
  const ballot: Ballot = { honest: 0, stuffed: 0, voters: 0, refused: 0, quorum: 0 };
  if (opened.kind === "council.open") ballot.quorum = opened.active ?? 0;
  const vote = (user: string, whose: "honest" | "stuffed") => {
    const payload = { user, faction: FACTION, option: 1 };
    const said = judging.say(
      { kind: "council.vote", payload, actor: { type: "player", id: user } },
      voteMs + HOUR_MS,
    );
    if (said.kind !== "council.vote") return;
    ballot[whose] += said.weight ?? 0;
    if (whose === "stuffed" || said.reason === "not_a_member") return;
    if (said.status === "passed") ballot.voters++;
    else ballot.refused++;
  };
  for (const { player } of society.people) if (player.factionId === FACTION) vote(player.userId, "honest");
  for (const { player } of stuffers) vote(player.userId, "stuffed");
  return ballot;
}

function stuffersOf(seed: number): Account[] {
  return Array.from({ length: STUFFERS }, (_, i) => {
    const chance = chanceOf(seed, 1_000_000 + i);
    const player = newcomer([FACTION], undefined, chance);
    return { index: PLAYERS + i, player, chance, made: 0 };
  });
}
