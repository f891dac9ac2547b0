/**
 * Who sits in a council and what a vote weighs: by a user's points of the last 7 days, which the normalizer alone knows. It
 * decides when a council may open and who votes; the simulator counts. Pure.
 */

import type { ValidCommand } from "../../shared/contracts/command.ts";
import type { CouncilRules } from "../../shared/contracts/politics.ts";
import { byCodeUnit, floorDiv } from "../../shared/exact/integers.ts";
import { timeMs } from "../../shared/exact/time.ts";
import { isClosed } from "../../shared/judgement/admission.ts";
import { isBanned } from "../../shared/judgement/bans.ts";
import { daysOfUserEntry, readMemberEntry } from "../../shared/judgement/caps-entry.ts";
import { recentPoints, weekBefore } from "../../shared/judgement/fairness.ts";
import { factionOf } from "../../shared/judgement/membership.ts";
import { hasStanding, standingLacks } from "../../shared/judgement/standing.ts";
import { effectsReasons } from "../../shared/world/check-ruleset.ts";
import { realmDay } from "../judge/decide.ts";
import { type NormalizerState, rulesOf } from "../state/state.ts";

type Opening = Extract<ValidCommand, { kind: "council.open" }>;
type Voting = Extract<ValidCommand, { kind: "council.vote" }>;
type Refusal = { refusal: string };

/**
 * Seats and the number of the faction's members with standing, or why no council opens. Inactive players are
 * scanned without unpacking them: at 100 000 known players this takes some 0.1 s, once a week and faction.
 */
export function decideCouncil(
  state: NormalizerState,
  { payload: { faction, options }, actor, received_at }: Opening,
): { seats: string[]; active: number } | Refusal {
  const { ruleset, councils } = rulesOf(state);
  const atMs = timeMs(received_at);
  if (isClosed(rulesOf(state))) return { refusal: "realm_closed" };
  if (!Object.hasOwn(ruleset.factions, faction)) return { refusal: "unknown_faction" };
  const last = councils.find((council) => council.faction === faction);
  const gapMs = gapTicks(ruleset.council, actor) * ruleset.tick_seconds * 1_000;
  if (last !== undefined && atMs < last.atMs + gapMs) return { refusal: "too_early" };
  const reasons = options.flatMap(({ effects }) => effectsReasons(effects, ruleset));
  if (reasons.length > 0) return { refusal: reasons.join("; ") };
  const ranked = activeIn(state, faction, realmDay(state, atMs));
  const active = ranked.filter((known) => hasStanding(known, atMs, ruleset.judgement.standing)).length;
  return { seats: ranked.slice(0, ruleset.council.seats).map(({ id }) => id), active };
}

/** The steward counts ticks, which a clock measures only roughly; half the time is enough to see that it asked twice. */
const gapTicks = ({ gap_ticks, every_ticks }: CouncilRules, { type }: Opening["actor"]): number =>
  type === "system" ? floorDiv(every_ticks, 2) : gap_ticks;

type Active = { id: string; recent: number; sinceMs: number };

/** The members of a faction that have any points of the last 7 days, most first, ties by id. */
function activeIn(state: NormalizerState, faction: string, day: number): Active[] {
  const { members, players } = state;
  const ranked: Active[] = [];
  for (const id of players.ids()) {
    const stored = members.peek(id);
    if (stored === undefined) continue;
    const member = typeof stored === "string" ? readMemberEntry(stored) : stored;
    if (factionOf(member, rulesOf(state)) !== faction) continue;
    const recent = pointsOf(players, id, day);
    if (recent > 0) ranked.push({ id, recent, sinceMs: member.sinceMs });
  }
  return ranked.sort((a, b) => b.recent - a.recent || byCodeUnit(a.id, b.id));
}

/** Final milli-points of the last 7 days. Of an inactive player only the days are parsed, since the rest is most of the text. */
function pointsOf(players: NormalizerState["players"], id: string, day: number): number {
  const found = players.peek(id);
  if (found === undefined) return 0;
  if (typeof found !== "string") return found.recentPoints(day);
  return recentPoints(daysOfUserEntry(found), day);
}

/** The council that a vote is for and what it weighs, or why it doesn't count. Users vote for themselves only. */
export function decideVote(
  state: NormalizerState,
  { actor, payload: { user, faction, option }, received_at }: Voting,
): { council: string; weight: number } | Refusal {
  const { ruleset, councils } = rulesOf(state);
  if (actor.type !== "player" || actor.id !== user) return { refusal: "not_allowed" };
  if (isClosed(rulesOf(state))) return { refusal: "realm_closed" };
  if (isBanned(rulesOf(state).bans, user, timeMs(received_at))) return { refusal: "banned" };
  const member = state.members.get(user);
  const own = factionOf(member, rulesOf(state));
  if (member === undefined || own === undefined) return { refusal: "not_a_member" };
  if (own !== faction) return { refusal: "faction_mismatch" };
  const council = councils.find((each) => each.faction === faction);
  if (council === undefined) return { refusal: "no_council" };
  if (member.voted === council.id) return { refusal: "already_voted" };
  if (option >= council.options) return { refusal: "unknown_option" };
  const atMs = timeMs(received_at);
  const day = realmDay(state, atMs);
  const recent = pointsOf(state.players, user, day);
  const lacks = standingLacks({ recent, sinceMs: member.sinceMs }, atMs, ruleset.judgement.standing);
  if (lacks !== undefined) return { refusal: lacks === "points" ? "no_points" : "too_new" };
  const { points: total, users } = weekBefore(state.week, day);
  const { mean_min } = ruleset.judgement.fairness;
  const mean = Math.max(users === 0 ? 0 : floorDiv(total, users), mean_min * 1_000);
  return { council: council.id, weight: voteWeight(recent, mean) };
}

/** What a vote of a user with standing weighs: 2 for R ≥ M, 3 for R ≥ 3M, milli-points, else 1. */
export const voteWeight = (recent: number, mean: number): 1 | 2 | 3 =>
  recent >= 3 * mean ? 3 : recent >= mean ? 2 : 1;
