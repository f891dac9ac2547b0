/**
 * The judgement of a candidate: plain data in, a decision out that holds every factor, cap and reason. Pure.
 *
 * The order: season and realm status → references → ban → membership → replay → velocity → patterns and device → factors → caps.
 */

import { CATEGORIES, SOURCES, type ValidCandidate } from "../../shared/contracts/candidate.ts";
import type {
  Accepted,
  Decision,
  Judged,
  QuarantineReason,
  RejectReason,
} from "../../shared/contracts/decision.ts";
import type { JudgementRules } from "../../shared/contracts/ruleset.ts";
import { timeMs } from "../../shared/exact/time.ts";
import { clip, leftToday } from "../../shared/judgement/caps.ts";
import { DAY_MS, dayName, dayOf } from "../../shared/judgement/day.ts";
import { type Explanation, listed } from "../../shared/judgement/explanation.ts";
import { fairnessBp, meanMove, meanPoints, rollingBp, weekBefore } from "../../shared/judgement/fairness.ts";
import { baseMilli, pointsMilli } from "../../shared/judgement/points-formula.ts";
import { refusalReason } from "../../shared/judgement/refusal.ts";
import { hasStanding } from "../../shared/judgement/standing.ts";
import { fingerprintsOf } from "../state/fingerprints.ts";
import { levelBp } from "../state/heat.ts";
import type { PlayerState } from "../state/player.ts";
import { type NormalizerState, type RealmRules, rulesOf } from "../state/state.ts";
import { binding } from "./binding.ts";
import { firstIn } from "./campaign-first.ts";
import { isClockwork } from "./checks/clockwork.ts";
import { isCrowd } from "./checks/device-crowd.ts";
import { quarantineReason, replayReason } from "./checks/replay.ts";
import { type Actors, type Hits, heatOf, heatReason, hitsOf, velocityReason } from "./checks/velocity.ts";
import { antiSpamBp } from "./factors/anti-spam.ts";
import { qualityBp } from "./factors/quality.ts";

/** Decides a candidate under the realm's rules, or under others: a shadow's, a back-test's. */
export function decide(state: NormalizerState, candidate: ValidCandidate): Decision {
  const rules = rulesOf(state);
  const { ruleset } = rules;
  const atMs = timeMs(candidate.received_at);
  const day = realmDay(state, atMs);
  const player = state.players.get(candidate.user_id);

  const refusal =
    refusalReason(rules, state.members.get(candidate.user_id, player?.member), candidate, atMs) ??
    replayReason(player, candidate, atMs) ??
    quarantineReason(state, candidate, atMs);
  if (refusal !== undefined) return rejected(unjudged(candidate, rules, day), refusal);

  const actors = actorsOf(state, candidate, player);
  const { judgement } = ruleset;
  const exact = player?.fingerprintUntil(fingerprintsOf(candidate).fingerprint) ?? 0;
  const hits = hitsOf(actors, exact, atMs, judgement);
  const weighed = weigh(state, candidate, actors, { atMs, day });
  const tooFast = velocityReason(hits, actors.hasDevice, judgement.heat);
  if (tooFast !== undefined) return rejected(heated(weighed, hits, actors), tooFast);

  const suspicion = suspicionOf(candidate, actors, hits, atMs, judgement);
  if (suspicion !== undefined) return quarantined(state, heated(weighed, hits, actors), suspicion);
  return binding(state, firstIn(state, capped(state, weighed, player, day)));
}

/** The realm's calendar day. It never goes back, even where a new ruleset lowers the offset. */
export const realmDay = (state: NormalizerState, atMs: number): number =>
  Math.max(dayOf(atMs, rulesOf(state).ruleset.day_offset_minutes), state.week.day);

function actorsOf(
  state: NormalizerState,
  candidate: ValidCandidate,
  player: PlayerState | undefined,
): Actors {
  const { device_id, session_id } = candidate;
  return {
    player,
    device: device_id === undefined ? undefined : state.devices.get(device_id, player?.device),
    session: session_id === undefined ? undefined : state.sessions.get(session_id, player?.session),
    hasDevice: device_id !== undefined,
    hasSession: session_id !== undefined,
  };
}

function suspicionOf(
  candidate: ValidCandidate,
  { player, device, hasDevice }: Actors,
  hits: Hits,
  atMs: number,
  rules: JudgementRules,
): QuarantineReason | undefined {
  const hot = heatReason(hits, hasDevice, rules.heat);
  if (hot !== undefined) return hot;
  if (hits.fingerprint >= rules.fingerprint.quarantine) return "fingerprint";
  if (player !== undefined && isClockwork(player, atMs, rules.clockwork)) return "clockwork";
  if (hits.device_turns >= rules.device_turns.quarantine) return "device_crowd";
  if (isCrowd(device, candidate.user_id, atMs, rules.device_users)) return "device_crowd";
  return undefined;
}

/** A candidate with its factors and their inputs; `left`: what the caps leave before it. */
type Weighed = { judged: Judged; explanation: Explanation };

function weigh(
  state: NormalizerState,
  candidate: ValidCandidate,
  { player, device }: Actors,
  { atMs, day }: { atMs: number; day: number },
): Weighed {
  const rules = rulesOf(state);
  const { ruleset } = rules;
  const { anti_spam, fairness, quality } = ruleset.judgement;
  const { fine, coarse } = fingerprintsOf(candidate);
  const level = (mark: number, leakSeconds: number) =>
    player === undefined ? 0 : levelBp(player.signatureUntil(mark), atMs, leakSeconds * 1_000);
  const recent = player?.recentPoints(day) ?? 0;
  const mean = meanPoints(weekBefore(state.week, day), fairness);
  const rolling = rollingBp({ recent, mean }, fairness);
  const used = {
    source: player?.pointsOfSource(day, SOURCES.indexOf(candidate.source)) ?? 0,
    user: player?.pointsOf(day) ?? 0,
    device: device?.pointsOf(day) ?? 0,
    rolling,
  };
  const explanation: Explanation = {
    base: baseMilli(candidate, ruleset),
    fine_bp: level(fine, anti_spam.fine_leak_seconds),
    coarse_bp: level(coarse, anti_spam.coarse_leak_seconds),
    categories: categoriesOf(player, candidate, atMs),
    recent,
    mean,
    left: leftToday(used, candidate, ruleset),
  };
  const factors = {
    quality_bp: qualityBp(candidate, quality),
    anti_spam_bp: antiSpamBp(explanation, anti_spam),
    fairness_bp: fairnessBp(rolling, candidate.spend_tier ?? 0, fairness),
  };
  return { judged: judgedAs(candidate, factors, rules, day), explanation };
}

/** Categories of the user's last 24 hours, this action's included. */
function categoriesOf(player: PlayerState | undefined, { category }: ValidCandidate, atMs: number): number {
  let count = 1;
  if (player !== undefined)
    for (let i = 0; i < CATEGORIES.length; i++)
      if (CATEGORIES[i] !== category && player.categoryMs(i) > atMs - DAY_MS) count++;
  return count;
}

/** `normalized`: the worth, then the caps in their order; milli-points. */
function capped(
  state: NormalizerState,
  { judged, explanation }: Weighed,
  player: PlayerState | undefined,
  day: number,
): Accepted {
  const { left, recent } = explanation;
  const { points, clipped } = clip(pointsMilli(explanation.base, judged.factors), left);
  judged.normalized_points = points;
  judged.clipped = clipped;
  left.source -= points;
  left.user_day -= points;
  if (left.device_day !== undefined) left.device_day -= points;
  judged.explain = listed(explanation);
  const { fairness } = rulesOf(state).ruleset.judgement;
  const mean = meanMove(player, { day, before: recent, after: recent + points }, fairness);
  if (mean !== undefined) judged.mean = mean;
  const accepted = judged as Accepted;
  accepted.validity_status = "accepted";
  return accepted;
}

/** A quarantined event that a person releases: its factors are those of its time, the caps are today's. */
export function released(
  state: NormalizerState,
  candidate: ValidCandidate,
  factors: Judged["factors"],
): Accepted {
  const atMs = timeMs(candidate.received_at);
  const day = realmDay(state, atMs);
  const actors = actorsOf(state, candidate, state.players.get(candidate.user_id));
  const weighed = weigh(state, candidate, actors, { atMs, day });
  weighed.judged.factors = factors;
  const accepted = capped(state, weighed, actors.player, day);
  return binding(state, firstIn(state, Object.assign(accepted, { reason: "released" as const })));
}

/** Who has standing finds a place beyond those of the realm; the steward makes room at the cost of others. So many times as many. */
const STANDING_PLACES = 4;

/** Quarantine has room for some events of a user, and for some of a realm. */
function quarantined(state: NormalizerState, judged: Judged, reason: QuarantineReason): Decision {
  const { user_id, received_at } = judged;
  const { quarantine, standing } = rulesOf(state).ruleset.judgement;
  const atMs = timeMs(received_at);
  const recent = state.players.get(user_id)?.recentPoints(realmDay(state, atMs)) ?? 0;
  const sinceMs = state.members.get(user_id)?.sinceMs;
  const stands = hasStanding({ recent, sinceMs }, atMs, standing);
  const places = quarantine.realm_max * (stands ? STANDING_PLACES : 1);
  if ((state.open.get(user_id) ?? 0) >= quarantine.user_max || state.openTotal >= places)
    return rejected(judged, "quarantine_full");
  return Object.assign(judged, {
    validity_status: "quarantined" as const,
    reason,
    ...(stands ? { standing: 1 as const } : {}),
  });
}

/** An input that made the core throw: quarantined with the error, so that it blocks nothing and a game master sees it. */
export function poisoned(state: NormalizerState, candidate: ValidCandidate, error: unknown): Decision {
  const neutral = { quality_bp: 10_000, anti_spam_bp: 10_000, fairness_bp: 10_000 };
  const day = realmDay(state, timeMs(candidate.received_at));
  const judged = judgedAs(candidate, neutral, rulesOf(state), day);
  const decision = quarantined(state, judged, "stage_error");
  return decision.validity_status === "quarantined"
    ? Object.assign(decision, { error: String(error).slice(0, 512) })
    : decision;
}

const rejected = (judged: Judged, reason: RejectReason): Decision =>
  Object.assign(judged, { validity_status: "rejected" as const, reason });

const heated = ({ judged, explanation }: Weighed, hits: Hits, actors: Actors): Judged => {
  judged.explain = listed(explanation);
  judged.heat = heatOf(hits, actors);
  return judged;
};

const unjudged = (candidate: ValidCandidate, rules: RealmRules, day: number): Judged => {
  const quality_bp = qualityBp(candidate, rules.ruleset.judgement.quality);
  return judgedAs(candidate, { quality_bp, anti_spam_bp: 10_000, fairness_bp: 10_000 }, rules, day);
};

const judgedAs = (
  candidate: ValidCandidate,
  factors: Judged["factors"],
  { version }: RealmRules,
  day: number,
): Judged => ({
  ...candidate,
  factors,
  normalized_points: 0,
  clipped: [],
  daily_cap_bucket: dayName(day),
  ruleset_version: version,
});
