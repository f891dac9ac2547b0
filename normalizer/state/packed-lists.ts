/**
 * Numbers that belong together side by side in one array: a head, and lists behind it. A list is some columns of as many places.
 * The head says of each, from the list's own index on, how many places are filled, how many there are, and where it begins:
 *
 *     … | filled, places, begin | … | a a a · | b b b · | …
 *
 * A realm has a hundred thousand players awake who come in no order, so what a decision costs is the memory that it touches:
 * this is one run of it, where an object here, a list there and a box for each number that is no small integer were twenty.
 */

/** `at`: its index in the head. `most`: as many places it may have. */
export type List = { at: number; columns: number; most: number };
/** Lists in the order in which they lie behind the head. */
export type Layout = { head: number; lists: readonly List[] };

/** What a list takes in the head. */
export const LIST_HEAD = 3;
const PLACES = 1;
const BEGIN = 2;

/** One number with a fraction, and the engine keeps all of an array and of its slices as doubles side by side. */
const ZEROS: readonly number[] = Array.from({ length: 2_048 }, (_, i) => (i === 0 ? 0.5 : 0));

/** An array in which everything is 0, with some places in each list. */
export function blank({ head, lists }: Layout, places: readonly number[]): number[] {
  let length = head;
  for (let i = 0; i < lists.length; i++) length += lists[i]!.columns * places[i]!;
  if (length > ZEROS.length) throw new RangeError(`${length} numbers are more than a layout may have`);
  const numbers = ZEROS.slice(0, length);
  numbers[0] = 0;
  let begin = head;
  for (let i = 0; i < lists.length; i++) {
    const { at, columns } = lists[i]!;
    numbers[at + PLACES] = places[i]!;
    numbers[at + BEGIN] = begin;
    begin += columns * places[i]!;
  }
  return numbers;
}

/** How many places of a list are filled. As what the engine knows for an integer (`| 0`), like every index: it is in loops. */
export const filled = (numbers: readonly number[], { at }: List): number => numbers[at]! | 0;

const isFull = (numbers: readonly number[], { at }: List): boolean => numbers[at] === numbers[at + PLACES];

/** Where a column of a list begins. */
export const columnOf = (numbers: readonly number[], { at }: List, column: number): number =>
  (numbers[at + BEGIN]! | 0) + column * (numbers[at + PLACES]! | 0);

/** The numbers; or, where the list has no free place, those with half as many again in it and in whatever else is full. */
export function withRoom(numbers: number[], layout: Layout, list: List): number[] {
  if (!isFull(numbers, list)) return numbers;
  const roomy = blank(
    layout,
    layout.lists.map((each) => {
      const places = numbers[each.at + PLACES]!;
      return isFull(numbers, each) ? Math.min(each.most, places + (places >> 1) + 2) : places;
    }),
  );
  let copied = 0;
  for (const each of layout.lists) {
    for (; copied <= each.at; copied++) roomy[copied] = numbers[copied]!;
    copied = each.at + LIST_HEAD;
    for (let column = 0; column < each.columns; column++)
      copy(numbers, columnOf(numbers, each, column), roomy, columnOf(roomy, each, column), numbers[each.at]!);
  }
  for (; copied < layout.head; copied++) roomy[copied] = numbers[copied]!;
  return roomy;
}

/** Fills one more place, of which there must be one; answers its index in the first column. */
export function fillPlace(numbers: number[], { at }: List): number {
  const place = numbers[at]! | 0;
  numbers[at] = place + 1;
  return (numbers[at + BEGIN]! | 0) + place;
}

/** Empties `gone` places from `place` on; those behind them move up. */
export function emptyPlaces(numbers: number[], list: List, place: number, gone: number): void {
  const behind = filled(numbers, list) - place - gone;
  for (let column = 0; column < list.columns; column++) {
    const at = columnOf(numbers, list, column) + place;
    copy(numbers, at + gone, numbers, at, behind);
  }
  numbers[list.at] = place + behind;
}

/** Copies `count` numbers, the first first. */
function copy(from: readonly number[], at: number, to: number[], toAt: number, count: number): void {
  for (let i = 0; i < count; i++) to[toAt + i] = from[at + i]!;
}

/** A column as an array of its own. */
export const columnFrom = (numbers: readonly number[], list: List, column: number): number[] => {
  const begin = columnOf(numbers, list, column);
  return numbers.slice(begin, begin + numbers[list.at]!);
};
