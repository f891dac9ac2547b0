/**
 * What the normalizer knows of a realm: a fold of its own decisions, cached in KV under `caps`, an entry per thing known.
 * Each entry is a fold by itself, of the decisions that concern it, and says up to which one (`through`): entries of different
 * ages together are no state, but folding what came since makes them one.
 */
import type { RealmStatus } from "../shared/contracts/command.ts";
import type { Judgement, Ruleset } from "../shared/contracts/ruleset.ts";
import type { Shelf } from "./shelf.ts";

/** `through`: `source_seq` of the last decision in the entry. */
export type Entry = { through: number };

/** An accepted or quarantined event, remembered so that its key never counts twice. */
export type Seen = { hash: number; atSeconds: number };

/** Milli-points of one day. Days are numbered from 1970-01-01, the ruleset's offset applied. */
export type DayPoints = { day: number; points: number };

/** KV `<realm>.u.<user>`: everything in it cools. Times are Unix milliseconds, heat is the time until which a key is hot. */
export type PlayerState = Entry & {
  lastMs: number;
  burst: number;
  drip: number;
  /** Final points of the last days that have any, oldest first. */
  days: DayPoints[];
  /** Final points of the latest day by source, in the order of `SOURCES`. */
  today: { day: number; sources: number[] };
  /** Heat of what the player does, by signature; and of exactly alike actions, by fingerprint. */
  signatures: Map<string, number>;
  fingerprints: Map<string, number>;
  /** When the latest events came, oldest first. */
  times: number[];
  /** When each category was last played, in the order of `CATEGORIES`. */
  categories: number[];
  /** By event id, oldest first. */
  seen: Map<string, Seen>;
};

/** KV `<realm>.d.<device>`. */
export type DeviceState = Entry & {
  lastMs: number;
  burst: number;
  drip: number;
  today: DayPoints;
  /** When each user last played on it, oldest first. */
  users: Map<string, number>;
  /** Heat of going from hand to hand. */
  turns: number;
};

/** KV `<realm>.s.<session>`. */
export type SessionState = Entry & { burst: number };

/** KV `<realm>.m.<user>`; never expires. */
export type Membership = Entry & { faction: string; sinceMs: number; cohort?: string };

/** KV `<realm>.q.<event>`: a quarantined event, until it is reviewed and for a while after. */
export type QuarantinedEvent = Entry & { user: string; atMs: number; hash: string; closed: 0 | 1 };

/** KV `<realm>.r.week`: what fairness compares with. */
export type Week = Entry & {
  /** The latest day with points. */
  day: number;
  /** Of the last days: all points, and the users whose latest points were on that day. */
  days: { day: number; points: number; users: number }[];
  /** All points and users of the 7 days before `day`. */
  before: { points: number; users: number };
};

/** KV `<realm>.r.realm`. */
export type RealmRules = Entry & {
  status: RealmStatus;
  ruleset: Ruleset;
  version: number;
  /** Of the latest versions, oldest first: decisions that are folded again go by their own. */
  judgements: { version: number; judgement: Judgement }[];
  /** Ids of the latest commands, oldest first: a repeated key is answered `duplicate`. */
  commands: Set<string>;
};

export type NormalizerState = {
  realm: string;
  /** Absent only before the first message of EVENTS, which sets the first ruleset. */
  rules: RealmRules | undefined;
  week: Week;
  players: Shelf<PlayerState>;
  devices: Shelf<DeviceState>;
  sessions: Shelf<SessionState>;
  members: Shelf<Membership>;
  quarantine: Shelf<QuarantinedEvent>;
  /** Open quarantined events by user, and in all: an index of `quarantine`. */
  open: Map<string, number>;
  openTotal: number;
  /** `received_at` of the latest decision, Unix milliseconds. */
  nowMs: number;
  /** KV keys that changed since they were last written. */
  changed: Set<string>;
};

export const newPlayer = (): PlayerState => ({
  through: 0,
  lastMs: 0,
  burst: 0,
  drip: 0,
  days: [],
  today: { day: 0, sources: [0, 0, 0, 0, 0] },
  signatures: new Map(),
  fingerprints: new Map(),
  times: [],
  categories: [0, 0, 0],
  seen: new Map(),
});

export const newDevice = (): DeviceState => ({
  through: 0,
  lastMs: 0,
  burst: 0,
  drip: 0,
  today: { day: 0, points: 0 },
  users: new Map(),
  turns: 0,
});

export const DAY_MS = 86_400_000;
/** Longer than any key can come back: `occurred_at` may be 24 h old and 5 min ahead. */
export const SEEN_MS = 25 * 3_600_000;
/** A player's memory for keys; who fills it within 25 h is refused, since a forgotten key could count twice. */
export const SEEN_MAX = 512;
export const WINDOW_DAYS = 7;
export const SIGNATURES_MAX = 32;
export const TIMES_MAX = 9;
export const COMMANDS_KEPT = 1_000;
export const JUDGEMENTS_KEPT = 16;
