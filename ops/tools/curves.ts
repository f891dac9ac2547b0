/** Curves over time or ticks as one SVG: a panel for each question, lines named at the right. */

const [WIDTH, HEIGHT, GAP, LEFT, TOP, LEGEND] = [860, 200, 56, 64, 56, 190];
/** Eight that people with colour-blindness tell apart (Okabe and Ito, 2008); the yellow is darkened for a white page. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#b5a900", "#000000"];

export type Line = {
  name: string;
  /** `[x, y]`, x ascending. */
  points: readonly (readonly [number, number])[];
  /** A second line of the same name, drawn dashed in its colour: what it is compared with. */
  compared?: readonly (readonly [number, number])[];
};

export type Panel = {
  title: string;
  /** A value of the vertical axis in words; an empty string leaves its label out. */
  text: (value: number) => string;
  lines: readonly Line[];
  /** The vertical axis begins at zero rather than at the smallest value. */
  fromZero?: boolean;
};

const escaped = (text: string): string => text.replace(/[<>&"]/g, (c) => `&#${c.charCodeAt(0)};`);
const rounded = (value: number): string => value.toFixed(1);

/** `from` and `to` bound the horizontal axis of every panel; `label` names them. */
export function curves(
  title: string,
  { from, to, label }: { from: number; to: number; label: (x: number) => string },
  panels: readonly Panel[],
): string {
  const height = TOP + panels.length * (HEIGHT + GAP);
  const x = (value: number) => LEFT + ((value - from) / Math.max(1e-9, to - from)) * (WIDTH - LEFT - LEGEND);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="${LEFT}" y="26" font-size="15">${escaped(title)}</text>`,
    ...panels.flatMap((panel, i) =>
      panelOf(panel, TOP + i * (HEIGHT + GAP), x, [escaped(label(from)), escaped(label(to))]),
    ),
    "</svg>",
    "",
  ].join("\n");
}

function panelOf(
  { title, text, lines, fromZero = false }: Panel,
  top: number,
  x: (value: number) => number,
  [from, to]: [string, string],
): string[] {
  const values = lines.flatMap(({ points, compared = [] }) => [...points, ...compared].map(([, y]) => y));
  const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const min = fromZero ? Math.min(0, least) : least;
  const max = most === min ? min + 1 : most;
  const y = (value: number) => top + 20 + (1 - (value - min) / (max - min)) * (HEIGHT - 20);
  const right = WIDTH - LEGEND;
  const path = (points: Line["points"]) =>
    points.map(([at, value]) => `${rounded(x(at))},${rounded(y(value))}`).join(" ");
  const colour = (i: number) => COLOURS[i % COLOURS.length]!;
  return [
    `<text x="${LEFT}" y="${top + 8}" font-weight="600">${escaped(title)}</text>`,
    ...[min, (min + max) / 2, max].flatMap((value) => [
      `<line x1="${LEFT}" x2="${right}" y1="${rounded(y(value))}" y2="${rounded(y(value))}" stroke="#ddd"/>`,
      `<text x="${LEFT - 8}" y="${rounded(y(value) + 4)}" text-anchor="end" fill="#555">${escaped(text(value))}</text>`,
    ]),
    `<text x="${LEFT}" y="${top + HEIGHT + 18}" fill="#555">${from}</text>`,
    `<text x="${right}" y="${top + HEIGHT + 18}" text-anchor="end" fill="#555">${to}</text>`,
    ...lines.flatMap(({ name, points, compared }, i) => [
      `<polyline points="${path(points)}" fill="none" stroke="${colour(i)}" stroke-width="2"/>`,
      ...(compared === undefined
        ? []
        : [
            `<polyline points="${path(compared)}" fill="none" stroke="${colour(i)}" stroke-width="2" stroke-dasharray="5 4"/>`,
          ]),
      `<line x1="${right + 16}" x2="${right + 36}" y1="${top + 26 + i * 18}" y2="${top + 26 + i * 18}" stroke="${colour(i)}" stroke-width="2"/>`,
      `<text x="${right + 42}" y="${top + 30 + i * 18}">${escaped(name)}</text>`,
    ]),
  ];
}
