/**
 * Bundles taken apart without making objects of them: the text of each body, and the JSON text of the fields that are wanted.
 * Half of the archive's time went into parsing decisions of some 30 fields for 7 of them, and writing them out again.
 */

export type Scanned = { text: string; fields: (string | undefined)[] };

/** Fields by name, each with its place in the order given. */
export const placesOf = (...names: string[]): ReadonlyMap<string, number> =>
  new Map(names.map((name, place) => [name, place]));

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * The bodies of a bundle as JSON writers without blanks make it; `undefined` for any other text, of which a parser must say what
 * it is. `wanted`: field → its place in `fields`. What is inside values is not checked.
 */
export function scanBundle(bundle: string, wanted: ReadonlyMap<string, number>): Scanned[] | undefined {
  const bodies: Scanned[] = [];
  if (bundle.charCodeAt(0) !== OPEN_LIST) return undefined;
  for (let at = 1; ; at++) {
    const fields: (string | undefined)[] = new Array(wanted.size).fill(undefined);
    const end = scanBody(bundle, at, wanted, fields);
    if (end === -1) return undefined;
    bodies.push({ text: bundle.slice(at, end), fields });
    at = end;
    const next = bundle.charCodeAt(at);
    if (next === CLOSE_LIST) return at + 1 === bundle.length ? bodies : undefined;
    if (next !== COMMA) return undefined;
  }
}

/** The end of the object that begins at `at`, or -1. */
function scanBody(
  bundle: string,
  at: number,
  wanted: ReadonlyMap<string, number>,
  fields: (string | undefined)[],
): number {
  if (bundle.charCodeAt(at) !== OPEN_OBJECT) return -1;
  for (;;) {
    const key = at + 1;
    if (bundle.charCodeAt(key) !== QUOTE) return -1;
    const keyEnd = stringEnd(bundle, key);
    if (keyEnd === -1 || bundle.charCodeAt(keyEnd) !== COLON) return -1;
    const end = valueEnd(bundle, keyEnd + 1);
    if (end === -1) return -1;
    const place = wanted.get(bundle.slice(key + 1, keyEnd - 1));
    if (place !== undefined) fields[place] = bundle.slice(keyEnd + 1, end);
    const next = bundle.charCodeAt(end);
    if (next === CLOSE_OBJECT) return end + 1;
    if (next !== COMMA) return -1;
    at = end;
  }
}

/** The place after the string whose quote is at `at`, or -1. */
function stringEnd(bundle: string, at: number): number {
  for (let quote = bundle.indexOf('"', at + 1); quote !== -1; quote = bundle.indexOf('"', quote + 1)) {
    let before = quote - 1;
    while (bundle.charCodeAt(before) === BACKSLASH) before--;
    if ((quote - before) % 2 === 1) return quote + 1;
  }
  return -1;
}

/** The place after the value that begins at `at`, or -1. */
function valueEnd(bundle: string, at: number): number {
  let depth = 0;
  for (let i = at; i < bundle.length; i++) {
    switch (bundle.charCodeAt(i)) {
      case QUOTE:
        i = stringEnd(bundle, i) - 1;
        if (i < 0) return -1;
        break;
      case OPEN_OBJECT:
      case OPEN_LIST:
        depth++;
        break;
      case CLOSE_OBJECT:
      case CLOSE_LIST:
        if (depth === 0) return i > at ? i : -1;
        depth--;
        break;
      case COMMA:
        if (depth === 0) return i > at ? i : -1;
    }
  }
  return -1;
}
