/** Records keyed by ids. An id may be `constructor`, so lookups see own keys only and iteration is in code-unit order. */
import { byCodeUnit } from "./integers.ts";

export type ById<Value> = Record<string, Value>;

/** The value under `id`, if the record itself holds one. */
export const find = <Value>(record: ById<Value>, id: string): Value | undefined =>
  Object.hasOwn(record, id) ? record[id] : undefined;

/** Entries in code-unit order of their ids. */
export const entries = <Value>(record: ById<Value>): [id: string, value: Value][] =>
  Object.entries(record).sort(([a], [b]) => byCodeUnit(a, b));

/** The record of the same ids with `change` applied to each value, in code-unit order. */
export const mapById = <Value, Result>(
  record: ById<Value>,
  change: (value: Value, id: string) => Result,
): ById<Result> => Object.fromEntries(entries(record).map(([id, value]) => [id, change(value, id)]));

/** A list as a record by place, from `0`: states hold no arrays of objects, so that patches say what changed. */
export const byPlace = <Value>(values: readonly Value[]): ById<Value> =>
  Object.fromEntries(values.map((value, i) => [String(i), value]));
