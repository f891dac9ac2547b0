/**
 * Who acts for which faction. Nobody is locked out: a faction that the ruleset has no longer holds nobody, a season's opening lets
 * everybody choose anew, and who leaves waits for another faction only as long as a switch would have to.
 */
import type { RejectReason } from "../contracts/decision.ts";
import type { Ruleset } from "../contracts/ruleset.ts";
import type { Admission } from "./admission.ts";
import type { MemberEntry } from "./caps-entry.ts";
import { DAY_MS } from "./day.ts";

type Known = Pick<MemberEntry, "faction" | "sinceMs" | "chosen" | "left">;
type Realm = Pick<Admission, "season_seq"> & {
  ruleset: Pick<Ruleset, "membership" | "factions"> & {
    judgement: Pick<Ruleset["judgement"], "membership_switch_days">;
  };
};

/** The faction that a user belongs to; none where they left it, or the ruleset has it no longer. */
export function factionOf(member: Known | undefined, { ruleset }: Realm): string | undefined {
  if (member === undefined || member.left === 1) return undefined;
  return Object.hasOwn(ruleset.factions, member.faction) ? member.faction : undefined;
}

/** From when on a user may belong to another faction than their last, Unix milliseconds; 0: at once. */
export function movesFromMs(member: Known | undefined, { ruleset, season_seq }: Realm): number {
  if (member === undefined || !Object.hasOwn(ruleset.factions, member.faction)) return 0;
  if (member.chosen < season_seq) return 0;
  return member.sinceMs + ruleset.judgement.membership_switch_days * DAY_MS;
}

/** Whether an accepted event leaves its user's faction as it is. Where factions are assigned, commands alone bind. */
export const isBound = (member: Known | undefined, realm: Realm): boolean =>
  factionOf(member, realm) !== undefined &&
  (realm.ruleset.membership === "assigned" || member!.chosen >= realm.season_seq);

/** Why a user can't act for a faction at `atMs`. Under `open` rules the first accepted event binds; under `assigned` a command must have. */
export function membershipReason(
  member: Known | undefined,
  faction: string,
  realm: Realm,
  atMs: number,
): RejectReason | undefined {
  const own = factionOf(member, realm);
  if (realm.ruleset.membership === "assigned" && own === undefined) return "not_a_member";
  if (member === undefined || member.faction === faction) return undefined;
  return isBound(member, realm) || atMs < movesFromMs(member, realm) ? "faction_mismatch" : undefined;
}

/** The entry of a user whom a command or an event binds. The time of a membership is that of its faction. */
export function boundTo<Member extends MemberEntry>(
  member: Member | undefined,
  { faction, source_seq, atMs }: { faction: string; source_seq: number; atMs: number },
): Member | MemberEntry {
  const sinceMs = member?.faction === faction ? member.sinceMs : atMs;
  const bound = { through: source_seq, faction, sinceMs, chosen: source_seq, left: 0 as const };
  return member === undefined ? bound : Object.assign(member, bound);
}
