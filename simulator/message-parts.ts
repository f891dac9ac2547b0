/** What a tick says in many items, cut into messages of a bounded size. */

/** Room for the fields around the items. */
const AROUND_BYTES = 256;

/** `body`: of a part, from its items. */
type Parts<Item> = {
  maxBytes: number;
  maxParts: number;
  body: (place: { part: number; parts: number }, items: Item[]) => object;
};

/** JSON texts of at most `maxBytes`, items in order; none where there is no item. What `maxParts` have no room for is left out. */
export function inParts<Item>(items: readonly Item[], { maxBytes, maxParts, body }: Parts<Item>): string[] {
  const groups: Item[][] = [];
  let left = 0;
  for (const item of items) {
    const bytes = Buffer.byteLength(JSON.stringify(item)) + 1;
    if (bytes > left) {
      if (groups.length === maxParts) break;
      groups.push([]);
      left = maxBytes - AROUND_BYTES;
    }
    groups.at(-1)!.push(item);
    left -= bytes;
  }
  return groups.map((group, i) => JSON.stringify(body({ part: i + 1, parts: groups.length }, group)));
}
