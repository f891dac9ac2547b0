/**
 * How a faction is told apart: a colour (`--faction-0` … of base.css, after Okabe and Ito, so that colour-blind people keep them
 * apart), a sigil, a hatching and a dash, so that colour is never the only sign. By place in the sorted ids; a realm has at most 8.
 */
type Heraldry = {
  index: number;
  /** A CSS colour. */
  colour: string;
  /** An SVG path in a box of 24. */
  sigil: string;
  /** Of lines in charts, CSS pixels; none is solid. */
  dash: number[];
};

const SIGILS = [
  // Crown, leaf, crescent, star, wave, diamond, tower, ring.
  "M3 19V7l5 4.5L12 4l4 7.5L21 7v12z",
  "M12 2c7 5 8.5 12 0 20C3.5 14 5 7 12 2z",
  "M15.5 2.5a9.8 9.8 0 1 0 6 13.5A8.5 8.5 0 0 1 15.5 2.5z",
  "M12 2l2.9 6.6 7.1.7-5.4 4.7 1.6 7L12 17.3 5.8 21l1.6-7L2 9.3l7.1-.7z",
  "M2 9c3.3-4 6.7-4 10 0s6.7 4 10 0v6c-3.3 4-6.7 4-10 0s-6.7-4-10 0z",
  "M12 2l8 10-8 10L4 12z",
  "M5 21V8H3V3h4v2h3V3h4v2h3V3h4v5h-2v13h-5v-6h-4v6z",
  "M12 2a10 10 0 1 0 .01 0zM12 7.5a4.5 4.5 0 1 1-.01 0z",
];
const DASHES = [[], [9, 4], [2, 4], [12, 4, 2, 4], [5, 3], [16, 5], [2, 2], [8, 3, 2, 3, 2, 3]];
const NOBODY = "var(--nobody)";

export class Heralds {
  readonly #indices: Map<string, number>;

  constructor(factions: Iterable<string>) {
    this.#indices = new Map([...factions].sort().map((id, index) => [id, index]));
  }

  get factions(): string[] {
    return [...this.#indices.keys()];
  }

  of(faction: string): Heraldry {
    const index = (this.#indices.get(faction) ?? SIGILS.length - 1) % SIGILS.length;
    return { index, colour: `var(--faction-${index})`, sigil: SIGILS[index]!, dash: DASHES[index]! };
  }

  colour(faction: string | undefined): string {
    return faction === undefined ? NOBODY : this.of(faction).colour;
  }
}
