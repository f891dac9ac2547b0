/** Why a realm refuses a candidate; the same for a candidate that arrives and for a quarantined event that is released. */
import type { Candidate } from "../contracts/candidate.ts";
import type { RejectReason } from "../contracts/decision.ts";
import type { Ruleset } from "../contracts/ruleset.ts";
import type { Admission } from "./admission.ts";
import { isBanned } from "./bans.ts";
import type { MemberEntry } from "./caps-entry.ts";
import { membershipReason } from "./membership.ts";
import { referenceReason } from "./references.ts";

/** `member`: the user's entry, if there is one. `atMs`: when the candidate would count, Unix milliseconds. */
export const refusalReason = (
  realm: Admission & { ruleset: Ruleset },
  member: MemberEntry | undefined,
  candidate: Candidate,
  atMs: number,
): RejectReason | undefined =>
  referenceReason(realm, candidate) ??
  (isBanned(realm.bans, candidate.user_id, atMs) ? "banned" : undefined) ??
  membershipReason(member, candidate.faction_id, realm, atMs);
