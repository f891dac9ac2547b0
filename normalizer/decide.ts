/** The judgement of a candidate: plain data in, a decision out that holds every factor, cap and reason. Pure. */

import { checkRuleset } from "../shared/check-ruleset.ts";
import type { ValidCandidate } from "../shared/contracts/candidate.ts";
import type { DecidedCommand, ValidCommand } from "../shared/contracts/command.ts";
import type { Decision, QuarantineReason, RejectReason } from "../shared/contracts/decision.ts";
import { mul } from "../shared/integers.ts";
import { timeMs } from "../shared/time.ts";
import { baseMilli } from "./factors/base.ts";
import { clip } from "./factors/caps.ts";
import { dayOf } from "./factors/day.ts";
import { contentHash } from "./factors/fingerprint.ts";
import { qualityBp } from "./factors/quality.ts";
import { type NormalizerState, type RealmRules, SEEN_MAX, SEEN_MS } from "./state.ts";

/** Decides a candidate in the realm's order: status → references → membership → replay → factors → caps. */
export function decide(state: NormalizerState, candidate: ValidCandidate): Decision {
  const rules = rulesOf(state);
  const { ruleset } = rules;
  const atMs = timeMs(candidate.received_at);
  const bucket = dayOf(atMs, ruleset.day_offset_minutes);
  const factors = { quality_bp: qualityBp(candidate), anti_spam_bp: 10_000, fairness_bp: 10_000 };
  const judged = { factors, daily_cap_bucket: bucket, ruleset_version: rules.version };

  const refusal = refusalOf(state, rules, candidate, atMs);
  if (refusal !== undefined) {
    const verdict = { validity_status: "rejected", reason: refusal } as const;
    return { ...candidate, ...judged, normalized_points: 0, clipped: [], ...verdict };
  }

  const worth = mul(
    mul(mul(baseMilli(candidate, ruleset), factors.quality_bp), factors.anti_spam_bp),
    factors.fairness_bp,
  );
  const usedToday = state.players.get(candidate.user_id)?.days.get(bucket) ?? 0;
  const { points, clipped } = clip(worth, [
    { by: "user_day", left: ruleset.caps.user_day * 1_000 - usedToday },
  ]);
  return { ...candidate, ...judged, normalized_points: points, clipped, validity_status: "accepted" };
}

function refusalOf(
  state: NormalizerState,
  rules: RealmRules,
  candidate: ValidCandidate,
  atMs: number,
): RejectReason | undefined {
  const { ruleset } = rules;
  if (rules.status === "season_end") return "realm_closed";
  if (!Object.hasOwn(ruleset.factions, candidate.faction_id)) return "unknown_faction";
  if (candidate.territory_id !== undefined && !Object.hasOwn(ruleset.territories, candidate.territory_id))
    return "unknown_territory";
  if (candidate.relic_id !== undefined && !Object.hasOwn(ruleset.relics, candidate.relic_id))
    return "unknown_relic";
  if (candidate.campaign_id !== undefined) return "unknown_campaign";
  const member = state.members.get(candidate.user_id);
  if (member === undefined ? ruleset.membership === "assigned" : member.faction !== candidate.faction_id)
    return member === undefined ? "not_a_member" : "faction_mismatch";
  const player = state.players.get(candidate.user_id);
  const seen = player?.seen.get(candidate.event_id);
  if (seen !== undefined && seen.atMs > atMs - SEEN_MS)
    return seen.hash === contentHash(candidate) ? "duplicate" : "key_conflict";
  if (player !== undefined && player.seen.size >= SEEN_MAX && oldest(player.seen).atMs > atMs - SEEN_MS)
    return "velocity_user";
  return undefined;
}

const oldest = <V>(map: ReadonlyMap<string, V>): V => map.values().next().value!;

/** An input that made the core throw: quarantined with the error, so that it blocks nothing and a person sees it. */
export function quarantine(
  state: NormalizerState,
  candidate: ValidCandidate,
  reason: QuarantineReason,
  error: unknown,
): Decision {
  const rules = rulesOf(state);
  return {
    ...candidate,
    factors: { quality_bp: 10_000, anti_spam_bp: 10_000, fairness_bp: 10_000 },
    normalized_points: 0,
    clipped: [],
    daily_cap_bucket: dayOf(timeMs(candidate.received_at), rules.ruleset.day_offset_minutes),
    ruleset_version: rules.version,
    validity_status: "quarantined",
    reason,
    error: String(error).slice(0, 512),
  };
}

/** Decides a command: applied here, refused with a reason, or passed on to the simulator. */
export function decideCommand(state: NormalizerState, command: ValidCommand): DecidedCommand {
  const rules = rulesOf(state);
  const refused = (reason: string): DecidedCommand => ({ ...command, status: "refused", reason });
  if (rules.commands.has(command.command_id)) return refused("duplicate");
  switch (command.kind) {
    case "tick.run":
      return rules.status === "active"
        ? { ...command, status: "passed" }
        : refused(`realm is in ${rules.status}`);
    case "realm.status":
      return { ...command, status: "applied" };
    case "ruleset.set": {
      const problems = checkRuleset(command.payload.ruleset);
      return problems.length > 0
        ? refused(problems.join("; ").slice(0, 4_096))
        : { ...command, status: "applied", ruleset_version: rules.version + 1 };
    }
    default:
      return refused("not_supported");
  }
}

function rulesOf(state: NormalizerState): RealmRules {
  if (state.rules === undefined) throw new Error("the realm has no ruleset: EVENTS doesn't start with one");
  return state.rules;
}
