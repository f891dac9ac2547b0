import type { RejectReason } from "../contracts/decision.ts";
import type { Ruleset } from "../contracts/ruleset.ts";

/** A user acts for one faction. Under `open` rules the first accepted event binds; under `assigned` a command must have. */
export function membershipReason(
  member: { faction: string } | undefined,
  faction: string,
  rules: Pick<Ruleset, "membership">,
): RejectReason | undefined {
  if (member === undefined) return rules.membership === "assigned" ? "not_a_member" : undefined;
  return member.faction === faction ? undefined : "faction_mismatch";
}
