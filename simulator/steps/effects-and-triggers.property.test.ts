/** Rules, seasons and players that change the world in the same ticks: whatever comes together, every tick is made. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { Accepted } from "../../shared/contracts/decision.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { checkRuleset } from "../../shared/world/check-ruleset.ts";
import { accepted, decided, type Interval, play, standing, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";
import { politicalSessions, RULES } from "../testing/politics-arbitraries.ts";
import type { TickResult } from "../tick-result.ts";

/** What a ruleset may lack, each by itself; besides one faction of three. */
const PARTS = ["iron_gate", "mist_fen", "tide_bell", "iron", "aether", "triggers"];

/** The rules without some of their factions, territories, relics and resources, and with quick contests and a chain. */
function rulesWithout(gone: ReadonlySet<string>): Ruleset {
  const rules = structuredClone(RULES);
  rules.contest = {
    ...rules.contest,
    flip_lead_bp: 50,
    flip_streak_ticks: 1,
    flip_gap_ticks: 1,
    half_score: 20,
  };
  rules.claims = { ...rules.claims, capture: 200, control_bp: 0, gap_ticks: 10 };
  rules.chain = { goal: 500, min_contributors: 1 };
  rules.triggers = gone.has("triggers") ? [] : [CALL];
  rules.resources = rules.resources.filter((each) => !gone.has(each));
  for (const id of gone) {
    delete rules.factions[id];
    delete rules.territories[id];
    delete rules.relics[id];
    delete rules.names?.resources?.[id];
  }
  for (const [id, relic] of Object.entries(rules.relics))
    if (!Object.hasOwn(rules.territories, relic.territory)) delete rules.relics[id];
  for (const land of Object.values(rules.territories)) {
    land.adjacent = land.adjacent.filter((each) => !gone.has(each));
    land.yields = Object.fromEntries(Object.entries(land.yields).filter(([each]) => !gone.has(each)));
    const left = Object.entries(land.control).filter(([each]) => !gone.has(each));
    const lost = 10_000 - left.reduce((all, [, control]) => all + control, 0);
    land.control = Object.fromEntries(
      left.map(([each, control], i) => [each, control + (i === 0 ? lost : 0)]),
    );
    if (land.controller !== undefined && gone.has(land.controller)) delete land.controller;
  }
  return rules;
}
const CALL: Ruleset["triggers"][number] = {
  key: "unrest",
  when: { gte: ["meter.tension", 0] },
  sustain: 1,
  cooldown: 0,
  rearm: { gte: ["meter.tension", 0] },
  priority: 1,
  effects: [{ do: "chain", id: "call", ticks: 2 }],
};

const upheaval = fc.oneof(
  fc.tuple(fc.constantFrom("nobody", "empire", "veilborn"), fc.subarray(PARTS)).map(
    ([faction, gone]) =>
      (seq: number, version: number) =>
        decided(
          {
            kind: "ruleset.set",
            payload: { ruleset: rulesWithout(new Set([faction, ...gone])) },
            ruleset_version: version,
          },
          seq,
        ),
  ),
  fc
    .constantFrom("season.close" as const, "season.open" as const)
    .map((kind) => (seq: number) => passed(kind, {}, seq)),
  fc
    .constantFrom("active" as const, "season_end" as const, "maintenance" as const)
    .map((status) => (seq: number) => decided({ kind: "realm.status", payload: { status } }, seq)),
  fc
    .constantFrom("call", "feast")
    .map(
      (id) => (seq: number) => passed("campaign.open", { id, goal: 1, min_contributors: 1, ticks: 2 }, seq),
    ),
  fc.constantFrom("call", "feast").map((id) => (seq: number) => passed("campaign.close", { id }, seq)),
);

const event = fc.record({
  faction_id: fc.constantFrom(...Object.keys(RULES.factions)),
  user_id: fc.constantFrom("ada", "bo", "cleo", "dan"),
  normalized_points: fc.integer({ min: 1, max: 2_000_000 }),
  campaign_first: fc.constant(1 as const),
});
const place = fc.oneof(
  fc.constant({ campaign_id: "call" }),
  fc.constant({ campaign_id: "feast" }),
  fc
    .constantFrom("iron_gate", "mist_fen")
    .map((territory_id) => ({ event_type: "territory_push" as const, territory_id })),
  fc.constant({ event_type: "relic_claim" as const, relic_id: "tide_bell" }),
);

type Tick = {
  said: DecidedCommand[];
  events: Partial<Accepted>[];
  turns: { at: number; say: typeof upheaval extends fc.Arbitrary<infer Say> ? Say : never }[];
};

/** A tick's upheavals stand anywhere between its other commands. */
const histories: fc.Arbitrary<Interval[]> = politicalSessions(6, 2)
  .chain((life) =>
    fc.tuple(
      ...life.map(
        (said): fc.Arbitrary<Tick> =>
          fc.record({
            said: fc.constant(said),
            events: fc.array(
              fc.tuple(event, place).map(([who, where]) => ({ ...who, ...where })),
              { maxLength: 6 },
            ),
            turns: fc.array(fc.record({ at: fc.nat({ max: 6 }), say: upheaval }), { maxLength: 3 }),
          }),
      ),
    ),
  )
  .map((ticks) => ticks.map(intervalOf));

function intervalOf({ said, events, turns }: Tick, i: number): Interval {
  const first = 100 + said.length;
  return {
    events: events.map((each, n) => accepted({ ...each, event_id: `event-${i}-${n}` })),
    commands: [
      ...said.map((command) => ({ ...command, source_seq: command.source_seq * 10 })),
      ...turns.map(({ at, say }, n) => {
        const after = said[Math.min(at, said.length) - 1]?.source_seq ?? (said[0]?.source_seq ?? first) - 1;
        return say(after * 10 + n + 1, 2 + i * 10 + n);
      }),
    ],
  };
}

const RICH = standing(started(rulesWithout(new Set())), ({ public: world, private: privateState }) => {
  for (const [id, holder] of Object.entries(world.factions)) {
    for (const resource of RULES.resources) holder.resources[resource] = 2_000_000;
    privateState.councils = { ...privateState.councils, [id]: { seats: ["ada", "bo", "cleo"] } };
  }
});

test("whatever rules, seasons, campaigns and players change in the same ticks, every tick is made and tells what it may", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(histories, (intervals) => {
      for (const { ruleset } of rulesOf(intervals)) expect(checkRuleset(ruleset)).toEqual([]);
      for (const result of play(RICH, intervals)) check(result, seen);
    }),
    { numRuns: runs(300) },
  );
  const told = [
    "action cancelled",
    "capture",
    "campaign",
    "flip",
    "ruleset",
    "season close",
    "season open",
    "trigger",
  ];
  expect(
    [...told, "notice action", "notice campaign", "notice flip"].filter((each) => !seen.has(each)),
  ).toEqual([]);
});

const rulesOf = (intervals: readonly Interval[]) =>
  intervals.flatMap(({ commands = [] }) =>
    commands.flatMap((each) => (each.kind === "ruleset.set" ? [each.payload] : [])),
  );

function check({ state, record, notices }: TickResult, seen: Set<string>): void {
  for (const each of record.events) {
    seen.add(
      "step" in each
        ? `${each.kind} ${each.step}`
        : each.kind === "action"
          ? `action ${each.status}`
          : each.kind,
    );
  }
  for (const notice of notices) for (const { kind } of notice.items) seen.add(`notice ${kind}`);
  const open = Object.entries(state.public.actions).filter(([, { status }]) => status === "proposed");
  expect(Object.keys(state.private.escrow ?? {}).sort()).toEqual(open.map(([id]) => id).sort());
  const remembered = Object.keys(state.private.rosters?.actions ?? {});
  expect(remembered.filter((id) => !open.some(([each]) => each === id))).toEqual([]);
}
