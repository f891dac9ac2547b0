import fc from "fast-check";
import { expect } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import type { Reading } from "../../shared/contracts/cause.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { Condition, Operand } from "../../shared/contracts/trigger.ts";
import type { PublicState, Rosters } from "../../shared/contracts/world.ts";
import { mapById } from "../../shared/exact/by-id.ts";
import { canonical } from "../../shared/exact/canonical.ts";
import { histories } from "../testing/arbitraries.ts";
import { frozen, type Interval, play, started } from "../testing/builders.ts";
import { sharedProperty } from "../testing/shared-property.ts";
import type { TickResult } from "../tick-result.ts";

type History = { rules: Ruleset; intervals: Interval[] };
type Tried = { history: History; results: TickResult[]; order: number[] };

const live = ({ rules, intervals }: History) => play(started(rules), intervals);
/** The hashes in a record say all bytes of the state and the notices. */
const recordsOf = (results: readonly TickResult[]) => results.map(({ record }) => record);
const holds = sharedProperty(
  fc.tuple(histories(2), fc.array(fc.nat(), { minLength: 12, maxLength: 12 })),
  ([history, order]): Tried => ({ history, results: live(history), order }),
  runs(2_000),
);

holds("the order of events within a tick shows in no byte", ({ history, results, order }) => {
  const shuffled = ({ events = [], ...rest }: Interval): Interval => ({
    ...rest,
    events: events
      .map((event, i) => ({ event, rank: order[i]! }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ event }) => event),
  });
  const permuted = { rules: history.rules, intervals: history.intervals.map(shuffled) };
  expect(recordsOf(live(permuted))).toEqual(recordsOf(results));
});

holds("renaming factions in their order commutes with the tick", ({ history, results }) => {
  const renamed = live(renamedHistory(history));
  results.forEach((result, i) => {
    const there = renamed[i]!.state;
    // Notices name factions within texts; that they are the same is said of the rosters that they follow from.
    const unnamed = { ruleset: {}, notices_hash: "" };
    expect(canonical({ ...there, private: { ...there.private, ...unnamed } })).toBe(
      canonical({
        public: renamedIn(result.state.public),
        private: { ...(renamedIn(result.state.private) as object), ...unnamed },
      }),
    );
    expect(canonical(renamed[i]!.record.events)).toBe(canonical(renamedIn(result.record.events)));
  });
});

holds("what triggers start shows in the next tick alone", ({ history: { rules, intervals }, results }) => {
  // The same tick under rules without triggers: what fires in it has changed nothing else.
  results.forEach(({ record, state }, i) => {
    const before = i === 0 ? started(rules).state : results[i - 1]!.state;
    const without = play({ state: withoutTriggers(before), record }, [intervals[i]!])[0]!.state;
    const visible = (world: PublicState) => canonical({ ...world, triggers: {} });
    expect(visible(state.public)).toBe(visible(without.public));
  });
});

/** Effects stay aimed by their source, so the triggers stay by name and never hold. */
function withoutTriggers(world: TickResult["state"]): TickResult["state"] {
  const { ruleset } = world.private;
  const silent = ruleset.triggers.map((trigger) => ({
    ...trigger,
    when: { gt: ["meter.tension", 10_000] satisfies [string, number] },
  }));
  return { ...world, private: { ...world.private, ruleset: { ...ruleset, triggers: silent } } };
}

holds(
  "a snapshot read back from JSON goes on to the same bytes, and no argument is changed",
  ({ history, results }) => {
    let from: Pick<TickResult, "state" | "record"> = started(history.rules);
    history.intervals.forEach((interval, i) => {
      const [result] = play(frozen(JSON.parse(JSON.stringify(from))), [frozen(interval)]);
      expect(result!.record).toEqual(results[i]!.record);
      from = result!;
    });
  },
);

/** In the same order as the names they stand for. `constructor` is a territory, resource and relic too: those keep theirs. */
const OTHER_NAMES = new Map([
  ["aurora", "f-a"],
  ["constructor", "f-b"],
  ["empire", "f-c"],
  ["zenith", "f-d"],
]);
const renamedFaction = (id: string) => OTHER_NAMES.get(id) ?? id;
const renamedSelector = (id: string) =>
  id.startsWith("!") ? `!${renamedFaction(id.slice(1))}` : renamedFaction(id);
const renamedKeys = <Value>(record: Record<string, Value>) =>
  Object.fromEntries(Object.entries(record).map(([id, value]) => [renamedFaction(id), value]));

/** The fields that name a faction, wherever they stand. */
function renamedIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamedIn);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (["control", "points"].includes(key) && typeof inner === "object") return [key, renamedKeys(inner)];
      if (key === "rosters") return [key, renamedRosters(inner as Rosters)];
      if (key === "readings") return [key, (inner as Reading[]).map(renamedReading)];
      if (key === "factions") return [key, renamedKeys(mapById(inner, renamedIn))];
      if (
        ["controller", "holder", "faction", "leader", "from", "to"].includes(key) &&
        typeof inner === "string"
      )
        return [key, renamedSelector(inner)];
      return [key, renamedIn(inner)];
    }),
  );
}

/** Rosters of campaigns, of strife and of triggers are of all factions; an action's names its own. */
function renamedRosters(rosters: Rosters): Rosters {
  return {
    ...rosters,
    territories: mapById(rosters.territories, renamedKeys),
    relics: mapById(rosters.relics, renamedKeys),
    factions: renamedKeys(rosters.factions),
    holders: mapById(rosters.holders, ({ faction, users }) => ({ faction: renamedFaction(faction), users })),
    actions: mapById(rosters.actions, (action) => ({ ...action, faction: renamedFaction(action.faction) })),
  };
}

/** What a condition read, as the condition of the renamed rules reads it. */
function renamedReading({ of, operator, than, is }: Reading): Reading {
  const [head, id, field] = of.split(".");
  const path = head === "faction" ? `faction.${renamedFaction(id!)}.${field}` : of;
  const named = (value: Reading["is"]) => (typeof value === "string" ? renamedFaction(value) : value);
  return { of: path, operator, than: named(than), is: named(is) };
}

function renamedHistory({ rules, intervals }: History): History {
  const operand = (path: Operand): Operand => {
    if (typeof path !== "string") return path;
    const [head, id, field] = path.split(".");
    return head === "faction" ? `faction.${renamedFaction(id!)}.${field}` : path;
  };
  const condition = (each: Condition): Condition => {
    if ("all" in each) return { all: each.all.map(condition) };
    if ("any" in each) return { any: each.any.map(condition) };
    if ("not" in each) return { not: condition(each.not) };
    if ("gt" in each) return { gt: [operand(each.gt[0]), each.gt[1]] };
    if ("eq" in each) return { eq: [each.eq[0], renamedFaction(String(each.eq[1]))] };
    return each;
  };
  const changed = renamedIn({ ...rules, triggers: [] }) as Ruleset;
  return {
    rules: {
      ...changed,
      triggers: rules.triggers.map((trigger) => ({
        ...trigger,
        when: condition(trigger.when),
        rearm: trigger.rearm === "auto" ? "auto" : condition(trigger.rearm),
        effects: renamedIn(trigger.effects) as typeof trigger.effects,
      })),
    },
    intervals: intervals.map((interval) => ({
      ...interval,
      events: (interval.events ?? []).map((event) => ({
        ...event,
        faction_id: renamedFaction(event.faction_id),
      })),
    })),
  };
}
