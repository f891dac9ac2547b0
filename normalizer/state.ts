/** What the normalizer knows of a realm: a fold of its own decisions, cached in KV under `caps`. */
import type { RealmStatus } from "../shared/contracts/command.ts";
import type { Ruleset } from "../shared/contracts/ruleset.ts";

/** An accepted or quarantined event, remembered so that its key never counts twice. */
export type Seen = { hash: string; atMs: number };

/** KV `<realm>.u.<user>`; everything in it cools, so it may expire. */
export type PlayerState = {
  /** `source_seq` of the last decision in it. */
  through: number;
  /** Milli-points by `daily_cap_bucket`, the last 7 days. */
  days: Map<string, number>;
  /** By event id, oldest first. */
  seen: Map<string, Seen>;
};

/** KV `<realm>.m.<user>`; never expires. */
export type Membership = { through: number; faction: string };

/** KV `<realm>.r.realm`. */
export type RealmRules = {
  through: number;
  status: RealmStatus;
  ruleset: Ruleset;
  version: number;
  /** Ids of the latest commands, oldest first: a repeated key is answered `duplicate`. */
  commands: Set<string>;
};

export type NormalizerState = {
  realm: string;
  /** Absent only before the first message of EVENTS, which sets the first ruleset. */
  rules: RealmRules | undefined;
  players: Map<string, PlayerState>;
  members: Map<string, Membership>;
  /** KV keys that changed since the last flush. */
  changed: Set<string>;
};

export const initialState = (realm: string): NormalizerState => ({
  realm,
  rules: undefined,
  players: new Map(),
  members: new Map(),
  changed: new Set(),
});

/** Longer than any key can come back: `occurred_at` may be 24 h old and 5 min ahead. */
export const SEEN_MS = 25 * 3_600_000;
/** A player's memory for keys; who fills it within 25 h is refused, since a forgotten key could count twice. */
export const SEEN_MAX = 512;
export const DAYS_KEPT = 7;
export const COMMANDS_KEPT = 1_000;
