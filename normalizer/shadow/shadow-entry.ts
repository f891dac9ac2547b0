/** The shadow's counts as the text of a KV entry, and back: a report of `shared/contracts/shadow.ts`. */
import type { ShadowReport } from "../../shared/contracts/shadow.ts";
import type { NormalizerState, Shadow } from "../state/state.ts";
import { tallied, tallyOf } from "./tally.ts";

/** The report of a shadow for people. */
export function shadowReport(through: number, { since, label, ruleset, counts }: Shadow): ShadowReport {
  const { live, shadow, ...totals } = counts;
  return {
    through,
    since,
    label,
    ruleset,
    counts: { ...totals, live: tallied(live), shadow: tallied(shadow) },
  };
}

/** Without a shadow the entry holds where the last one ended, so that a command that is folded again doesn't bring it back. */
export const shadowText = ({ through, running }: NormalizerState["shadow"]): string =>
  JSON.stringify(running === undefined ? { through } : shadowReport(through, running));

export function shadowOf(text: string): NormalizerState["shadow"] {
  const { through, ...report } = JSON.parse(text) as ShadowReport | { through: number; since?: never };
  if (report.since === undefined) return { through, running: undefined };
  const { since, label, ruleset, counts } = report;
  const { live, shadow, ...totals } = counts;
  return {
    through,
    running: {
      since,
      label,
      ruleset,
      counts: { ...totals, live: tallyOf(live), shadow: tallyOf(shadow) },
    },
  };
}
