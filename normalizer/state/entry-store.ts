/**
 * Entries of one kind by id. Most players of a realm are inactive, so an entry stays the text that KV holds until it is looked up,
 * and becomes text again after it has not been used for a while: an inactive player costs a string.
 */
import { assertKnownVersion, coldAtOf } from "../../shared/judgement/caps-entry.ts";
import { CacheUnusable } from "../../shared/stage/cache-unusable.ts";

/** An entry as text and back, laid out as `caps-entry.ts` says. */
export type Codec<Entry> = {
  read(text: string): Entry;
  write(entry: Entry): string;
  /** Unix milliseconds from which on the entry equals an absent one; `Infinity`: never. */
  coldAtMs(entry: Entry): number;
  /** A lower bound of `coldAt` that is cheap to compute; absent where `coldAt` itself is cheap. */
  coldFromMs?(entry: Entry): number;
  /** Time of the last use. */
  lastMs(entry: Entry): number;
};

/** An entry that was not used for this long becomes text; daily players keep theirs unpacked. */
const RESTS_AFTER_MS = 24 * 3_600_000;
/** Marks an entry as absent even where the parent has one: it was looked up before the parent had it, or is cold. */
const ABSENT = "";

/** `dirty`: changed since it was last written. `id`: its key while it is stored. Neither is part of its text. */
export type StoredEntry = { dirty?: boolean; id?: string | undefined };

export class EntryStore<Entry extends StoredEntry> {
  readonly prefix: string;
  readonly #codec: Codec<Entry>;
  /** Ids put since the last `takeChanged`. */
  #changed: Entry[] = [];
  readonly #parent: EntryStore<Entry> | undefined;
  readonly #entries = new Map<string, Entry | string>();
  #grew = false;
  #lastId: string | undefined;
  #last: Entry | undefined;
  #sweep: MapIterator<[string, Entry | string]> | undefined;

  /**
   * With a `parent`, an entry starts as a copy of what the parent has when it is first asked for; from then on the two go their
   * own ways, also where the parent has none.
   */
  constructor(prefix: string, codec: Codec<Entry>, parent?: EntryStore<Entry>) {
    this.prefix = prefix;
    this.#codec = codec;
    this.#parent = parent;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** `near`: an entry that may be the wanted one; comparing it is cheaper than a lookup. */
  get(id: string, near?: Entry): Entry | undefined {
    // A decision looks its entries up again to change them, so they are not swept before the next one.
    if (id === this.#lastId) return this.#last;
    this.#lastId = id;
    this.#last = near !== undefined && near.id === id ? near : this.#find(id);
    return this.#last;
  }

  #find(id: string): Entry | undefined {
    const found = this.#entries.get(id);
    if (typeof found === "object") return found;
    if (found === undefined && this.#parent !== undefined) this.#grew = true;
    const text = found ?? this.#parent?.text(id);
    if (text === undefined || text === ABSENT) {
      if (this.#parent !== undefined && found === undefined) this.#entries.set(id, ABSENT);
      return undefined;
    }
    const entry = this.#read(id, text);
    entry.id = id;
    this.#entries.set(id, entry);
    return entry;
  }

  /** A text is parsed only when its entry is looked up, so a faulty one is noticed only then. */
  #read(id: string, text: string): Entry {
    try {
      return this.#codec.read(text);
    } catch (error) {
      throw new CacheUnusable(`its entry ${this.prefix}${id} can't be read: ${error}`, { cause: error });
    }
  }

  /** An entry as it is stored, packed ones as text, so that a scan over all entries unpacks none. Must not be changed. */
  peek(id: string): Readonly<Entry> | string | undefined {
    const found = this.#entries.get(id) ?? this.#parent?.peek(id);
    return found === ABSENT ? undefined : found;
  }

  /** Stores an entry, or marks the stored one as changed. */
  put(id: string, entry: Entry): void {
    if (entry.dirty) return;
    entry.dirty = true;
    this.#changed.push(entry);
    this.#lastId = id;
    this.#last = entry;
    if (entry.id === id) return;
    const former = this.#entries.get(id);
    if (typeof former === "object") former.id = undefined;
    if (former === undefined) this.#grew = true;
    entry.id = id;
    this.#entries.set(id, entry);
  }

  /**
   * Stores an entry's text as KV holds it. Throws `UnknownEntryVersion` at once: what looks at the text before it is parsed, such as
   * a sweep or a council, would misread it.
   */
  load(id: string, text: string): void {
    assertKnownVersion(text);
    this.#lastId = undefined;
    this.#entries.set(id, text);
  }

  has(id: string): boolean {
    return (this.#entries.get(id) ?? ABSENT) !== ABSENT;
  }

  text(id: string): string | undefined {
    const found = this.#entries.get(id);
    return typeof found === "object" ? this.#codec.write(found) : found === ABSENT ? undefined : found;
  }

  /** Whether the store has grown since the last call, absent marks included. */
  takeGrown(): boolean {
    const grew = this.#grew;
    this.#grew = false;
    return grew;
  }

  /** Keys, with the prefix, of entries put since the last call. */
  takeChanged(): string[] {
    const changed = this.#changed;
    this.#changed = [];
    const keys: string[] = [];
    for (const entry of changed) {
      entry.dirty = false;
      if (entry.id !== undefined) keys.push(this.prefix + entry.id);
    }
    return keys;
  }

  *ids(): Generator<string> {
    yield* this.#entries.keys();
  }

  /** Sweeps one more entry: drops it where it is cold, packs it into text where it was unused. */
  sweep(atMs: number): void {
    this.#sweep ??= this.#entries.entries();
    const next = this.#sweep.next();
    if (next.done) {
      this.#sweep = undefined;
      return;
    }
    const [id, found] = next.value;
    if (id === this.#lastId) return;
    if (typeof found === "string") {
      if (found === ABSENT || isColdText(found, atMs)) this.#drop(id);
      return;
    }
    if (found.dirty) return;
    const isCold = this.#isCold(found, atMs);
    if (!isCold && this.#codec.lastMs(found) >= atMs - RESTS_AFTER_MS) return;
    found.id = undefined;
    if (isCold) this.#drop(id);
    else this.#entries.set(id, this.#codec.write(found));
  }

  #isCold(entry: Entry, atMs: number): boolean {
    const { coldFromMs } = this.#codec;
    return (coldFromMs === undefined || coldFromMs(entry) < atMs) && this.#codec.coldAtMs(entry) < atMs;
  }

  /** While the parent has an entry, this store must not start from it again. */
  #drop(id: string): void {
    if (!this.#parent?.has(id)) this.#entries.delete(id);
    else this.#entries.set(id, ABSENT);
  }
}

/** Another store's entries, read only: they are copies, and puts are dropped. */
export class Borrowed<Entry extends StoredEntry> extends EntryStore<Entry> {
  readonly #owner: EntryStore<Entry>;

  constructor(owner: EntryStore<Entry>, codec: Codec<Entry>) {
    super(owner.prefix, codec);
    this.#owner = owner;
  }

  override get(id: string): Entry | undefined {
    const entry = this.#owner.get(id);
    return entry && { ...entry };
  }

  override peek(id: string): Readonly<Entry> | string | undefined {
    return this.#owner.peek(id);
  }

  override put(): void {}
}

function isColdText(text: string, atMs: number): boolean {
  const coldAtMs = coldAtOf(text);
  return coldAtMs !== 0 && coldAtMs < atMs;
}
