/** How a recomputed tick differs from the recorded one, by field. Pure. */

import type { TickRecord } from "../../../shared/contracts/world.ts";
import { canonical, canonicalHash } from "../../../shared/exact/canonical.ts";
import { sortedKeys } from "../../../shared/exact/integers.ts";

/**
 * The first difference of a record from the recomputed one, in a sentence, or what breaks the recorded chain at it; none when it
 * holds. `previous`: the record before it, absent for the first record.
 */
export function differenceOf(
  recorded: TickRecord,
  recomputed: TickRecord,
  previous: TickRecord | undefined,
): { field: string; text: string } | undefined {
  const at = `tick ${recomputed.tick}`;
  const { hash, ...unhashed } = recorded;
  for (const field of Object.keys({ ...recomputed, ...recorded }) as (keyof TickRecord)[])
    if (field !== "hash" && canonical(recorded[field] ?? "") !== canonical(recomputed[field] ?? ""))
      return {
        field,
        text: `${at}: ${field} is recorded as ${canonical(recorded[field] ?? "")}, recomputed as ${canonical(recomputed[field] ?? "")}`,
      };
  if (canonicalHash(unhashed) !== hash)
    return {
      field: "hash",
      text: `${at}: hash isn't that of the record, which has ${canonicalHash(unhashed)}`,
    };
  if (previous !== undefined && recorded.prev_hash !== previous.hash)
    return { field: "prev_hash", text: `${at}: prev_hash isn't the hash of the tick before` };
  return undefined;
}

type Leaf = { path: string; a: unknown; b: unknown };

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The first leaf, keys in code-unit order, in which two states differ. */
export function firstLeaf(a: unknown, b: unknown, path: string[] = []): Leaf | undefined {
  if (!isRecord(a) || !isRecord(b))
    return canonical(a ?? "") === canonical(b ?? "") ? undefined : { path: path.join("."), a, b };
  for (const key of sortedKeys({ ...a, ...b })) {
    const found = firstLeaf(
      Object.hasOwn(a, key) ? a[key] : undefined,
      Object.hasOwn(b, key) ? b[key] : undefined,
      [...path, key],
    );
    if (found !== undefined) return found;
  }
  return undefined;
}
