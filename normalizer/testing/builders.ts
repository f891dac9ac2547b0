/** Realms and candidates made up for the normalizer's tests: what happened, told briefly. */

import fc from "fast-check";
import type { ValidCandidate } from "../../shared/contracts/candidate.ts";
import type { DecidedCommand, ValidCommand } from "../../shared/contracts/command.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { commandId, eventId } from "../../shared/exact/identity.ts";
import { timeText } from "../../shared/exact/time.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { SKIRMISH } from "../../shared/testing/candidate.ts";
import { cacheSpec } from "../cache.ts";
import { evolveCommand } from "../judge/evolve.ts";
import { initialState } from "../state/initial-state.ts";
import type { NormalizerState } from "../state/state.ts";

export const RULES = await loadRuleset("amoi-1");
export const START_MS = Date.parse("2026-03-01T00:00:00Z");
const REALM = "r";
/** Limits that a few events reach; three players on one phone reach the day's cap of a device, and its turns. */
export const TIGHT_RULES: Ruleset = {
  ...RULES,
  caps: { ...RULES.caps, device_day: 700 },
  judgement: {
    ...RULES.judgement,
    heat: {
      user_burst: { leak_seconds: 60, quarantine: 6, reject: 20 },
      user_drip: { leak_seconds: 720, quarantine: 40, reject: 160 },
      session_burst: { leak_seconds: 60, quarantine: 6, reject: 20 },
      device_burst: { leak_seconds: 30, quarantine: 12, reject: 40 },
      device_drip: { leak_seconds: 360, quarantine: 80, reject: 320 },
    },
    device_turns: { leak_seconds: 600, quarantine: 4 },
  },
};

/** The command that gives the realm its first ruleset, decided. */
const firstRuleset = (ruleset: Ruleset): DecidedCommand => ({
  ...command("ruleset.set", { ruleset }, { atMs: START_MS, seq: 0 }),
  status: "applied",
  ruleset_version: 1,
});

/** A realm under the first ruleset, in which nothing has happened. */
export function freshRealm(ruleset: Ruleset = RULES): NormalizerState {
  const state = initialState(REALM);
  evolveCommand(state, firstRuleset(ruleset));
  return state;
}

export function candidate(
  place: { atMs: number; seq: number },
  change: Partial<ValidCandidate> = {},
): ValidCandidate {
  const { user_id = "ada", idempotency_key = `test-key-${place.seq}` } = change;
  return {
    ...SKIRMISH,
    idempotency_key,
    realm_id: REALM,
    user_id,
    device_id: `phone-of-${user_id}`,
    session_id: `session-of-${user_id}`,
    occurred_at: timeText(place.atMs),
    event_id: eventId(REALM, user_id, idempotency_key),
    received_at: timeText(place.atMs),
    source_seq: place.seq,
    ...change,
  };
}

export function command<Kind extends ValidCommand["kind"]>(
  kind: Kind,
  payload: Extract<ValidCommand, { kind: Kind }>["payload"],
  { atMs, seq, actor = "gm" }: { atMs: number; seq: number; actor?: "gm" | "system" | "player" },
): Extract<ValidCommand, { kind: Kind }> {
  const idempotency_key = `command-${seq}`;
  const said = { type: actor, id: "tester" };
  return {
    v: 1,
    idempotency_key,
    realm_id: REALM,
    actor: said,
    kind,
    payload,
    command_id: commandId(REALM, said, idempotency_key),
    received_at: timeText(atMs),
    source_seq: seq,
  } as unknown as Extract<ValidCommand, { kind: Kind }>;
}

/** What some players did one after the other: alike often enough for limits, repeats and caps to be reached. */
export const action = fc.record({
  user: fc.constantFrom("ada", "bo", "constructor"),
  key: fc.integer({ min: 0, max: 30 }),
  device: fc.constantFrom(undefined, "phone", "tablet"),
  session: fc.constantFrom(undefined, "s1"),
  source: fc.constantFrom("combat_milestone", "faction_quest", "rare_discovery"),
  category: fc.constantFrom("combat", "explore", "social"),
  territory: fc.constantFrom("iron_gate", "mist_fen"),
  points: fc.constantFrom(1, 100, 10_000),
  stakes: fc.integer({ min: 0, max: 10_000 }),
  tier: fc.integer({ min: 0, max: 3 }),
  waitMs: fc.oneof(fc.integer({ min: 0, max: 30_000 }), fc.integer({ min: 0, max: 9 * 3_600_000 })),
});
export type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

export function* candidates(
  actions: readonly Action[],
  change: Partial<ValidCandidate> = {},
): Generator<ValidCandidate> {
  let atMs = START_MS;
  let seq = 0;
  for (const each of actions) {
    atMs += each.waitMs;
    yield candidate(
      { atMs, seq: ++seq },
      {
        user_id: each.user,
        idempotency_key: `test-key-${each.key}`,
        ...(each.device === undefined ? { device_id: undefined as never } : { device_id: each.device }),
        ...(each.session === undefined ? { session_id: undefined as never } : { session_id: each.session }),
        source: each.source as ValidCandidate["source"],
        category: each.category as ValidCandidate["category"],
        territory_id: each.territory,
        base_points: each.points,
        stakes: each.stakes,
        spend_tier: each.tier,
        ...change,
      },
    );
  }
}

/** Everything in a state, as its cache would have it. */
export function stateText(state: NormalizerState): [key: string, value: string][] {
  const shelves = [state.players, state.devices, state.sessions, state.members, state.quarantine];
  const keys = [
    "r.realm",
    "r.week",
    "r.shadow",
    ...[...state.commands.hours()].map((hour) => `c.${hour}`),
    ...shelves.flatMap((shelf) => [...shelf.ids()].map((id) => shelf.prefix + id)),
  ];
  return keys.sort().flatMap((key) => {
    const entry = cacheSpec.entry(state, key);
    return entry === undefined ? [] : [[key, entry.value] as [string, string]];
  });
}
