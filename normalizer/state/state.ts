/**
 * What the normalizer knows of a realm: a fold of its own decisions, cached in KV under `caps`, an entry per thing known.
 * Each entry is a fold by itself, of the decisions that concern it, and says up to which one (`through`): entries of different
 * ages together are no state, but folding what came since makes them one.
 */

import type { ValidCandidate } from "../../shared/contracts/candidate.ts";
import type { DecidedCommand, ValidCommand } from "../../shared/contracts/command.ts";
import type { Decision } from "../../shared/contracts/decision.ts";
import type { JudgementRules, Ruleset } from "../../shared/contracts/ruleset.ts";
import { canonicalHash } from "../../shared/exact/canonical.ts";
import type { Admission } from "../../shared/judgement/admission.ts";
import type { Week } from "../../shared/judgement/fairness.ts";
import { newTally, type Tally } from "../shadow/tally.ts";
import type { DeviceState } from "./device.ts";
import type { EntryStore } from "./entry-store.ts";
import type { Entry, Membership, QuarantinedEvent, SessionState } from "./entry-types.ts";
import type { KnownCommands } from "./known-commands.ts";
import type { PlayerState } from "./player.ts";

/** KV `<realm>.r.week`: the realm's activity, which fairness compares a user with. */
type RealmWeek = Entry & Week;

/** KV `<realm>.r.realm`. */
export type RealmRules = Entry &
  Admission & {
    ruleset: Ruleset;
    version: number;
    /** Of the latest versions, oldest first: decisions that are folded again go by their own. */
    judgements: { version: number; judgement: JudgementRules }[];
    /** The latest council of each faction: when it was opened, and how many options it has. */
    councils: { faction: string; id: string; atMs: number; options: number }[];
  };

/** The decision on a command. `decision`: of a review, the decision on its event. */
export type Decided = { command: DecidedCommand; decision?: Decision };

/** Judges by other rules on a state of its own: `Rejudge`. */
export type Judge = {
  readonly state: NormalizerState;
  candidate(candidate: ValidCandidate): Decision;
  command(command: ValidCommand): Decided;
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
  /** Made at the first candidate from the realm's state, so a restart makes it anew. */
  judge?: Judge;
};

export type NormalizerState = {
  realm: string;
  /** Absent only before the first message of EVENTS, which sets the first ruleset. */
  rules: RealmRules | undefined;
  week: RealmWeek;
  /** KV `<realm>.u.<user>`. */
  players: EntryStore<PlayerState>;
  /** KV `<realm>.d.<device>`. */
  devices: EntryStore<DeviceState>;
  sessions: EntryStore<SessionState>;
  members: EntryStore<Membership>;
  quarantine: EntryStore<QuarantinedEvent>;
  /** KV `<realm>.c.<hour>`. */
  commands: KnownCommands;
  /** KV `<realm>.r.shadow`. */
  shadow: Entry & { running: Shadow | undefined };
  /** Open quarantined events by user, and in all: an index of `quarantine`. */
  open: Map<string, number>;
  openTotal: number;
  /** `received_at` of the latest decision or command, Unix milliseconds. */
  nowMs: number;
  /** KV keys, besides those of the entry stores, that changed since they were last written. */
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
