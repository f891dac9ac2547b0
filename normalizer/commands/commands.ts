/** Decides a command: applied here, refused with a reason, or passed on to the simulator. Pure. */

import { isPlayersKind, type ValidCommand } from "../../shared/contracts/command.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { timeMs } from "../../shared/exact/time.ts";
import { type Admission, isClosed, MAX_VOIDS } from "../../shared/judgement/admission.ts";
import { isBanned, lasting, MAX_BANS } from "../../shared/judgement/bans.ts";
import { DAY_MS, WINDOW_DAYS } from "../../shared/judgement/day.ts";
import { factionOf, movesFromMs } from "../../shared/judgement/membership.ts";
import { stepsOf } from "../../shared/world/campaign-steps.ts";
import { checkRuleset, effectsReasons, stepsReasons } from "../../shared/world/check-ruleset.ts";
import { eventFingerprint } from "../state/fingerprints.ts";
import { type Decided, type NormalizerState, rulesOf } from "../state/state.ts";
import { decideCouncil, decideVote } from "./council.ts";
import { decideReview } from "./review.ts";

export function decideCommand(state: NormalizerState, command: ValidCommand): Decided {
  const rules = rulesOf(state);
  const refused = (reason: string): Decided => ({ command: { ...command, status: "refused", reason } });
  const passed: Decided = { command: { ...command, status: "passed" } };
  const applied: Decided = { command: { ...command, status: "applied" } };
  const atMs = timeMs(command.received_at);
  if (state.commands.has(command, atMs)) return refused("duplicate");
  if (command.actor.type === "player" && !isPlayersKind(command.kind)) return refused("not_allowed");
  switch (command.kind) {
    case "tick.run":
      return rules.status === "maintenance" ? refused("realm is in maintenance") : passed;
    case "realm.status":
      // A closed season is over: only the next season opens the realm to candidates again.
      return command.payload.status === "active" && rules.season_closed === 1
        ? refused("season_closed")
        : applied;
    case "shadow.clear":
    // These are for the record alone; the archive stores each once.
    case "chapter.receipt":
    case "activity.daily":
      return applied;
    case "ruleset.set": {
      const { if_version = rules.version } = command.payload;
      if (if_version !== rules.version) return refused(`version ${rules.version} is in force`);
      const problems = checkRuleset(command.payload.ruleset);
      return problems.length > 0
        ? refused(problems.join("; ").slice(0, 4_096))
        : { command: { ...command, status: "applied", ruleset_version: rules.version + 1 } };
    }
    case "shadow.set": {
      const problems = checkRuleset(command.payload.ruleset);
      return problems.length > 0 ? refused(problems.join("; ").slice(0, 4_096)) : applied;
    }
    case "member.join":
    case "member.switch":
    case "member.leave": {
      const reason = membershipRefusal(state, command);
      return reason === undefined ? applied : refused(reason);
    }
    case "review.release":
    case "review.reject": {
      const review = decideReview(state, command);
      return "refusal" in review ? refused(review.refusal) : { ...applied, decision: review.decision };
    }
    case "sovereign.propose":
    case "sovereign.counter": {
      const reason = partyRefusal(state, command, atMs);
      return reason === undefined ? passed : refused(reason);
    }
    case "council.open": {
      const council = decideCouncil(state, command);
      return "refusal" in council ? refused(council.refusal) : { command: { ...passed.command, ...council } };
    }
    case "council.vote": {
      const vote = decideVote(state, command);
      return "refusal" in vote ? refused(vote.refusal) : { command: { ...passed.command, ...vote } };
    }
    case "decree": {
      const reasons = effectsReasons(command.payload.effects, rules.ruleset);
      if (command.actor.type !== "gm") return refused("not_allowed");
      return reasons.length === 0 ? passed : refused(reasons.join("; "));
    }
    case "campaign.open": {
      const reason = campaignRefusal(rules, command);
      return reason === undefined ? passed : refused(reason);
    }
    case "season.close":
    case "season.open": {
      const reason = seasonRefusal(rules, command.kind);
      return reason === undefined ? passed : refused(reason);
    }
    case "world.correct":
    case "effect.end":
    case "effect.restore":
      return command.actor.type === "gm" ? passed : refused("not_allowed");
    case "event.void":
    case "event.restore": {
      const reason = voidRefusal(rules, command);
      return reason === undefined ? passed : refused(reason);
    }
    case "user.ban":
    case "user.unban": {
      const reason = banRefusal(rules, command);
      return reason === undefined ? passed : refused(reason);
    }
    case "campaign.close":
    case "resource.grant":
    case "resource.spend":
      return passed;
    default:
      // The gate of a later release may let through a kind that this release doesn't know.
      throw new Error(`no command is named ${(command satisfies never as ValidCommand).kind}`);
  }
}

/** A player acts for the faction that they belong to, while a season lasts; the simulator knows whether they have a seat. */
function partyRefusal(
  state: NormalizerState,
  { actor, payload }: Extract<ValidCommand, { kind: "sovereign.propose" | "sovereign.counter" }>,
  atMs: number,
): string | undefined {
  if (isClosed(rulesOf(state))) return "realm_closed";
  if (actor.type !== "player") return undefined;
  if (isBanned(rulesOf(state).bans, actor.id, atMs)) return "banned";
  const own = factionOf(state.members.get(actor.id), rulesOf(state));
  if (own === undefined) return "not_a_member";
  if (own !== payload.faction) return "faction_mismatch";
  return state.commands.isFull(actor.id, atMs) ? "too_many" : undefined;
}

/** An event counts in the judgement for a week; the world knows what is void. */
function voidRefusal(
  { season_seq, voids, ruleset }: Admission & { ruleset: Ruleset },
  { kind, actor, payload, received_at }: Extract<ValidCommand, { kind: "event.void" | "event.restore" }>,
): string | undefined {
  if (actor.type !== "gm") return "not_allowed";
  const { event, counted } = payload;
  if (counted === undefined) return "unknown_event";
  if (!Object.hasOwn(ruleset.factions, counted.faction)) return "unknown_faction";
  const isVoid = Object.hasOwn(voids, event);
  if (kind === "event.restore") return isVoid ? undefined : "not_void";
  if (isVoid) return "already_void";
  const tooOld = timeMs(counted.received_at) <= timeMs(received_at) - WINDOW_DAYS * DAY_MS;
  if (tooOld || counted.source_seq < season_seq) return "too_old";
  return Object.keys(voids).length >= MAX_VOIDS ? "too_many" : undefined;
}

function banRefusal(
  { bans }: Admission,
  { kind, actor, payload, received_at }: Extract<ValidCommand, { kind: "user.ban" | "user.unban" }>,
): string | undefined {
  if (actor.type !== "gm") return "not_allowed";
  const atMs = timeMs(received_at);
  const isKnown = isBanned(bans, payload.user, atMs);
  if (kind === "user.unban") return isKnown ? undefined : "not_banned";
  if (timeMs(payload.until) <= atMs) return "already_over";
  return !isKnown && Object.keys(lasting(bans, atMs)).length >= MAX_BANS ? "too_many" : undefined;
}

/** Campaigns that candidates may name at once. The simulator bounds the campaigns that it opens itself. */
export const MAX_CAMPAIGNS = 16;

/** Where the world has a campaign, candidates must be able to name it: the system isn't refused for bounds or status. */
function campaignRefusal(
  admission: Admission & { ruleset: Ruleset },
  { payload, actor }: Extract<ValidCommand, { kind: "campaign.open" }>,
): string | undefined {
  if (Object.hasOwn(admission.campaigns, payload.id)) return "already_open";
  if (actor.type === "system") return undefined;
  if (isClosed(admission)) return "realm_closed";
  const reasons = stepsReasons(stepsOf(payload), admission.ruleset);
  if (reasons.length > 0) return reasons.join("; ").slice(0, 4_096);
  return Object.keys(admission.campaigns).length >= MAX_CAMPAIGNS ? "too_many" : undefined;
}

/** A realm in maintenance neither ends nor begins a season. */
function seasonRefusal(
  { status, season_closed }: Admission,
  kind: "season.close" | "season.open",
): string | undefined {
  if (status === "maintenance") return "realm is in maintenance";
  if (kind === "season.close") return season_closed === 1 ? "already_closed" : undefined;
  return season_closed === 1 ? undefined : "season_not_closed";
}

type Membering = Extract<ValidCommand, { kind: "member.join" | "member.switch" | "member.leave" }>;

/** Players wait before they move on; a game master moves anybody at any time. */
function membershipRefusal(state: NormalizerState, command: Membering): string | undefined {
  const realm = rulesOf(state);
  const { command_id, actor, kind, payload, received_at } = command;
  if (actor.type === "player" && actor.id !== payload.user) return "not_allowed";
  const member = state.members.get(payload.user);
  if (member?.asked?.includes(eventFingerprint(command_id))) return "duplicate";
  const own = factionOf(member, realm);
  if (kind === "member.leave") return own === undefined ? "not_a_member" : undefined;
  if (!Object.hasOwn(realm.ruleset.factions, payload.faction)) return "unknown_faction";
  const movesMs = movesFromMs(member, realm);
  if (kind === "member.switch") {
    if (own === undefined) return "not_a_member";
    if (own === payload.faction) return "same_faction";
  } else {
    if (member?.faction === payload.faction) return undefined;
    if (own !== undefined && movesMs > 0) return "already_member";
  }
  return actor.type !== "gm" && timeMs(received_at) < movesMs ? "too_early" : undefined;
}
