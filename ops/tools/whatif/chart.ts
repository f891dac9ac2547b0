/** The curves of a what-if as one SVG: shares, territories held, and inequality; what was recorded solid, these rules dashed. */
import { byCodeUnit } from "../../../shared/exact/integers.ts";
import { curves, type Line } from "../curves.ts";
import type { Point } from "./branch.ts";
import type { WhatIf } from "./whatif.ts";

const percent = (bp: number): string => `${(bp / 100).toFixed(1)} %`;

export function asSvg(result: WhatIf): string {
  const { realm, from, to, recorded, imagined } = result;
  const factions = [
    ...new Set([...recorded.points, ...imagined.points].flatMap(({ shares_bp }) => Object.keys(shares_bp))),
  ].sort(byCodeUnit);
  const line = (name: string, value: (point: Point) => number): Line => ({
    name,
    points: recorded.points.map((point) => [point.tick, value(point)] as const),
    compared: imagined.points.map((point) => [point.tick, value(point)] as const),
  });
  return curves(
    `${realm}, ticks ${from} to ${to}: recorded (solid) and under other rules (dashed)`,
    { from, to, label: (tick) => `tick ${tick}` },
    [
      {
        title: "share of influence",
        text: percent,
        lines: factions.map((id) => line(id, ({ shares_bp }) => shares_bp[id] ?? 0)),
      },
      {
        title: "territories held",
        text: (value) => (Number.isInteger(value) ? `${value}` : ""),
        lines: factions.map((id) => line(id, ({ held }) => held[id] ?? 0)),
      },
      {
        title: "inequality of influence gained",
        text: percent,
        lines: [line("Gini", ({ gini_bp }) => gini_bp), line("top 1 % of users", ({ top_bp }) => top_bp)],
      },
    ],
  );
}
