import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import {
  CaptureCause,
  FlipCause,
  type Reading,
  TriggerCause,
  WeightTerms,
} from "../../shared/contracts/cause.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { Condition } from "../../shared/contracts/trigger.ts";
import type {
  DerivedEvent,
  FactionState,
  RelicState,
  TerritoryState,
  WorldState,
} from "../../shared/contracts/world.ts";
import { mapById } from "../../shared/exact/by-id.ts";
import { challengerOf, leadOf } from "../../shared/world/challenger.ts";
import { weightOf } from "../../shared/world/contest-weights.ts";
import { histories } from "../testing/arbitraries.ts";
import { play, started } from "../testing/builders.ts";
import { sharedProperty } from "../testing/shared-property.ts";
import type { TickResult } from "../tick-result.ts";
import { contestOf } from "./contest.ts";
import type { Clockwork } from "./elapsed.ts";
import { frontOf } from "./flip.ts";
import { resolveRelics } from "./relics.ts";

/** A tick, what stood before it, and the rules that it went by. */
type Turn = { before: WorldState; rules: Ruleset; result: TickResult };

const holds = sharedProperty(
  histories(4),
  ({ rules, intervals }): Turn[] => {
    const first = started(rules);
    const results = play(first, intervals);
    return results.map((result, i) => ({
      before: (results[i - 1] ?? first).state,
      rules: result.state.private.ruleset,
      result,
    }));
  },
  runs(400),
);

const seen = new Map<string, number>();
/** Events of a kind with their tick; each says why. `pick`: the event, if it is of the kind. */
function caused<Told extends { cause?: object }>(
  turns: readonly Turn[],
  pick: (event: DerivedEvent) => Told | undefined,
) {
  return turns.flatMap((turn) =>
    turn.result.record.events.flatMap((each) => {
      const event = pick(each);
      if (event === undefined) return [];
      seen.set(each.kind, (seen.get(each.kind) ?? 0) + 1);
      expect(event.cause).toBeDefined();
      return [{ ...turn, event, cause: event.cause! as NonNullable<Told["cause"]> }];
    }),
  );
}
const flip = (event: DerivedEvent) => (event.kind === "flip" ? event : undefined);
const capture = (event: DerivedEvent) => (event.kind === "capture" ? event : undefined);
const trigger = (event: DerivedEvent) => (event.kind === "trigger" ? event : undefined);

/** As if the last one was `rested` ticks ago; `since` is asked of it alone. */
const clockwork = (tick: number): Clockwork => ({ tick, since: (earlier) => tick - earlier });
const lastOne = (tick: number, rested: number | undefined) =>
  rested === undefined ? undefined : tick - rested;

holds(
  "a flip's cause, with the rules, gives the control that its tick left, the lead and the new controller",
  (turns) => {
    for (const { before, rules, result, event, cause } of caused(turns, flip)) {
      const { factions, instability, strategic_value, clamp_bp } = cause;
      const place = event.territory;
      const stood = before.public.territories[place]!;
      expect(mapById(factions, ({ from_bp }) => from_bp)).toEqual(stood.control);
      for (const { terms, weight_bp } of Object.values(factions))
        expect(weightOf(terms, rules)).toBe(weight_bp);
      const push = new Map(Object.entries(factions).map(([id, each]) => [id, each.push]));
      const ground = { control: stood.control, instability, strategic_value } as TerritoryState;
      const { control } = contestOf(ground, push, (id) => factions[id]!.weight_bp, clamp_bp, rules);
      expect(Object.fromEntries(control)).toEqual(mapById(factions, ({ to_bp }) => to_bp));
      expect(result.state.public.territories[place]!.control).toEqual(Object.fromEntries(control));
      expect(challengerOf(control, event.from, rules)).toBe(event.to);
      expect(leadOf(event.to, control, event.from)).toBe(cause.lead_bp);
      expect(cause.lead_bp).toBeGreaterThanOrEqual(rules.contest.flip_lead_bp);
      const last_flip_tick = lastOne(event.tick, cause.rested);
      const front = {
        leader: event.to,
        streak: cause.streak - 1,
        ...(last_flip_tick === undefined ? {} : { last_flip_tick }),
      };
      expect(frontOf(front, event.to, clockwork(event.tick), rules)).toMatchObject({
        flip: event.to,
        streak: cause.streak,
      });
    }
  },
);

holds("a capture's cause, with the rules, gives its claims and the captor", (turns) => {
  for (const { rules, event, cause } of caused(turns, capture)) {
    const { territory, factions, holder } = cause;
    const relic: RelicState = { territory, contested: 0, ...(holder === undefined ? {} : { holder }) };
    const last_capture_tick = lastOne(event.tick, cause.rested);
    const claims = {
      points: mapById(factions, ({ held }) => held),
      ...(last_capture_tick === undefined ? {} : { last_capture_tick }),
    };
    const land = { control: mapById(factions, ({ control_bp }) => control_bp) } as TerritoryState;
    const { happenings } = resolveRelics(
      { relics: { [event.relic]: relic }, claims: { [event.relic]: claims } },
      { [territory]: land },
      mapById(
        factions,
        ({ claim_bp }) => ({ modifiers: { claim_bp } as Record<string, number> }) as FactionState,
      ),
      new Map([[event.relic, new Map(Object.entries(factions).map(([id, { brought }]) => [id, brought]))]]),
      clockwork(event.tick),
      rules,
    );
    expect(happenings).toEqual([{ kind: "capture", relic: event.relic, faction: event.faction, cause }]);
  }
});

const COMPARE: Record<Reading["operator"], (a: number | string, b: number | string) => boolean> = {
  gt: (a, b) => a > b,
  gte: (a, b) => a >= b,
  lt: (a, b) => a < b,
  lte: (a, b) => a <= b,
  eq: (a, b) => a === b,
};

/** Whether a condition holds by its readings alone, which are used up in order. */
function holdsBy(condition: Condition, readings: Reading[]): boolean {
  if ("all" in condition) return condition.all.map((each) => holdsBy(each, readings)).every(Boolean);
  if ("any" in condition) return condition.any.map((each) => holdsBy(each, readings)).some(Boolean);
  if ("not" in condition) return !holdsBy(condition.not, readings);
  const { operator, is, than } = readings.shift()!;
  expect(condition).toMatchObject({ [operator]: [expect.anything(), than] });
  return COMPARE[operator](is, than);
}

holds(
  "a trigger's cause, with the rules, fires it: its readings are the state's, its condition holds by them for long enough",
  (turns) => {
    for (const { rules, result, event, cause } of caused(turns, trigger)) {
      const { when, sustain } = rules.triggers.find(({ key }) => key === event.key)!;
      const left = structuredClone(cause.readings);
      expect(holdsBy(when, left)).toBe(true);
      expect(left).toEqual([]);
      expect(cause.streak).toBe(result.state.public.triggers[event.key]!.streak);
      expect(cause.streak).toBeGreaterThanOrEqual(sustain);
      const { factions, meters, territories } = result.state.public;
      for (const { of, is } of cause.readings) {
        const [head, id, field] = of.split(".");
        if (head === "faction" && field === "share_bp") expect(is).toBe(factions[id!]!.share_bp);
        if (of === "meter.tension") expect(is).toBe(meters.global_tension);
        if (head === "territory" && field === "controller")
          expect(is).toBe(territories[id!]!.controller ?? "");
      }
    }
  },
);

test("a cause is small, however large the world", () => {
  const [share, points] = [-10_000, Number.MAX_SAFE_INTEGER];
  const terms = WeightTerms.parse({
    ...{
      share_bp: share,
      adjacent_bp: share,
      defender_bp: share,
      overextension_bp: share,
      modifiers_bp: share,
    },
  });
  const eight = <Each>(each: Each) =>
    Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`${i}`.padEnd(32, "x"), each]));
  const flipped = FlipCause.parse({
    factions: eight({ from_bp: 10_000, to_bp: 10_000, push: points, weight_bp: share, terms }),
    ...{ instability: 10_000, strategic_value: 10_000, clamp_bp: share, lead_bp: 10_000 },
    ...{ streak: points, rested: points },
  });
  const captured = CaptureCause.parse({
    territory: "x".repeat(32),
    holder: "x".repeat(32),
    factions: eight({ held: points, brought: points, claim_bp: share, claim: points, control_bp: 10_000 }),
    rested: points,
  });
  const path = ["x", "x", "x"].map((part) => part.repeat(32)).join(".");
  const fired = TriggerCause.parse({
    readings: Array.from({ length: 32 }, () => ({
      of: path,
      operator: "gte",
      than: "ế".repeat(64),
      is: path,
    })),
    streak: points,
  });
  const bytes = (cause: object) => Buffer.byteLength(JSON.stringify(cause));
  expect(bytes(flipped)).toBeLessThan(2_560);
  expect(bytes(captured)).toBeLessThan(2_048);
  expect(bytes(fired)).toBeLessThan(16_384);
});

test("the made-up histories have causes of each kind", () => {
  for (const kind of ["flip", "capture", "trigger"]) expect(seen.get(kind), kind).toBeGreaterThan(10);
});
