/** Standing: who has played with some weight, and for some days. Accounts made by the hundred for one purpose have none. */
import type { JudgementRules } from "../contracts/ruleset.ts";
import { DAY_MS } from "./day.ts";

/** `recent`: final milli-points of the last 7 day buckets; `sinceMs`: when the user joined their faction; absent: they have none. */
type Known = { recent: number; sinceMs: number | undefined };

/** What a user lacks for standing; nothing where they have it. */
export function standingLacks(
  { recent, sinceMs }: Known,
  atMs: number,
  { points, days }: JudgementRules["standing"],
): "points" | "days" | undefined {
  if (recent < points * 1_000) return "points";
  return sinceMs === undefined || atMs < sinceMs + days * DAY_MS ? "days" : undefined;
}

export const hasStanding = (known: Known, atMs: number, rules: JudgementRules["standing"]): boolean =>
  standingLacks(known, atMs, rules) === undefined;
