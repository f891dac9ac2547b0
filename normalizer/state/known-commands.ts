/**
 * The commands that a realm remembers, so that a repeated key is answered `duplicate`: fingerprints by the hour of their arrival,
 * an entry per hour. Only the present hour changes, so a write is as large as that hour; old hours are dropped whole. Adding a
 * fingerprint again changes nothing, so each hour is a fold by itself. Each fingerprint names the player who sent it, so that the
 * fingerprints of one player can be counted.
 *
 * A repeat later than `COMMANDS_KNOWN_MS` counts as new, since a command has no time of its own that could be too old:
 * RAW stores a key once within its duplicate window, and a client repeats what it got no answer to within hours.
 */
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import { earlierCommandId } from "../../shared/exact/identity.ts";
import { eventFingerprint } from "./fingerprints.ts";

const HOUR_MS = 3_600_000;
/** A command is remembered for at least this long, and up to an hour longer, like a candidate's key. */
export const COMMANDS_KNOWN_MS = 25 * HOUR_MS;
const HOURS_KNOWN = COMMANDS_KNOWN_MS / HOUR_MS;
/**
 * With so many known, players' further ones are refused, `too_many`, rather than one forgotten. What game masters and the system
 * say has no bound: they are few, and trusted. Two of 20 000 have the same 50 bits once in 5 million realms that are full.
 */
export const COMMANDS_KNOWN = 20_000;
/**
 * So many of them may be one player's, or one who asks on and on would lock the others out: it takes 313 who do to fill the
 * realm's memory. What players ask for here is up to a council's seats, three times a season, so no player comes near it.
 */
export const PLAYER_COMMANDS_KNOWN = 64;

/**
 * A repeat of these changes nothing, by what they themselves leave behind: memberships with the marks of what was asked last,
 * reviews, votes, and rows that the archive has once. Crowds send them.
 */
const REPEATABLE: ReadonlySet<DecidedCommand["kind"]> = new Set([
  "member.join",
  "member.switch",
  "member.leave",
  "review.release",
  "review.reject",
  "council.vote",
  "chapter.receipt",
  "activity.daily",
]);

/** Whether a command takes a place in this memory. A player's refused command doesn't, or players without rights could fill it. */
export const isRemembered = ({ kind, status, actor, reason }: DecidedCommand): boolean =>
  !REPEATABLE.has(kind) && (status !== "refused" || (actor.type !== "player" && reason !== "duplicate"));

const hourOf = (atMs: number): number => Math.floor(atMs / HOUR_MS);

/** The parts of a command that the memory needs. */
type Sent = Pick<DecidedCommand, "command_id" | "actor">;
type Asked = Sent & Pick<DecidedCommand, "realm_id" | "idempotency_key">;

/** A player's marks in an hour's entry. */
type OfPlayer = [player: string, ...marks: number[]];

/** The commands of one hour. */
class Hour {
  /** Marks of what game masters and the system sent. */
  readonly trusted = new Set<number>();
  /** Marks of what players sent, each with the player. */
  readonly players = new Map<number, string>();
  readonly #counts = new Map<string, number>();

  add(mark: number, player: string): void {
    if (this.players.has(mark)) return;
    this.players.set(mark, player);
    this.#counts.set(player, this.countOf(player) + 1);
  }

  /** Fingerprints by player. */
  countOf(player: string): number {
    return this.#counts.get(player) ?? 0;
  }
}

export class KnownCommands {
  /** By hours since 1970. */
  readonly #hours = new Map<number, Hour>();
  /** Of a cache written when commands were kept without their times: they count as of the first command after. */
  #undated: number[] = [];

  /**
   * Whether a command's key is known that comes at `atMs`. The key spaces are apart, and yet what a player sent is nothing to
   * those who are trusted: an earlier release had one space for all. What a player sent then is known as that player's.
   */
  has({ command_id, actor, realm_id, idempotency_key }: Asked, atMs: number): boolean {
    const mark = eventFingerprint(command_id);
    if (this.#undated.includes(mark)) return true;
    const player = actor.type === "player" ? actor.id : undefined;
    const earlier = player === undefined ? 0 : eventFingerprint(earlierCommandId(realm_id, idempotency_key));
    for (const [hour, { trusted, players }] of this.#hours) {
      if (!isKnown(hour, atMs)) continue;
      if (trusted.has(mark)) return true;
      if (player !== undefined && (players.has(mark) || players.get(earlier) === player)) return true;
    }
    return false;
  }

  /** Whether as many are known of this player as may be of one, or as many of all as may be of the realm. */
  isFull(player: string, atMs: number): boolean {
    let [ofPlayer, ofRealm] = [0, this.#undated.length];
    for (const [hour, known] of this.#hours)
      if (isKnown(hour, atMs)) {
        ofPlayer += known.countOf(player);
        ofRealm += known.trusted.size + known.players.size;
      }
    return ofPlayer >= PLAYER_COMMANDS_KNOWN || ofRealm >= COMMANDS_KNOWN;
  }

  /** Returns the hour that changed. */
  add({ command_id, actor }: Sent, atMs: number): number {
    const hour = hourOf(atMs);
    const known = this.#of(hour);
    if (actor.type === "player") known.add(eventFingerprint(command_id), actor.id);
    else known.trusted.add(eventFingerprint(command_id));
    this.#forget();
    return hour;
  }

  /** Puts those without a time into the hour of `atMs`, and answers it; `undefined` where there are none. */
  date(atMs: number): number | undefined {
    if (this.#undated.length === 0) return undefined;
    const hour = hourOf(atMs);
    for (const mark of this.#undated) this.#of(hour).trusted.add(mark);
    this.#undated = [];
    return hour;
  }

  /** By the newest hour: an entry of the cache, or a command that is folded again, may be older than what is known already. */
  #forget(): void {
    const newest = Math.max(...this.#hours.keys());
    for (const hour of this.#hours.keys()) if (hour < newest - HOURS_KNOWN) this.#hours.delete(hour);
  }

  #of(hour: number): Hour {
    let known = this.#hours.get(hour);
    if (known === undefined) {
      known = new Hour();
      this.#hours.set(hour, known);
    }
    return known;
  }

  hours(): IterableIterator<number> {
    return this.#hours.keys();
  }

  /** An hour's entry, `[mark, …, [player, mark, …], …]`; `undefined` where it is forgotten. */
  text(hour: number): string | undefined {
    const known = this.#hours.get(hour);
    if (known === undefined) return undefined;
    const players = new Map<string, OfPlayer>();
    for (const [mark, player] of known.players) {
      const marks = players.get(player);
      if (marks === undefined) players.set(player, [player, mark]);
      else marks.push(mark);
    }
    return JSON.stringify([...known.trusted, ...players.values()]);
  }

  /** An older cache doesn't say whose the marks are: those belong to no player. */
  load(hour: number, text: string): void {
    const known = this.#of(hour);
    for (const each of JSON.parse(text) as (number | OfPlayer)[]) {
      if (typeof each === "number") known.trusted.add(each);
      else {
        const [player, ...marks] = each;
        for (const mark of marks) known.add(mark, player);
      }
    }
    this.#forget();
  }

  /** `ids`: as an older cache has them. */
  loadUndated(ids: readonly string[]): void {
    this.#undated = ids.map(eventFingerprint);
  }
}

const isKnown = (hour: number, atMs: number): boolean => hour >= hourOf(atMs) - HOURS_KNOWN;
