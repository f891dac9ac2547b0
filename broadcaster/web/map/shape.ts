/** The wheel's lines, as if drawn by hand: the same for the same id, since a coast must not move from tick to tick. */

/** Radii in units of the drawing, whose middle is 0, 0 and which reaches 310 to every side. */
export const RADIUS = {
  hub: 86,
  inner: 102,
  outer: 236,
  shares: 250,
  sharesOuter: 262,
  pulse: 280,
  clock: 304,
} as const;
/** Between two territories, units. */
const GAP = 5;
const STEP_RADIANS = 0.055;

export type Point = [x: number, y: number];
/** Radians, clockwise from the top. */
export type Arc = { from: number; to: number };

/** The part of the ring that the n-th of `count` has. The first is centred at the top. */
export function arcOf(index: number, count: number): Arc {
  const width = (2 * Math.PI) / count;
  return { from: (index - 0.5) * width, to: (index + 0.5) * width };
}
export const middleOf = ({ from, to }: Arc): number => (from + to) / 2;

export const at = (radius: number, angle: number): Point => [
  radius * Math.sin(angle),
  -radius * Math.cos(angle),
];

/** A number from 0 to 1 that follows from an id and a place. */
function noise(id: string, place: number): number {
  let hash = 2_166_136_261 ^ place;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 16_777_619);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 2_246_822_519);
  hash ^= hash >>> 13;
  return (hash >>> 0) / 4_294_967_296;
}

/** A territory of the ring: a ragged coast outside, a wall inside. */
export function sectorPath(id: string, arc: Arc): string {
  const count = Math.max(2, Math.ceil((arc.to - arc.from) / STEP_RADIANS));
  const along = (radius: number, rough: number, seed: number): Point[] => {
    const [from, to] = [arc.from + GAP / 2 / radius, arc.to - GAP / 2 / radius];
    return Array.from({ length: count + 1 }, (_, i) => {
      const edge = i === 0 || i === count ? 0 : 1;
      const r = radius + (noise(id, seed + i) - 0.5) * 2 * rough * edge;
      return at(r, from + ((to - from) * i) / count);
    });
  };
  return closed([...along(RADIUS.outer, 6, 0), ...along(RADIUS.inner, 1.5, 500).reverse()]);
}

export function hubPath(id: string): string {
  const count = 48;
  return closed(
    Array.from({ length: count }, (_, i) =>
      at(RADIUS.hub + (noise(id, i) - 0.5) * 5, (i * 2 * Math.PI) / count),
    ),
  );
}

/** A band of the rim: no path where it has no width. */
export function bandPath(arc: Arc, inner: number, outer: number): string {
  const large = arc.to - arc.from > Math.PI ? 1 : 0;
  const point = (radius: number, angle: number) => at(radius, angle).map(short).join(" ");
  return (
    `M${point(outer, arc.from)}A${outer} ${outer} 0 ${large} 1 ${point(outer, arc.to)}` +
    `L${point(inner, arc.to)}A${inner} ${inner} 0 ${large} 0 ${point(inner, arc.from)}Z`
  );
}

/** Cracks from the coast inwards: one for every 2 000 bp of instability begun beyond the first 500. */
export function cracks(id: string, arc: Arc, instabilityBp: number): string[] {
  const count = instabilityBp < 500 ? 0 : Math.ceil(instabilityBp / 2_000);
  const width = arc.to - arc.from;
  return Array.from({ length: count }, (_, n) => {
    const angle = arc.from + width * (0.12 + 0.76 * noise(id, 900 + n * 7));
    const depth = 34 + 50 * noise(id, 901 + n * 7);
    const points = Array.from({ length: 6 }, (_, i) => {
      const sway = i === 0 ? 0 : (noise(id, 1_000 + n * 31 + i) - 0.5) * 13;
      const radius = RADIUS.outer - (depth * i) / 5;
      return at(radius, angle + sway / radius);
    });
    return `M${points.map((point) => point.map(short).join(" ")).join("L")}`;
  });
}

/** A bow between two places that leans towards the middle. */
export function roadPath([ax, ay]: Point, [bx, by]: Point): string {
  const [cx, cy] = [(ax + bx) * 0.3, (ay + by) * 0.3];
  return `M${short(ax)} ${short(ay)}Q${short(cx)} ${short(cy)} ${short(bx)} ${short(by)}`;
}

const short = (value: number): string => `${Math.round(value * 10) / 10}`;
const closed = (points: Point[]): string =>
  `M${points.map((point) => point.map(short).join(" ")).join("L")}Z`;
