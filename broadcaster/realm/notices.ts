/** Encoded notices of a realm's last ticks by player, for players who were offline. */
import type { PassedNotices } from "../../shared/contracts/feed.ts";
import { encodeFrame } from "./encode.ts";

/** A part's place among all parts of a realm's notices: they come in this order. */
export const orderOf = (tick: number, part: number): number => tick * 1_000 + part;

type Held = { user: string; order: number; bytes: Uint8Array };
type Part = { order: number; tick: number; held: Held[]; bytes: number };

/** What a held notice takes beside its bytes, about. */
const OVERHEAD_BYTES = 250;

export class Notices {
  readonly #ticks: number;
  readonly #maxBytes: number;
  readonly #byUser = new Map<string, Held[]>();
  #parts: Part[] = [];
  #bytes = 0;

  /** Holds those of the last `ticks` ticks, and fewer where they take more than `maxBytes`. */
  constructor(ticks: number, maxBytes: number) {
    this.#ticks = ticks;
    this.#maxBytes = maxBytes;
  }

  /** Order of the last part; 0 before the first. */
  get end(): number {
    return this.#parts.at(-1)?.order ?? 0;
  }

  /** Holds a part and returns its players; none where it is held already. */
  add({ tick, part, notices }: PassedNotices): string[] {
    const order = orderOf(tick, part);
    if (order <= this.end) return [];
    const held = notices.map(({ user, items }) => {
      const { bytes } = encodeFrame({ type: "notice", tick, items });
      return { user, order, bytes };
    });
    const bytes = held.reduce((sum, notice) => sum + notice.bytes.length + OVERHEAD_BYTES, 0);
    this.#parts.push({ order, tick, held, bytes });
    this.#bytes += bytes;
    for (const notice of held) {
      const earlier = this.#byUser.get(notice.user);
      if (earlier === undefined) this.#byUser.set(notice.user, [notice]);
      else earlier.push(notice);
    }
    while (
      this.#parts[0]!.tick <= tick - this.#ticks ||
      (this.#bytes > this.#maxBytes && this.#parts.length > 1)
    )
      this.#forget(this.#parts.shift()!);
    return held.map(({ user }) => user);
  }

  /** A player's notices after an order, oldest first. */
  of(user: string, after: number): readonly { order: number; bytes: Uint8Array }[] {
    const held = this.#byUser.get(user) ?? [];
    return held.filter(({ order }) => order > after);
  }

  /** Players with notices after an order. */
  usersAfter(after: number): Set<string> {
    const later = this.#parts.filter(({ order }) => order > after);
    return new Set(later.flatMap(({ held }) => held.map(({ user }) => user)));
  }

  #forget({ held, bytes }: Part): void {
    this.#bytes -= bytes;
    for (const { user } of held) {
      const own = this.#byUser.get(user)!;
      own.shift();
      if (own.length === 0) this.#byUser.delete(user);
    }
  }
}
