/**
 * What the normalizer knows of a realm: a fold of its own decisions, cached in KV under `caps`, an entry per thing known.
 * Each entry is a fold by itself, of the decisions that concern it, and says up to which one (`through`): entries of different
 * ages together are no state, but folding what came since makes them one.
 */
import type { Admission } from "../shared/admission.ts";
import type { ById } from "../shared/by-id.ts";
import { canonicalHash } from "../shared/canonical.ts";
import type { Judgement, Ruleset } from "../shared/contracts/ruleset.ts";
import type { DayPoints } from "../shared/day-counters.ts";
import type { Week } from "../shared/fairness.ts";
import type { Heats } from "./factors/heat.ts";
import type { Rejudge } from "./rejudge.ts";
import type { Shelf, Shelved } from "./shelf.ts";
import { newTally, type Tally } from "./tally.ts";

/** `through`: `source_seq` of the last decision in the entry. */
export type Entry = Shelved & { through: number };

/** Accepted and quarantined events, remembered so that no key counts twice, by `eventMark`: columns, oldest first. */
export type Seen = { events: number[]; contents: number[]; atSeconds: number[] };

/**
 * KV `<realm>.u.<user>`: everything in it cools. Times are Unix milliseconds, heat is the time until which a key is hot. It holds
 * arrays rather than maps: a realm has a million of it, and none of its lists is long.
 */
export type PlayerState = Entry & {
  lastMs: number;
  burst: number;
  drip: number;
  /** Final points of the last days that have any, oldest first. */
  days: DayPoints[];
  /** Final points of the latest day by source, in the order of `SOURCES`. */
  today: { day: number; sources: number[] };
  /** Heat of what the player does, by fine and coarse mark; and of exactly alike actions. */
  signatures: Heats;
  fingerprints: Heats;
  /** When the latest events came, oldest first. */
  times: number[];
  /** When each category was last played, in the order of `CATEGORIES`. */
  categories: number[];
  seen: Seen;
};

/** KV `<realm>.d.<device>`. */
export type DeviceState = Entry & {
  lastMs: number;
  burst: number;
  drip: number;
  today: DayPoints;
  /** Who played on it lately, and when last: columns, oldest first. */
  users: { ids: string[]; lastMs: number[] };
  /** Heat of going from hand to hand. */
  turns: number;
};

/** KV `<realm>.s.<session>`. */
export type SessionState = Entry & { burst: number };

/**
 * KV `<realm>.m.<user>`; never expires. `voted`: the last council that the user voted in. `firsts`: `source_seq` of the user's first
 * decision with points in each open campaign, by its id; closed ones are forgotten with the next first.
 */
export type Membership = Entry & {
  faction: string;
  sinceMs: number;
  cohort?: string;
  voted?: string;
  firsts?: ById<number>;
};

/** KV `<realm>.q.<event>`: a quarantined event, until it is reviewed and for a while after. */
export type QuarantinedEvent = Entry & { user: string; atMs: number; hash: string; closed: 0 | 1 };

/** KV `<realm>.r.week`: what fairness compares with. */
export type RealmWeek = Entry & Week;

/** KV `<realm>.r.realm`. */
export type RealmRules = Entry &
  Admission & {
    ruleset: Ruleset;
    version: number;
    /** Of the latest versions, oldest first: decisions that are folded again go by their own. */
    judgements: { version: number; judgement: Judgement }[];
    /** Ids of the latest commands, oldest first: a repeated key is answered `duplicate`. Votes aren't among them. */
    commands: Set<string>;
    /** The latest council of each faction: when it was opened, and how many options it has. */
    councils: { faction: string; id: string; atMs: number; options: number }[];
  };

/** Rules that run beside the realm's own and are never applied: what they would have decided is counted. */
export type Shadow = {
  since: string;
  label: string;
  ruleset: Ruleset;
  counts: {
    candidates: number;
    verdict_differs: number;
    points_differ: number;
    errors: number;
    live: Tally;
    shadow: Tally;
  };
  /** Made at the first candidate, from the realm's state as it is then; so it starts anew after a restart. */
  judge?: Rejudge;
};

export type NormalizerState = {
  realm: string;
  /** Absent only before the first message of EVENTS, which sets the first ruleset. */
  rules: RealmRules | undefined;
  week: RealmWeek;
  players: Shelf<PlayerState>;
  devices: Shelf<DeviceState>;
  sessions: Shelf<SessionState>;
  members: Shelf<Membership>;
  quarantine: Shelf<QuarantinedEvent>;
  /** KV `<realm>.r.shadow`. */
  shadow: Entry & { running: Shadow | undefined };
  /** Open quarantined events by user, and in all: an index of `quarantine`. */
  open: Map<string, number>;
  openTotal: number;
  /** `received_at` of the latest decision, Unix milliseconds. */
  nowMs: number;
  /** KV keys, besides those of the shelves, that changed since they were last written. */
  changed: Set<string>;
};

export const newPlayer = (): PlayerState => ({
  through: 0,
  lastMs: 0,
  burst: 0,
  drip: 0,
  days: [],
  today: { day: 0, sources: [0, 0, 0, 0, 0] },
  signatures: [],
  fingerprints: [],
  times: [],
  categories: [0, 0, 0],
  seen: { events: [], contents: [], atSeconds: [] },
});

export const newDevice = (): DeviceState => ({
  through: 0,
  lastMs: 0,
  burst: 0,
  drip: 0,
  today: { day: 0, points: 0 },
  users: { ids: [], lastMs: [] },
  turns: 0,
});

/** `since`: when its command came. */
export const newShadow = (ruleset: Ruleset, since: string): Shadow => ({
  since,
  label: canonicalHash(ruleset).slice(0, 12),
  ruleset,
  counts: {
    candidates: 0,
    verdict_differs: 0,
    points_differ: 0,
    errors: 0,
    live: newTally(),
    shadow: newTally(),
  },
});

/** Longer than any key can come back: `occurred_at` may be 24 h old and 5 min ahead. */
export const SEEN_MS = 25 * 3_600_000;
/** A player's memory for keys; who fills it within 25 h is refused, since a forgotten key could count twice. */
export const SEEN_MAX = 512;
export const TIMES_MAX = 9;
export const COMMANDS_KEPT = 1_000;
export const JUDGEMENTS_KEPT = 16;
