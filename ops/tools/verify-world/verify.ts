/**
 * Checks a published chain of tick records, whoever published it. It uses nothing of the pipeline, so that it can be read in five
 * minutes, carried off and rewritten: a record is an object whose leaves are integers and strings; its canonical form (RFC 8785) is
 * then JSON without spaces, keys in the order of their UTF-16 code units; `hash` is the SHA-256 of that form without `hash`.
 */
import { createHash } from "node:crypto";

/** What is wrong first: the tick and the field of its record. */
export type Break = { tick: number; field: string; message: string };
export type Verified = { from: number; ticks: number; hash: string };

const NO_HASH = "0".repeat(64);
const HASH = /^[0-9a-f]{64}$/;
const INTEGERS = ["tick", "from_seq", "through_seq", "engine", "ruleset_version"];
const HASHES = ["prev_hash", "public_hash", "private_hash", "hash"];

type Fields = Record<string, unknown>;
const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** RFC 8785 of a value of objects, arrays, integers and strings. Throws at any other leaf, naming it. */
export function canonicalForm(value: unknown, path = ""): string {
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new Error(`${path} holds half of a surrogate pair`);
    return JSON.stringify(value);
  }
  if (typeof value === "number" && Number.isSafeInteger(value) && !Object.is(value, -0)) return `${value}`;
  const inside = (key: string | number) => (path === "" ? `${key}` : `${path}.${key}`);
  if (Array.isArray(value)) return `[${value.map((item, i) => canonicalForm(item, inside(i))).join(",")}]`;
  if (!isObject(value)) throw new Error(`${path} is neither an integer nor a string`);
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${canonicalForm(key)}:${canonicalForm(value[key], inside(key))}`);
  return `{${entries.join(",")}}`;
}

/** SHA-256 of the canonical form, lower-case hex. */
export const hashOf = (value: unknown): string =>
  createHash("sha256").update(canonicalForm(value)).digest("hex");

/** Takes records one after the other, in the order of their ticks. */
export class ChainCheck {
  #first: number | undefined;
  #last: Fields | undefined;

  /** The first thing that is wrong with the next record, or with how it follows the one before. */
  take(record: unknown): Break | undefined {
    const expected = this.#last === undefined ? undefined : (this.#last.tick as number) + 1;
    const wrong = this.#wrong(record, expected);
    if (wrong !== undefined) {
      const told = isObject(record) ? record.tick : undefined;
      return { tick: Number.isSafeInteger(told) ? (told as number) : (expected ?? 0), ...wrong };
    }
    this.#last = record as Fields;
    this.#first ??= this.#last.tick as number;
    return undefined;
  }

  /** What was verified so far; `undefined` before the first record. */
  get verified(): Verified | undefined {
    if (this.#last === undefined) return undefined;
    const from = this.#first!;
    return { from, ticks: (this.#last.tick as number) - from + 1, hash: this.#last.hash as string };
  }

  #wrong(record: unknown, expected: number | undefined): Omit<Break, "tick"> | undefined {
    const wrong = (field: string, message: string) => ({ field, message: `${field} ${message}` });
    if (!isObject(record)) return wrong("record", "is not an object");
    for (const field of INTEGERS)
      if (!Number.isSafeInteger(record[field]) || (record[field] as number) < 0)
        return wrong(field, "is not an integer");
    for (const field of HASHES)
      if (typeof record[field] !== "string" || !HASH.test(record[field]))
        return wrong(field, "is not a SHA-256 in lower-case hex");
    if (typeof record.at !== "string" || Number.isNaN(Date.parse(record.at)))
      return wrong("at", "is no time");
    if (expected !== undefined && record.tick !== expected)
      return wrong(
        "tick",
        `is ${record.tick}, but ${expected} comes next: a tick is missing or out of order`,
      );
    const genesis = record.tick === 0;
    if (genesis !== (record.kind === "genesis")) return wrong("kind", `is ${record.kind}`);
    if (genesis && record.prev_hash !== NO_HASH) return wrong("prev_hash", "of tick 0 is not 64 zeros");
    const { hash, ...unhashed } = record;
    try {
      const found = hashOf(unhashed);
      if (found !== hash) return wrong("hash", `is ${hash}, but the record has ${found}`);
    } catch (error) {
      return wrong("hash", `can't be computed: ${(error as Error).message}`);
    }
    return wrongEvents(record) ?? this.#wrongLink(record);
  }

  /** How it follows the one before. Whoever forges a record and its hash is found here, at the next tick. */
  #wrongLink(record: Fields): Omit<Break, "tick"> | undefined {
    const before = this.#last;
    if (before === undefined) return undefined;
    const wrong = (field: string, message: string) => ({ field, message: `${field} ${message}` });
    if (record.prev_hash !== before.hash)
      return wrong(
        "prev_hash",
        `is ${record.prev_hash}, but tick ${before.tick} has the hash ${before.hash}`,
      );
    // A tick of kind `status` counts no events: they wait for the next one.
    const next = before.kind === "status" ? before.from_seq : (before.through_seq as number) + 1;
    if (record.from_seq !== next)
      return wrong(
        "from_seq",
        `is ${record.from_seq}, but ${next} comes after tick ${before.tick}: events are left out or counted twice`,
      );
    if ((record.through_seq as number) <= (before.through_seq as number))
      return wrong("through_seq", `lies before that of tick ${before.tick}`);
    if ((record.through_seq as number) < (record.from_seq as number))
      return wrong("through_seq", "lies before from_seq");
    if (Date.parse(record.at as string) < Date.parse(before.at as string))
      return wrong("at", `lies before that of tick ${before.tick}`);
    if ((record.ruleset_version as number) < (before.ruleset_version as number))
      return wrong("ruleset_version", `is lower than that of tick ${before.tick}`);
    if ((record.engine as number) < (before.engine as number))
      return wrong("engine", `is lower than that of tick ${before.tick}`);
    return undefined;
  }
}

/** Derived events are numbered from 1 within their tick. */
function wrongEvents({ tick, events }: Fields): Omit<Break, "tick"> | undefined {
  if (!Array.isArray(events)) return { field: "events", message: "events is not an array" };
  const odd = events.findIndex((event, i) => !isObject(event) || event.tick !== tick || event.n !== i + 1);
  if (odd === -1) return undefined;
  return { field: `events.${odd}`, message: `events.${odd} is not number ${odd + 1} of tick ${tick}` };
}
