/** The few largest of many, without sorting the many. */
import { byCodeUnit } from "../../shared/exact/integers.ts";

type Entry = [id: string, amount: number];

const before = ([a, more]: Entry, [b, less]: Entry): number => less - more || byCodeUnit(a, b);

/** At most `count` entries with the largest amounts above 0, the largest first, ties by id; ids are distinct. */
export function topN(amounts: Iterable<Entry>, count: number): Entry[] {
  const held: Entry[] = [];
  for (const entry of amounts) {
    if (entry[1] <= 0) continue;
    const last = held[count - 1];
    if (last !== undefined && before(last, entry) < 0) continue;
    held.splice(placeOf(entry, held), 0, entry);
    if (held.length > count) held.pop();
  }
  return held;
}

function placeOf(entry: Entry, held: readonly Entry[]): number {
  let low = 0;
  let high = held.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (before(held[middle]!, entry) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
