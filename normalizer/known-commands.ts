/**
 * The commands that a realm remembers, so that a repeated key is answered `duplicate`: as marks, by the hour in which they came,
 * an entry per hour. Only the hour that it is changes, so a write is as large as what came in it; old hours go as a whole. Adding
 * a mark again changes nothing, so an hour is a fold whatever else it includes already.
 *
 * What comes again later than `COMMANDS_KNOWN_MS` is taken as new, since a command has no time of its own that could be too old:
 * RAW stores a key once within its duplicate window, and a client repeats what it got no answer to within hours.
 */
import type { DecidedCommand } from "../shared/contracts/command.ts";
import { eventMark } from "./factors/marks.ts";

const HOUR_MS = 3_600_000;
/** A command is known for at least so long, and up to an hour longer: like a candidate's key. */
export const COMMANDS_KNOWN_MS = 25 * HOUR_MS;
const HOURS_KNOWN = COMMANDS_KNOWN_MS / HOUR_MS;
/**
 * With so many known, players' further ones are refused, `too_many`, rather than one forgotten. What game masters and the system
 * say has no bound: they are few, and trusted. Two of 20 000 have the same 50 bits once in 5 million realms that are full.
 */
export const COMMANDS_KNOWN = 20_000;

/** A repeat of these changes nothing, by what they themselves leave behind: memberships, reviews and votes. Crowds send them. */
const REPEATABLE: ReadonlySet<DecidedCommand["kind"]> = new Set([
  "member.join",
  "member.switch",
  "review.release",
  "review.reject",
  "council.vote",
]);

/** Whether a command takes a place in this memory. A player's refused one doesn't, or those who may nothing could fill it. */
export const isRemembered = ({ kind, status, actor, reason }: DecidedCommand): boolean =>
  !REPEATABLE.has(kind) && (status !== "refused" || (actor.type !== "player" && reason !== "duplicate"));

const hourOf = (atMs: number): number => Math.floor(atMs / HOUR_MS);

export class KnownCommands {
  /** By hours since 1970. */
  readonly #hours = new Map<number, Set<number>>();
  /** Of a cache written when commands were kept without their times: they count as of the first command after. */
  #undated: number[] = [];

  /** `atMs`: when the command came that is decided now. */
  has(id: string, atMs: number): boolean {
    const mark = eventMark(id);
    if (this.#undated.includes(mark)) return true;
    for (const [hour, marks] of this.#hours) if (isKnown(hour, atMs) && marks.has(mark)) return true;
    return false;
  }

  isFull(atMs: number): boolean {
    let known = this.#undated.length;
    for (const [hour, marks] of this.#hours) if (isKnown(hour, atMs)) known += marks.size;
    return known >= COMMANDS_KNOWN;
  }

  /** Answers the hour that changed. */
  add(id: string, atMs: number): number {
    const hour = hourOf(atMs);
    this.#of(hour).add(eventMark(id));
    this.#forget();
    return hour;
  }

  /** Puts those without a time into the hour of `atMs`, and answers it; `undefined` where there are none. */
  date(atMs: number): number | undefined {
    if (this.#undated.length === 0) return undefined;
    const hour = hourOf(atMs);
    const marks = this.#of(hour);
    for (const mark of this.#undated) marks.add(mark);
    this.#undated = [];
    return hour;
  }

  /** By the newest hour: an entry of the cache, or a command that is folded again, may be older than what is known already. */
  #forget(): void {
    const newest = Math.max(...this.#hours.keys());
    for (const hour of this.#hours.keys()) if (hour < newest - HOURS_KNOWN) this.#hours.delete(hour);
  }

  #of(hour: number): Set<number> {
    let marks = this.#hours.get(hour);
    if (marks === undefined) {
      marks = new Set();
      this.#hours.set(hour, marks);
    }
    return marks;
  }

  hours(): IterableIterator<number> {
    return this.#hours.keys();
  }

  /** An hour's entry; `undefined` where it is forgotten. */
  text(hour: number): string | undefined {
    const marks = this.#hours.get(hour);
    return marks && JSON.stringify([...marks]);
  }

  load(hour: number, text: string): void {
    const marks = this.#of(hour);
    for (const mark of JSON.parse(text) as number[]) marks.add(mark);
    this.#forget();
  }

  /** `ids`: as an older cache has them. */
  loadUndated(ids: readonly string[]): void {
    this.#undated = ids.map(eventMark);
  }
}

const isKnown = (hour: number, atMs: number): boolean => hour >= hourOf(atMs) - HOURS_KNOWN;
