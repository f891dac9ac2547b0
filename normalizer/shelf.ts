/**
 * Entries of one kind by id. Most players of a realm are asleep, so an entry is the text that KV has until somebody asks for
 * it, and text again after it has rested: a sleeping player costs a string.
 */

/** An entry as text and back. The text begins with `[<coldAtMs>,`: from then on the entry equals an absent one. */
export type Codec<Entry> = {
  read(text: string): Entry;
  write(entry: Entry): string;
  /** Unix milliseconds from which on the entry says no more than none would; `Infinity` where it never does. */
  coldAtMs(entry: Entry): number;
  /** When it was last needed. */
  lastMs(entry: Entry): number;
};

/** An entry that nobody touched for so long becomes text. */
const RESTS_AFTER_MS = 3_600_000;

/** `dirty`: changed since it was last written; never part of its text. */
export type Shelved = { dirty?: boolean };

export class Shelf<Entry extends Shelved> {
  readonly prefix: string;
  readonly #codec: Codec<Entry>;
  #changed: string[] = [];
  readonly #parent: Shelf<Entry> | undefined;
  readonly #entries = new Map<string, Entry | string>();
  #lastId: string | undefined;
  #last: Entry | undefined;
  #sweep: MapIterator<[string, Entry | string]> | undefined;

  /** With a `parent`, an entry starts as a copy of the parent's. */
  constructor(prefix: string, codec: Codec<Entry>, parent?: Shelf<Entry>) {
    this.prefix = prefix;
    this.#codec = codec;
    this.#parent = parent;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): Entry | undefined {
    // A decision looks its entries up again to change them.
    if (id === this.#lastId) return this.#last;
    const found = this.#entries.get(id);
    if (typeof found === "object") {
      this.#lastId = id;
      this.#last = found;
      return found;
    }
    const text = found ?? this.#parent?.text(id);
    if (text === undefined) return undefined;
    const entry = this.#codec.read(text);
    this.#entries.set(id, entry);
    return entry;
  }

  /** Puts an entry there, or says that the one there has changed. */
  put(id: string, entry: Entry): void {
    if (entry.dirty) return;
    entry.dirty = true;
    this.#entries.set(id, entry);
    this.#lastId = undefined;
    this.#changed.push(id);
  }

  /** Puts an entry there as KV has it. */
  load(id: string, text: string): void {
    this.#lastId = undefined;
    this.#entries.set(id, text);
  }

  text(id: string): string | undefined {
    const found = this.#entries.get(id);
    return typeof found === "object" ? this.#codec.write(found) : found;
  }

  /** Keys, with the prefix, of what was put there since the last call. */
  takeChanged(): string[] {
    const ids = this.#changed;
    this.#changed = [];
    for (const id of ids) {
      const found = this.#entries.get(id);
      if (typeof found === "object") found.dirty = false;
    }
    return ids.map((id) => this.prefix + id);
  }

  *ids(): Generator<string> {
    yield* this.#entries.keys();
  }

  /** Looks at one more entry: drops it where it is cold, lays it down as text where it has rested. */
  sweep(atMs: number): void {
    this.#lastId = undefined;
    this.#sweep ??= this.#entries.entries();
    const next = this.#sweep.next();
    if (next.done) {
      this.#sweep = undefined;
      return;
    }
    const [id, found] = next.value;
    if (typeof found === "object" && found.dirty) return;
    if (typeof found === "string") {
      const coldAtMs = coldAtOf(found);
      if (coldAtMs !== 0 && coldAtMs < atMs) this.#entries.delete(id);
    } else if (this.#codec.coldAtMs(found) < atMs) this.#entries.delete(id);
    else if (this.#codec.lastMs(found) < atMs - RESTS_AFTER_MS)
      this.#entries.set(id, this.#codec.write(found));
  }
}

/** When an entry's text is cold, Unix milliseconds; 0: never. */
export const coldAtOf = (text: string): number => Number(text.slice(1, text.indexOf(",")));

/** The head of an entry's text. */
export const coldHead = (coldAtMs: number): number => (coldAtMs === Number.POSITIVE_INFINITY ? 0 : coldAtMs);
