import fc from "fast-check";
import { expect, test } from "vitest";
import { patience, runs } from "../ops/testing/fuzz.ts";
import type { DecidedCommand } from "../shared/contracts/command.ts";
import type { Ruleset } from "../shared/contracts/ruleset.ts";
import type { DerivedEvent, EffectState, WorldState } from "../shared/contracts/world.ts";
import { mapById } from "../shared/exact/by-id.ts";
import { clockworkOf } from "./steps/elapsed.ts";
import { histories } from "./testing/arbitraries.ts";
import { decided, type Interval, START_MS, started } from "./testing/builders.ts";
import { LogBuilder } from "./testing/log-builder.ts";
import { politicalSessions, RICH, RULES } from "./testing/politics-arbitraries.ts";
import type { TickResult } from "./tick-result.ts";

/** Between two ordinary markers: how many of the interval's events come before the changes of status, and how many there are. */
type Pause = { before: number; changes: number };

const pauses = fc.array(fc.record({ before: fc.nat(12), changes: fc.integer({ min: 0, max: 3 }) }), {
  minLength: 14,
  maxLength: 14,
});

/** The intervals as a log, with changes of status strewn in; a pause takes an hour, and no time of a tick passes in it. */
function logOf(intervals: readonly Interval[], strewn: readonly Pause[], tick = 0): LogBuilder {
  const log = new LogBuilder(tick);
  let [atMs, seq] = [START_MS, 1_000_000];
  intervals.forEach(({ events = [], commands = [], sinceMs = 900_000 }, i) => {
    const { before, changes } = strewn[i] ?? { before: 0, changes: 0 };
    log.accepted(events.slice(0, before));
    for (let n = 0; n < changes; n++)
      for (const status of ["maintenance", "active"] as const) {
        atMs += 3_600_000;
        log.command(decided({ kind: "realm.status", payload: { status } }, ++seq)).marker("status", atMs);
      }
    atMs += sinceMs;
    log
      .accepted(events.slice(before))
      .command(...commands)
      .marker("scheduled", atMs);
  });
  return log;
}

const isOrdinary = ({ record }: TickResult): boolean => record.kind !== "status";

/** What is the same with and without ticks of kind `status`: all but numbers of ticks and times, of which what is left and how long ago. */
function timeless({ state, record }: TickResult): object {
  const { tick: _tick, at: _at, ...world } = state.public;
  const { tick, since } = clockworkOf(state);
  const left = <Ending extends { until_tick: number }>({ until_tick, ...rest }: Ending) => ({
    ...rest,
    left: until_tick - tick,
  });
  return {
    ...world,
    territories: mapById(world.territories, ({ last_changed_tick: last, ...land }) => ({
      ...land,
      ago: since(last),
    })),
    triggers: mapById(world.triggers, ({ last_triggered_tick: last, ...trigger }) => ({
      ...trigger,
      ...(last === undefined ? {} : { ago: since(last) }),
    })),
    effects: mapById(world.effects, left),
    campaigns: mapById(world.campaigns, left),
    councils: mapById(world.councils, ({ open, seats }) => ({
      seats,
      ...(open === undefined ? {} : { open: { ...open, closes_tick: open.closes_tick - tick } }),
    })),
    calendar: {
      ago: since(world.calendar.started_tick),
      closed: world.calendar.closed_tick !== undefined && since(world.calendar.closed_tick),
      ends: (world.calendar.ends_tick ?? tick) - tick,
      opens: (world.calendar.opens_tick ?? tick) - tick,
    },
    actions: mapById(world.actions, ({ proposed_tick, closes_tick, ...action }) => ({
      ...action,
      ago: since(proposed_tick),
      closes: action.status === "proposed" ? closes_tick - tick : since(closes_tick),
    })),
    private: hiddenOf(state),
    events: record.events.map((event) => toldOf(event, tick)),
    gained: record.factions,
  };
}

function hiddenOf(state: WorldState): object {
  const { fronts, claims, rosters, councils = {}, starting, ended = {} } = state.private;
  const { tick, since } = clockworkOf(state);
  const left = ({ until_tick, ...effect }: EffectState) => ({ ...effect, left: until_tick - tick });
  return {
    fronts: mapById(fronts, ({ last_flip_tick: last, ...front }) => ({
      ...front,
      ...(last === undefined ? {} : { ago: since(last) }),
    })),
    claims: mapById(claims, ({ last_capture_tick: last, points }) => ({
      points,
      ...(last === undefined ? {} : { ago: since(last) }),
    })),
    rosters,
    starting: starting.map((start) => ({ ...start, effect: left(start.effect) })),
    ended: mapById(ended, left),
    seats: mapById(councils, ({ seats, opened_tick = 0 }) => ({ seats, ago: since(opened_tick) })),
  };
}

function toldOf({ tick: _tick, ...event }: DerivedEvent, tick: number): object {
  if ("closes_tick" in event) return { ...event, closes_tick: event.closes_tick - tick };
  if (event.kind !== "effect_start" || event.effect === undefined) return event;
  const { until_tick, ...effect } = event.effect;
  return { ...event, effect: { ...effect, left: until_tick - tick } };
}

/** A realm's first tick is worth one whenever it comes, so the pauses begin after it. */
const afterFirst = (strewn: readonly Pause[]): Pause[] =>
  strewn.map((pause, i) => (i === 0 ? { before: 0, changes: 0 } : pause));

/** So many ticks are behind a realm that was lived in. */
const LIVED = 20;

/** A realm in which things happened lately: fronts are led, and flips, captures and triggers are a few ticks ago. */
const livedIn = histories(6).chain(({ rules, intervals }) =>
  fc
    .record({
      leaders: fc.array(fc.constantFrom(...Object.keys(rules.factions)), { minLength: 5, maxLength: 5 }),
      ago: fc.array(fc.nat(6), { minLength: 20, maxLength: 20 }),
    })
    .map(({ leaders, ago }) => {
      const { snapshot } = started(rules);
      const state = structuredClone(snapshot.state);
      const last = (i: number) => LIVED - ago[i]!;
      state.public.tick = LIVED;
      for (const [i, front] of Object.values(state.private.fronts).entries())
        Object.assign(front, { leader: leaders[i]!, streak: ago[i]!, last_flip_tick: last(i) });
      // The gap between two captures is longer than six ticks: its end is what is near.
      for (const [i, claim] of Object.values(state.private.claims).entries())
        claim.last_capture_tick = last(5 + i) + 3 - Math.min(17, rules.claims.gap_ticks);
      for (const [i, trigger] of Object.values(state.public.triggers).entries())
        Object.assign(trigger, { streak: ago[8 + i]!, last_triggered_tick: last(8 + i) });
      return { snapshot: { ...snapshot, tick: LIVED, through_seq: 0, state }, intervals };
    }),
);

test(
  "flips, captures and triggers rest for as many ticks as they would without those of kind `status`",
  () => {
    fc.assert(
      fc.property(livedIn, pauses, ({ snapshot, intervals }, strewn) => {
        const plain = logOf(intervals, [], LIVED).play(snapshot);
        const paused = logOf(intervals, strewn, LIVED).play(snapshot);
        expect(paused.filter(isOrdinary).map(timeless)).toEqual(plain.map(timeless));
      }),
      { numRuns: runs(300) },
    );
  },
  patience(120_000),
);

test(
  "ticks of kind `status`, wherever they are, change nothing but numbers of ticks and times",
  () => {
    fc.assert(
      fc.property(histories(), pauses, ({ rules, intervals }, strewn) => {
        const { snapshot } = started(rules);
        const plain = logOf(intervals, []).play(snapshot);
        const paused = logOf(intervals, afterFirst(strewn)).play(snapshot);
        expect(paused.filter(isOrdinary).map(timeless)).toEqual(plain.map(timeless));
      }),
      { numRuns: runs(400) },
    );
  },
  patience(120_000),
);

test(
  "windows, votes, stakes, rests and what effects have left count no tick of kind `status`",
  () => {
    const from = started(RULES).snapshot;
    const rich = { ...from, state: RICH.state };
    fc.assert(
      fc.property(politicalSessions(14), pauses, (life: DecidedCommand[][], strewn) => {
        const intervals = life.map((commands): Interval => ({ commands }));
        const plain = logOf(intervals, []).play(rich);
        const paused = logOf(intervals, afterFirst(strewn)).play(rich);
        expect(paused.filter(isOrdinary).map(timeless)).toEqual(plain.map(timeless));
      }),
      { numRuns: runs(200) },
    );
  },
  patience(120_000),
);

test(
  "a tick of kind `status` moves nothing of the world but its place, its status and the ends that it puts off",
  () => {
    fc.assert(
      fc.property(histories(), pauses, ({ rules, intervals }, strewn) => {
        const { snapshot } = started(rules);
        let before: WorldState = snapshot.state;
        for (const result of logOf(intervals, strewn).play(snapshot)) {
          if (!isOrdinary(result)) {
            const {
              tick: _t,
              at: _a,
              status: _s,
              effects: _e,
              campaigns: _c,
              calendar: _d,
              ...still
            } = result.state.public;
            const {
              tick: _1,
              at: _2,
              status: _3,
              effects: _4,
              campaigns: _5,
              calendar: _6,
              ...was
            } = before.public;
            expect(still).toEqual(was);
            expect(result.record).toMatchObject({ factions: {}, events: [{ kind: "status" }] });
            expect(result.notices).toEqual([]);
          }
          before = result.state;
        }
      }),
      { numRuns: runs(200) },
    );
  },
  patience(120_000),
);

test(
  "whoever restores after any tick, also one that left events waiting, plays the rest to the same bytes",
  () => {
    const settling = (rules: Ruleset, i: number): DecidedCommand[] =>
      Object.keys(rules.factions)
        .slice(0, i % 2)
        .map((faction) => decided({ kind: "tick.run", idempotency_key: `run-${faction}-${i}` }, 10 + i));
    fc.assert(
      fc.property(histories(), pauses, ({ rules, intervals }, strewn) => {
        const { snapshot } = started(rules);
        const log = logOf(
          intervals.map((interval, i) => ({ ...interval, commands: settling(rules, i) })),
          strewn,
        );
        const whole = log.play(snapshot).map(({ record }) => record.hash);
        for (const [i, { snapshot: left }] of log.play(snapshot).entries())
          expect(log.play(left).map(({ record }) => record.hash)).toEqual(whole.slice(i + 1));
      }),
      { numRuns: runs(100) },
    );
  },
  patience(120_000),
);
