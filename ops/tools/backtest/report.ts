/** A back-test for people, as tables, and for machines, as JSON. */
import Table from "cli-table3";
import { type Tally, tallied } from "../../../normalizer/shadow/tally.ts";
import { byCodeUnit } from "../../../shared/exact/integers.ts";
import type { BackTested } from "./backtest.ts";

/** Points in milli-points; the tallies as in `shared/contracts/shadow.ts`. */
export const asJson = ({ before, after, ...rest }: BackTested): object => ({
  ...rest,
  events_per_second: perSecond(rest),
  before: tallied(before),
  after: tallied(after),
});

const perSecond = ({ events, seconds }: Pick<BackTested, "events" | "seconds">): number =>
  Math.round(events / Math.max(seconds, 0.001));

const count = (value: number): string => value.toLocaleString("en-US");
const points = (milli: number): string => `${(milli / 1_000).toLocaleString("en-US")} pt`;
const signed = (difference: number, text: (value: number) => string): string =>
  difference > 0 ? `+${text(difference)}` : difference < 0 ? `−${text(-difference)}` : "";

const table = (head: string[]) =>
  new Table({
    head,
    style: { head: [], border: [], compact: true },
    colAligns: ["left", ...head.slice(1).map(() => "right" as const)],
  });

/** What changes, line by line. */
export function asText(result: BackTested): string {
  const { realm, events, counted, seconds, before, after, reviews } = result;
  const verdicts = table(["decisions", "recorded", "these rules", "difference"]);
  const row = (name: string, a: number, b: number, text = count) => [
    name,
    text(a),
    text(b),
    signed(b - a, text),
  ];
  verdicts.push(row("accepted", before.accepted, after.accepted));
  verdicts.push(row("released by a review", before.released, after.released));
  const both = (of: (side: Tally) => Map<string, number>): [key: string, a: number, b: number][] =>
    [...new Set([...of(before).keys(), ...of(after).keys()])]
      .sort(byCodeUnit)
      .map((key) => [key, of(before).get(key) ?? 0, of(after).get(key) ?? 0]);
  for (const kind of ["quarantined", "rejected"] as const)
    for (const [reason, a, b] of both((side) => side[kind])) verdicts.push(row(`${kind}: ${reason}`, a, b));
  const granted = table(["points", "recorded", "these rules", "difference"]);
  for (const [faction, a, b] of both((side) => side.points)) granted.push(row(faction, a, b, points));
  for (const [by, a, b] of both((side) => side.clipped)) granted.push(row(`clipped by ${by}`, a, b, points));
  const users = table(["most affected", "recorded", "these rules", "difference"]);
  for (const user of result.users) users.push(row(user.user, user.before, user.after, points));
  return [
    `${realm}: ${count(events)} events judged again in ${seconds.toFixed(2)} s, ${count(perSecond(result))} events/s; ${count(counted)} counted`,
    `${count(result.verdicts_changed)} decisions have another verdict, ${count(result.points_changed)} other points`,
    ...(result.rulesets_ignored > 0
      ? [
          `${count(result.rulesets_ignored)} recorded ruleset changes are left out: these rules hold from the start`,
        ]
      : []),
    ...(reviews.skipped > 0
      ? [
          `${count(reviews.skipped)} of ${count(reviews.skipped + reviews.kept)} reviews are skipped: these rules don't hold their events in quarantine`,
        ]
      : []),
    verdicts.toString(),
    granted.toString(),
    ...(result.users.length > 0 ? [users.toString()] : []),
  ].join("\n");
}
