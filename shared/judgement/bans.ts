/** Bans: a game master keeps a user out of the realm for a time. Part of what a realm admits, so that every reader of it agrees. */
import { type ById, entries, find } from "../exact/by-id.ts";

/** Bans of one realm at once; one more is refused. */
export const MAX_BANS = 1_000;

/** By user: until when, Unix milliseconds. */
export type Bans = ById<number>;

export const isBanned = (bans: Bans, user: string, atMs: number): boolean => (find(bans, user) ?? 0) > atMs;

/** Those that last beyond `atMs`. */
export const lasting = (bans: Bans, atMs: number): Bans =>
  Object.fromEntries(entries(bans).filter(([, untilMs]) => untilMs > atMs));
