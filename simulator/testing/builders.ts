/** What tests of the core are given: accepted events, commands, markers, and worlds as if they had been lived in. */
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { Accepted } from "../../shared/contracts/decision.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { WorldState } from "../../shared/contracts/world.ts";
import { genesis } from "../../shared/world/genesis.ts";
import { foldAccepted, foldCommand, openFolding } from "../steps/fold.ts";
import { tick } from "../tick.ts";
import type { TickResult } from "../tick-result.ts";

export const REALM = "amoi-1";
export const START_MS = Date.UTC(2026, 0, 1);

/** An accepted event of 10 points, as far as the simulator looks at it. */
export function accepted(over: Partial<Accepted>): Accepted {
  return {
    v: 1,
    idempotency_key: "key-00000001",
    realm_id: REALM,
    faction_id: "empire",
    user_id: "someone",
    source: "chapter_outcome",
    event_type: "influence_gain",
    action_key: "combat.skirmish",
    category: "combat",
    base_points: 10,
    stakes: 5_000,
    significance: 5_000,
    occurred_at: new Date(START_MS).toISOString(),
    event_id: "event",
    received_at: new Date(START_MS).toISOString(),
    source_seq: 1,
    validity_status: "accepted",
    factors: { quality_bp: 10_000, anti_spam_bp: 10_000, fairness_bp: 10_000 },
    normalized_points: 10_000,
    clipped: [],
    daily_cap_bucket: "2026-01-01",
    ruleset_version: 1,
    ...over,
  };
}

type Said =
  | { kind: "tick.run"; idempotency_key: string; payload?: Record<string, never> }
  | { kind: "realm.status"; payload: { status: "active" | "maintenance" | "season_end" } }
  | { kind: "ruleset.set"; payload: { ruleset: Ruleset }; ruleset_version: number };

/** A command that the normalizer let through. */
export function decided(said: Said, source_seq = 1): DecidedCommand {
  const envelope = {
    v: 1 as const,
    idempotency_key: `command-${source_seq}`,
    realm_id: REALM,
    actor: { type: "gm" as const, id: "gm" },
    command_id: `command-${source_seq}`,
    received_at: new Date(START_MS).toISOString(),
    source_seq,
  };
  return said.kind === "tick.run"
    ? { ...envelope, ...said, payload: {}, status: "passed" }
    : { ...envelope, ...said, status: "applied" };
}

/** What comes before one marker. */
export type Interval = {
  events?: readonly Accepted[];
  commands?: readonly DecidedCommand[];
  /** Since the previous marker; absent: one tick's length. */
  sinceMs?: number;
  key?: string;
  /** Where it is neither scheduled nor called for by a key; what such a tick would leave waiting is not kept here. */
  kind?: "status";
};

/** Plays intervals on from a state; every tick's result. */
export function play(
  from: Pick<TickResult, "state" | "record">,
  intervals: readonly Interval[],
): TickResult[] {
  const results: TickResult[] = [];
  let { state, record } = from;
  for (const { events = [], commands = [], sinceMs, key, kind } of intervals) {
    const folding = openFolding();
    for (const event of events) foldAccepted(folding, event);
    for (const command of commands) foldCommand(folding, command);
    const atMs = Date.parse(state.public.at) + (sinceMs ?? state.private.ruleset.tick_seconds * 1_000);
    const result = tick(
      state,
      folding,
      {
        tick: state.public.tick + 1,
        kind: kind ?? (key === undefined ? "scheduled" : "manual"),
        ...(key === undefined ? {} : { key }),
        at: new Date(atMs).toISOString(),
        from_seq: record.kind === "status" ? record.from_seq : record.through_seq + 1,
        through_seq: record.through_seq + 10,
      },
      { record_hash: record.hash, public_hash: record.public_hash },
    );
    results.push(result);
    ({ state, record } = result);
  }
  return results;
}

export const started = (ruleset: Ruleset) => genesis(REALM, ruleset, new Date(START_MS).toISOString());

/** `rules` with the numbers that the worked examples were made with; balance has changed some of `amoi-1` since. */
export const asInExamples = (rules: Ruleset): Ruleset => ({
  ...rules,
  contest: { ...rules.contest, flip_lead_bp: 500, flip_gap_ticks: 8 },
  claims: { ...rules.claims, capture: 2_000 },
});

/** A state with some of its public parts changed, as if its ticks had led there. */
export const standing = (
  from: { state: WorldState; record: TickResult["record"] },
  change: (world: WorldState) => void,
): Pick<TickResult, "state" | "record"> => {
  const state = structuredClone(from.state);
  change(state);
  return { state, record: from.record };
};

/** Fails on any attempt to change `value`. */
export function frozen<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) frozen(inner);
  }
  return value;
}
