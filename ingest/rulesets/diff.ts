/** Differences between two rulesets, leaf by leaf. Pure. */

export type Difference = { path: string; from?: unknown; to?: unknown };

/**
 * The leaves that differ, in code-unit order of their paths; `from` or `to` is absent where the leaf is. A path has its
 * parts joined by dots: a trigger goes by its key, as in the reasons of `checkRuleset`, other items of a list by their index.
 */
export function differences(from: object, to: object): Difference[] {
  const [before, after] = [leavesOf(from), leavesOf(to)];
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((path) => {
    const [was, is] = [before.get(path), after.get(path)];
    if (JSON.stringify(was) === JSON.stringify(is)) return [];
    return [{ path, ...(was === undefined ? {} : { from: was }), ...(is === undefined ? {} : { to: is }) }];
  });
}

/** Numbers, texts and empty lists or records, by path. */
function leavesOf(value: unknown, path: string[] = [], leaves = new Map<string, unknown>()) {
  const parts = typeof value === "object" && value !== null ? Object.entries(value) : [];
  if (parts.length === 0) leaves.set(path.join("."), value);
  for (const [name, part] of parts) leavesOf(part, [...path, keyOf(part) ?? name], leaves);
  return leaves;
}

const keyOf = (part: unknown): string | undefined =>
  typeof part === "object" && part !== null && "key" in part && typeof part.key === "string"
    ? part.key
    : undefined;
