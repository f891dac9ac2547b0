/**
 * Back-test: judges what a realm recorded again, under other rules, and holds it against what was decided.
 *
 * The other rules hold from the first message on, whatever rulesets came later; shadow rules are left out. Membership, the realm's
 * status, its campaigns and what people said of quarantined events are as they were recorded.
 */

import { evolveCommand, evolveMember, evolveMembership } from "../../../normalizer/judge/evolve.ts";
import { Rejudge } from "../../../normalizer/shadow/rejudge.ts";
import { differences, newTally, type Tally, tally } from "../../../normalizer/shadow/tally.ts";
import { memberCodec } from "../../../normalizer/state/entry-codecs.ts";
import { Borrowed } from "../../../normalizer/state/entry-store.ts";
import { initialState } from "../../../normalizer/state/initial-state.ts";
import { rulesOf } from "../../../normalizer/state/state.ts";
import type { DecidedCommand } from "../../../shared/contracts/command.ts";
import type { Decision } from "../../../shared/contracts/decision.ts";
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import { byCodeUnit } from "../../../shared/exact/integers.ts";
import { timeMs } from "../../../shared/exact/time.ts";
import type { Bus } from "../../../shared/stream/bus.ts";
import { NotRecorded, type Recorded, recorded } from "./recording.ts";

/** A tick, or a time in Unix milliseconds. */
export type Bound = { tick: number } | { atMs: number };
/** What is counted: from a tick or a time on, up to a tick (included) or a time (not included). */
export type Window = { from?: Bound; to?: Bound };

export type BackTested = {
  realm: string;
  /** Judged again, and of them counted, as the window says. */
  events: number;
  counted: number;
  seconds: number;
  /** As recorded, and as the other rules have it. */
  before: Tally;
  after: Tally;
  /** Counted decisions with another status or reason, and with other points. */
  verdicts_changed: number;
  points_changed: number;
  /** Recorded reviews of events that the other rules hold in quarantine too, and of those that they don't: these say nothing. */
  reviews: { kept: number; skipped: number };
  /** Recorded rulesets after the first that were left out. */
  rulesets_ignored: number;
  /** The ten with the largest change, milli-points. */
  users: { user: string; before: number; after: number }[];
};

const USERS_SHOWN = 10;

/** Throws `NotRecorded` where the realm or a tick of the window isn't there. */
export async function backtest(
  bus: Bus,
  realm: string,
  ruleset: Ruleset,
  window: Window = {},
): Promise<BackTested> {
  const test = new BackTest(realm, ruleset, window);
  const startedMs = performance.now();
  for await (const bundle of recorded(bus, realm)) for (const each of bundle) test.fold(each);
  return test.result((performance.now() - startedMs) / 1_000);
}

class BackTest {
  readonly #realm: string;
  readonly #ruleset: Ruleset;
  readonly #window: Window;
  readonly #judge: Rejudge;
  /** Of this, membership alone is kept up: as it was recorded. */
  readonly #recorded;
  readonly #before = newTally();
  readonly #after = newTally();
  readonly #users = new Map<string, { before: number; after: number }>();
  #events = 0;
  #counted = 0;
  #verdicts = 0;
  #points = 0;
  #reviews = { kept: 0, skipped: 0 };
  #rulesets = 0;
  #tick = 1;

  constructor(realm: string, ruleset: Ruleset, window: Window) {
    this.#realm = realm;
    this.#ruleset = ruleset;
    this.#window = window;
    this.#recorded = initialState(realm);
    const { members } = this.#recorded;
    this.#judge = new Rejudge({ ...initialState(realm), members: new Borrowed(members, memberCodec) });
  }

  fold(each: Recorded): void {
    this.#tick = each.tick;
    if (each.kind === "command") {
      this.#command(each);
      return;
    }
    this.#events++;
    const { candidate, decision } = each;
    const other = this.#judge.candidate(candidate);
    this.#bind(decision);
    if (!this.#counts(candidate.received_at)) return;
    this.#counted++;
    this.#compare(decision, other);
  }

  #command({ command, decided, decision }: Extract<Recorded, { kind: "command" }>): void {
    const { state } = this.#judge;
    switch (command.kind) {
      case "ruleset.set":
        if (state.rules !== undefined) this.#rulesets += decided.status === "applied" ? 1 : 0;
        else evolveCommand(state, { ...(decided as RulesetSet), payload: { ruleset: this.#ruleset } });
        return;
      case "realm.status":
      case "season.close":
      case "season.open":
      case "campaign.open":
      case "campaign.close":
        evolveCommand(state, decided);
        return;
      case "member.join":
      case "member.switch":
      case "member.leave":
      case "council.vote":
        evolveMembership(this.#recorded, decided);
        return;
      case "review.release":
      case "review.reject": {
        if (decision === undefined) return;
        const other = this.#judge.command(command).decision;
        this.#bind(decision);
        if (!this.#counts(command.received_at)) return;
        this.#reviews[other === undefined ? "skipped" : "kept"]++;
        this.#compare(decision, other);
        return;
      }
      default:
        return; // Judges nothing.
    }
  }

  #bind(decision: Decision): void {
    if (decision.validity_status !== "accepted") return;
    evolveMember(this.#recorded, decision, timeMs(decision.received_at), rulesOf(this.#judge.state));
    this.#recorded.changed.clear();
  }

  #counts(received_at: string): boolean {
    const { from, to } = this.#window;
    const begun =
      from === undefined || ("tick" in from ? this.#tick >= from.tick : timeMs(received_at) >= from.atMs);
    return (
      begun && (to === undefined || ("tick" in to ? this.#tick <= to.tick : timeMs(received_at) < to.atMs))
    );
  }

  #compare(before: Decision, after: Decision | undefined): void {
    tally(this.#before, before);
    if (after !== undefined) {
      tally(this.#after, after);
      const { verdict, points } = differences(before, after);
      if (verdict) this.#verdicts++;
      if (points) this.#points++;
    }
    if (before.normalized_points === 0 && (after?.normalized_points ?? 0) === 0) return;
    const user = this.#users.get(before.user_id) ?? { before: 0, after: 0 };
    this.#users.set(before.user_id, user);
    user.before += before.normalized_points;
    user.after += after?.normalized_points ?? 0;
  }

  result(seconds: number): BackTested {
    for (const bound of [this.#window.from, this.#window.to])
      if (bound !== undefined && "tick" in bound && bound.tick > this.#tick)
        throw new NotRecorded(
          `nothing is recorded in tick ${bound.tick}: the last decisions are in tick ${this.#tick}`,
        );
    const users = [...this.#users]
      .map(([user, points]) => ({ user, ...points }))
      .filter(({ before, after }) => before !== after)
      .sort(
        (a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before) || byCodeUnit(a.user, b.user),
      );
    return {
      realm: this.#realm,
      events: this.#events,
      counted: this.#counted,
      seconds,
      before: this.#before,
      after: this.#after,
      verdicts_changed: this.#verdicts,
      points_changed: this.#points,
      reviews: this.#reviews,
      rulesets_ignored: this.#rulesets,
      users: users.slice(0, USERS_SHOWN),
    };
  }
}

type RulesetSet = Extract<DecidedCommand, { kind: "ruleset.set" }>;
