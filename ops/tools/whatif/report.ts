/** A what-if for people, as a table with curves, and for machines, as JSON. */
import Table from "cli-table3";
import { byCodeUnit } from "../../../shared/exact/integers.ts";
import type { BranchResult, Point } from "./branch.ts";
import type { WhatIf } from "./whatif.ts";

const count = (value: number): string => value.toLocaleString("en-US");
const percent = (bp: number): string => `${(bp / 100).toFixed(2)} %`;
const points = (milli: number): string => `${count(Math.round(milli / 1_000))} pt`;
const signed = (difference: number, text: (value: number) => string): string =>
  difference > 0 ? `+${text(difference)}` : difference < 0 ? `−${text(-difference)}` : "";
const keysOf = (a: Iterable<string>, b: Iterable<string>): string[] =>
  [...new Set([...a, ...b])].sort(byCodeUnit);
const last = ({ points }: BranchResult): Point => points.at(-1)!;

/** Points in milli-points, shares in basis points. */
export const asJson = ({ recorded, imagined, ...rest }: WhatIf): object => {
  const side = (outcome: BranchResult) => ({
    ...outcome,
    triggers: Object.fromEntries(outcome.triggers),
    clipped: Object.fromEntries(outcome.clipped),
  });
  return { ...rest, recorded: side(recorded), imagined: side(imagined) };
};

/** What would have changed, line by line, and how the shares would have gone. */
export function asText(result: WhatIf): string {
  const { realm, from, to, recorded, imagined, events, seconds } = result;
  const table = new Table({
    head: [`after tick ${to}`, "recorded", "these rules", "difference"],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "right", "right", "right"],
  });
  const row = (name: string, a: number, b: number, text = count) =>
    table.push([name, text(a), text(b), signed(b - a, text)]);
  const [then, other] = [last(recorded), last(imagined)];
  for (const id of keysOf(Object.keys(then.shares_bp), Object.keys(other.shares_bp))) {
    row(`share of ${id}`, then.shares_bp[id] ?? 0, other.shares_bp[id] ?? 0, percent);
    row(`territories of ${id}`, then.held[id] ?? 0, other.held[id] ?? 0);
  }
  for (const [place, a, b] of changedControllers(recorded, imagined)) table.push([place, a, b, "changed"]);
  row("flips", recorded.flips, imagined.flips);
  row("relics captured", recorded.captures, imagined.captures);
  for (const key of keysOf(recorded.triggers.keys(), imagined.triggers.keys()))
    row(`trigger ${key}`, recorded.triggers.get(key) ?? 0, imagined.triggers.get(key) ?? 0);
  for (const id of keysOf(recorded.clipped.keys(), imagined.clipped.keys()))
    row(`clipped from ${id}`, recorded.clipped.get(id) ?? 0, imagined.clipped.get(id) ?? 0, points);
  const { meters: a } = recorded.world;
  const { meters: b } = imagined.world;
  row("tension", a.global_tension, b.global_tension, percent);
  row("catastrophe", a.catastrophe_meter, b.catastrophe_meter, percent);
  row("Gini of influence gained", then.gini_bp, other.gini_bp, percent);
  row("share of the top 1 % of users", then.top_bp, other.top_bp, percent);
  return [
    `${realm}: ${count(to - from)} ticks from ${from} on, ${count(events)} events, in ${seconds.toFixed(2)} s`,
    ...notes(result),
    table.toString(),
    ...curves(recorded, imagined),
  ].join("\n");
}

function notes({ parted, rulesetsIgnored, tickSeconds }: WhatIf): string[] {
  return [
    parted === undefined ? "the two worlds never differ" : `the two worlds differ from tick ${parted} on`,
    ...(rulesetsIgnored > 0
      ? [`${rulesetsIgnored} rulesets that were set later are left out: these rules hold to the end`]
      : []),
    ...(tickSeconds === undefined
      ? []
      : [
          `a tick has ${tickSeconds.imagined} s instead of ${tickSeconds.recorded} s, but ticks come when they came: a late one counts for more`,
        ]),
  ];
}

function changedControllers(a: BranchResult, b: BranchResult): [place: string, a: string, b: string][] {
  const of = ({ world }: BranchResult, id: string) =>
    Object.hasOwn(world.territories, id) ? (world.territories[id]!.controller ?? "nobody") : "not there";
  return keysOf(Object.keys(a.world.territories), Object.keys(b.world.territories))
    .map((id): [string, string, string] => [`holder of ${id}`, of(a, id), of(b, id)])
    .filter(([, then, other]) => then !== other);
}

const BARS = "▁▂▃▄▅▆▇█";

/** One character per value, the lowest bar for `min` and the highest for `max`. */
export const sparkline = (values: readonly number[], min: number, max: number): string =>
  values
    .map((value) => BARS[max === min ? 0 : Math.round(((value - min) / (max - min)) * (BARS.length - 1))]!)
    .join("");

function curves(recorded: BranchResult, imagined: BranchResult): string[] {
  const ids = keysOf(Object.keys(last(recorded).shares_bp), Object.keys(last(imagined).shares_bp));
  const all = [recorded, imagined].flatMap(({ points }) =>
    points.flatMap(({ shares_bp }) => Object.values(shares_bp)),
  );
  const [min, max] = [Math.min(...all), Math.max(...all)];
  const width = Math.max(...ids.map((id) => id.length));
  const curve = ({ points }: BranchResult, id: string) =>
    sparkline(
      points.map(({ shares_bp }) => shares_bp[id] ?? min),
      min,
      max,
    );
  return [
    `shares of influence, ${percent(min)} to ${percent(max)}: recorded, and under these rules`,
    ...ids.flatMap((id) => [
      `${id.padEnd(width)}  ${curve(recorded, id)}`,
      `${"".padEnd(width)}  ${curve(imagined, id)}`,
    ]),
  ];
}
