/** Chance with a seed: the same seed tells the same story on every machine. Integers only, so nothing can round apart. */
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Both ends included. */
export type Range = readonly [from: number, to: number];

const LETTERS = "0123456789abcdefghjkmnpqrstvwxyz";

export class Chance {
  readonly #generator;

  /** Only the lower 32 bits of the seed count. */
  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed | 0);
  }

  /** An integer of the range, each equally likely. */
  within([from, to]: Range): number {
    return uniformInt(this.#generator, from, to);
  }

  /** True in `bp` of 10 000 cases. */
  happens(bp: number): boolean {
    return this.within([0, 9_999]) < bp;
  }

  /** One of a list that isn't empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.within([0, list.length - 1])]!;
  }

  /** A key, as often as its weight says: integers ≥ 0, not all 0. The weights must not change afterwards. */
  weighted<K extends string>(weights: Readonly<Partial<Record<K, number>>>): K {
    const { entries, sum } = tableOf(weights);
    let left = this.within([0, sum - 1]);
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key as K;
    }
    throw new RangeError("no key has a weight");
  }

  /** Letters and digits for ids, 5 bits each. */
  letters(length: number): string {
    let text = "";
    for (let i = 0; i < length; i++) text += LETTERS[this.within([0, 31])];
    return text;
  }
}

type Table = { entries: [string, number][]; sum: number };
const tables = new WeakMap<object, Table>();

/** Taken apart once: a story draws from a few tables millions of times. */
function tableOf(weights: Readonly<Record<string, number | undefined>>): Table {
  let table = tables.get(weights);
  if (table === undefined) {
    const entries = Object.entries(weights) as [string, number][];
    table = { entries, sum: entries.reduce((sum, [, weight]) => sum + weight, 0) };
    tables.set(weights, table);
  }
  return table;
}
