/**
 * What the normalizer knows of a realm: a fold of its own decisions, cached in KV under `caps`, an entry per thing known.
 * Each entry is a fold by itself, of the decisions that concern it, and says up to which one (`through`): entries of different
 * ages together are no state, but folding what came since makes them one.
 */
import type { Admission } from "../shared/admission.ts";
import type { ById } from "../shared/by-id.ts";
import { canonicalHash } from "../shared/canonical.ts";
import type { Judgement, Ruleset } from "../shared/contracts/ruleset.ts";
import type { Week } from "../shared/fairness.ts";
import type { DeviceState } from "./device.ts";
import type { KnownCommands } from "./known-commands.ts";
import type { PlayerState } from "./player.ts";
import type { Rejudge } from "./rejudge.ts";
import type { Shelf, Shelved } from "./shelf.ts";
import { newTally, type Tally } from "./tally.ts";

/** `through`: `source_seq` of the last decision in the entry. */
export type Entry = Shelved & { through: number };

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
  /** KV `<realm>.u.<user>`. */
  players: Shelf<PlayerState>;
  /** KV `<realm>.d.<device>`. */
  devices: Shelf<DeviceState>;
  sessions: Shelf<SessionState>;
  members: Shelf<Membership>;
  quarantine: Shelf<QuarantinedEvent>;
  /** KV `<realm>.c.<hour>`. */
  commands: KnownCommands;
  /** KV `<realm>.r.shadow`. */
  shadow: Entry & { running: Shadow | undefined };
  /** Open quarantined events by user, and in all: an index of `quarantine`. */
  open: Map<string, number>;
  openTotal: number;
  /** `received_at` of the latest decision or command, Unix milliseconds. */
  nowMs: number;
  /** KV keys, besides those of the shelves, that changed since they were last written. */
  changed: Set<string>;
};

/** The realm's rules. Throws where nothing of EVENTS was folded yet. */
export function rulesOf(state: NormalizerState): RealmRules {
  if (state.rules === undefined) throw new Error("the realm has no ruleset: EVENTS doesn't start with one");
  return state.rules;
}

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

export const JUDGEMENTS_KEPT = 16;
