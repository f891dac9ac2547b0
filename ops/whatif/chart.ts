/** The curves of a what-if as one SVG: shares, territories held, and inequality; what was recorded solid, these rules dashed. */
import { byCodeUnit } from "../../shared/integers.ts";
import type { Point } from "./branch.ts";
import type { WhatIf } from "./whatif.ts";

const [WIDTH, HEIGHT, GAP, LEFT, TOP, LEGEND] = [860, 200, 56, 64, 56, 190];
/** Eight that people with colour-blindness tell apart (Okabe and Ito, 2008); the yellow is darkened for a white page. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#b5a900", "#000000"];

type Line = { name: string; colour: string; value: (point: Point) => number };
type Panel = { title: string; text: (value: number) => string; lines: Line[] };

const escaped = (text: string): string => text.replace(/[<>&"]/g, (c) => `&#${c.charCodeAt(0)};`);
const percent = (bp: number): string => `${(bp / 100).toFixed(1)} %`;
const rounded = (value: number): string => value.toFixed(1);

export function asSvg(result: WhatIf): string {
  const { realm, from, to, recorded, imagined } = result;
  const sides = [recorded.points, imagined.points];
  const factions = [...new Set(sides.flat().flatMap(({ shares_bp }) => Object.keys(shares_bp)))].sort(
    byCodeUnit,
  );
  const perFaction = (value: (point: Point, id: string) => number): Line[] =>
    factions.map((id, i) => ({
      name: id,
      colour: COLOURS[i % COLOURS.length]!,
      value: (point) => value(point, id),
    }));
  const panels: Panel[] = [
    {
      title: "share of influence",
      text: percent,
      lines: perFaction(({ shares_bp }, id) => shares_bp[id] ?? 0),
    },
    {
      title: "territories held",
      text: (value) => (Number.isInteger(value) ? `${value}` : ""),
      lines: perFaction(({ held }, id) => held[id] ?? 0),
    },
    {
      title: "inequality of influence gained",
      text: percent,
      lines: [
        { name: "Gini", colour: COLOURS[0]!, value: ({ gini_bp }) => gini_bp },
        { name: "top 1 % of users", colour: COLOURS[1]!, value: ({ top_bp }) => top_bp },
      ],
    },
  ];
  const height = TOP + panels.length * (HEIGHT + GAP);
  const title = `${realm}, ticks ${from} to ${to}: recorded (solid) and under other rules (dashed)`;
  const x = (tick: number) => LEFT + ((tick - from) / (to - from)) * (WIDTH - LEFT - LEGEND);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="${LEFT}" y="26" font-size="15">${escaped(title)}</text>`,
    ...panels.flatMap((panel, i) => panelOf(panel, TOP + i * (HEIGHT + GAP), sides, x, [from, to])),
    "</svg>",
    "",
  ].join("\n");
}

function panelOf(
  { title, text, lines }: Panel,
  top: number,
  sides: Point[][],
  x: (tick: number) => number,
  [from, to]: [number, number],
): string[] {
  const values = sides.flat().flatMap((point) => lines.map(({ value }) => value(point)));
  const [min, most] = [Math.min(...values), Math.max(...values)];
  const max = most === min ? min + 1 : most;
  const y = (value: number) => top + 20 + (1 - (value - min) / (max - min)) * (HEIGHT - 20);
  const right = WIDTH - LEGEND;
  const path = (points: Point[], { value }: Line) =>
    points.map((point) => `${rounded(x(point.tick))},${rounded(y(value(point)))}`).join(" ");
  return [
    `<text x="${LEFT}" y="${top + 8}" font-weight="600">${escaped(title)}</text>`,
    ...[min, (min + max) / 2, max].flatMap((value) => [
      `<line x1="${LEFT}" x2="${right}" y1="${rounded(y(value))}" y2="${rounded(y(value))}" stroke="#ddd"/>`,
      `<text x="${LEFT - 8}" y="${rounded(y(value) + 4)}" text-anchor="end" fill="#555">${text(value)}</text>`,
    ]),
    `<text x="${LEFT}" y="${top + HEIGHT + 18}" fill="#555">tick ${from}</text>`,
    `<text x="${right}" y="${top + HEIGHT + 18}" text-anchor="end" fill="#555">tick ${to}</text>`,
    ...lines.flatMap((line, i) => [
      ...sides.map(
        (points, side) =>
          `<polyline points="${path(points, line)}" fill="none" stroke="${line.colour}" stroke-width="2"${side === 1 ? ' stroke-dasharray="5 4"' : ""}/>`,
      ),
      `<line x1="${right + 16}" x2="${right + 36}" y1="${top + 26 + i * 18}" y2="${top + 26 + i * 18}" stroke="${line.colour}" stroke-width="2"/>`,
      `<text x="${right + 42}" y="${top + 30 + i * 18}">${escaped(line.name)}</text>`,
    ]),
  ];
}
