/**
 * RFC 7396 merge patches of the public state. That state holds neither null nor arrays of objects, so a patch says
 * exactly what changed. The libraries at hand change their arguments or drop a key called `constructor`, which is a
 * fine id here; the RFC's algorithm is a few lines.
 */

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The patch that turns `from` into `to`; `{}` when they are equal. Neither may hold a null. */
export function diff(from: object, to: object): object {
  const before: Record<string, unknown> = { ...from };
  const patch: [string, unknown][] = [];
  for (const key of Object.keys(before)) if (!Object.hasOwn(to, key)) patch.push([key, null]);
  for (const [key, value] of Object.entries(to)) {
    const old = Object.hasOwn(before, key) ? before[key] : undefined;
    if (isObject(old) && isObject(value)) {
      const inner = diff(old, value);
      if (Object.keys(inner).length > 0) patch.push([key, inner]);
    } else if (!sameLeaf(old, value)) patch.push([key, value]);
  }
  return Object.fromEntries(patch);
}

/** `target` with `patch` applied; neither is changed. */
export function apply(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, apply(result.get(key), value));
  }
  return Object.fromEntries(result);
}

/** RFC 7396 replaces an array as a whole, whatever changed in it. */
const sameLeaf = (a: unknown, b: unknown): boolean =>
  a === b || (Array.isArray(a) && Array.isArray(b) && JSON.stringify(a) === JSON.stringify(b));
