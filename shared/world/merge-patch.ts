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
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (value === null) delete result[key];
    else put(result, key, apply(Object.hasOwn(result, key) ? result[key] : undefined, value));
  }
  return result;
}

/** A spread copies five times as fast as a `Map` of entries; in return a key called `__proto__` needs care. */
function put(result: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== "__proto__") result[key] = value;
  else Object.defineProperty(result, key, { value, enumerable: true, configurable: true, writable: true });
}

/** RFC 7396 replaces an array as a whole, whatever changed in it. */
const sameLeaf = (a: unknown, b: unknown): boolean =>
  a === b || (Array.isArray(a) && Array.isArray(b) && JSON.stringify(a) === JSON.stringify(b));
