import { expect, test } from "vitest";
import { ENGINE } from "../../shared/contracts/ruleset.ts";
import type { Handover } from "../../shared/contracts/world.ts";
import { whyNot } from "../../shared/past/checkpoints.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { seal } from "../../shared/world/chain.ts";
import { accepted, decided, frozen, REALM, START_MS, started } from "../testing/builders.ts";
import { LogBuilder } from "../testing/log-builder.ts";
import { converted, engineOf } from "./convert-engine.ts";

const rules = await loadRuleset("amoi-1");

/** A realm as engine 1 left it after its first tick. */
function left(): Handover {
  const { state, record } = started(rules);
  const world = structuredClone(state);
  world.public.tick = 1;
  Object.assign(world.private.ruleset, { engine: 1 });
  const sealed = seal(world, {
    kind: "scheduled",
    from_seq: 1,
    through_seq: 1,
    factions: {},
    events: [],
    prev_hash: record.hash,
  });
  return { realm: REALM, engine: ENGINE, ...sealed };
}
const raised = decided({ kind: "ruleset.set", payload: { ruleset: rules }, ruleset_version: 2 }, 50);

test("a world of engine 1 is the same world under this one; its own is left as it is", () => {
  const { state } = frozen(left().snapshot);
  const next = converted(state);
  expect(engineOf(next)).toBe(ENGINE);
  expect(next).toEqual({ public: state.public, private: { ...state.private, ruleset: rules } });
  expect(converted(next)).toBe(next);
});

test("who took part in an open action of engine 1 will be told of which", () => {
  const { state } = structuredClone(left().snapshot);
  const open = { action_type: "iron_levy", faction: "empire" } as const;
  const action = { ...open, status: "proposed", cost: 1, proposed_tick: 1, closes_tick: 9 } as const;
  const taking = { proposed: { ada: 1 }, opposed: { bo: 5 } };
  state.public.actions = { a1: action };
  const recorded = { territories: {}, relics: {}, campaigns: {}, actions: { a1: taking, gone: taking } };
  Object.assign(state.private, { rosters: recorded });
  expect(converted(state).private.rosters!.actions).toEqual({ a1: { ...open, ...taking } });
});

test("the marker behind the handover is the first that this engine plays, and its record follows the earlier one's", () => {
  const handover = left();
  expect(whyNot(handover.snapshot, handover.record)).toBeUndefined();
  const log = new LogBuilder(1).command(raised).accepted([accepted({ faction_id: "empire" })]);
  log.handover(handover).marker("scheduled", START_MS + 900_000);
  const [tick, ...more] = log.play({ ...handover.snapshot, through_seq: 0 });
  expect(more).toEqual([]);
  expect(tick!.record).toMatchObject({ tick: 2, engine: ENGINE, ruleset_version: 2, from_seq: 1 });
  expect(tick!.record.prev_hash).toBe(handover.record.hash);
  expect(tick!.delta.prev).toBe(handover.record.public_hash);
  expect(tick!.record.factions.empire!.sum).toBe(10_000);
});

test("a marker that the earlier engine wrote and didn't play is passed over: what came before it counts in the tick of that number", () => {
  const handover = left();
  const log = new LogBuilder(1)
    .accepted([accepted({ faction_id: "empire" })])
    .marker("scheduled", START_MS + 900_000);
  log
    .command(raised)
    .handover(handover)
    .marker("scheduled", START_MS + 1_800_000, 2);
  const [tick, ...more] = log.play({ ...handover.snapshot, through_seq: 0 });
  expect(more).toEqual([]);
  expect(tick!.record).toMatchObject({ tick: 2, from_seq: 1, through_seq: 5 });
  expect(tick!.record.factions.empire!.sum).toBe(10_000);
});

test("a handover of another state than the one that stands is refused, and names both", () => {
  const handover = left();
  const other = { ...handover, record: { ...handover.record, hash: "a".repeat(64) } };
  const log = new LogBuilder(1).command(raised).handover(other);
  expect(() => log.play({ ...handover.snapshot, through_seq: 0 })).toThrow(
    new RegExp(`of tick 1 with the hash a{64}, but the last tick's is ${handover.record.hash}`),
  );
});
