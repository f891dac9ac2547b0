import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import type { Forecast } from "../../shared/contracts/forecast.ts";
import {
  EVERY_TICKS,
  emptyLog,
  type ForecastLog,
  recordOf,
  SCORED_KEPT,
  withForecast,
  withTick,
} from "./forecast-log.ts";

const HORIZON = 12;
const said = fc.record(
  { probability_bp: fc.integer({ min: 0, max: 10_000 }), low: fc.nat(HORIZON), high: fc.nat(HORIZON) },
  { requiredKeys: ["probability_bp"] },
);
const LANDS = ["gate", "fen"] as const;
/** By tick: what is forecast after it, and what changed hands in it. */
const life = fc.array(
  fc.record({
    said: fc.dictionary(fc.constantFrom(...LANDS), said),
    flipped: fc.subarray([...LANDS]),
  }),
  { minLength: 1, maxLength: 60 },
);
type Life = typeof life extends fc.Arbitrary<infer Value> ? Value : never;

const forecastOf = (tick: number, made: Life[number]["said"]): Forecast => ({
  realm: "r",
  tick,
  hash: "",
  territories: Object.fromEntries(
    Object.entries(made).map(([id, { low, high, ...rest }]) => [
      id,
      {
        ...rest,
        until_tick: tick + HORIZON,
        ...(low === undefined ? {} : { low: tick + low }),
        ...(high === undefined ? {} : { high: tick + high }),
      },
    ]),
  ),
});
const lived = (ticks: Life): ForecastLog =>
  ticks.reduce(
    (log, { said, flipped }, i) =>
      withForecast(withTick(log, i + 1, new Set(flipped)), forecastOf(i + 1, said)),
    emptyLog(0),
  );

test("each remembered forecast is scored once: by the first change after it, or when it is due", () => {
  fc.assert(
    fc.property(life, (ticks) => {
      const last = ticks.length;
      const expected: [number, 0 | 1][] = [];
      const lately = new Map<string, number>();
      const remembered: { land: string; tick: number; p: number }[] = [];
      ticks.forEach(({ said, flipped }, i) => {
        for (const land of flipped) lately.delete(land);
        for (const [land, { probability_bp: p }] of Object.entries(said)) {
          if (lately.has(land) && i - lately.get(land)! < EVERY_TICKS) continue;
          lately.set(land, i);
          remembered.push({ land, tick: i + 1, p });
        }
      });
      let open = 0;
      for (const { land, tick, p } of remembered) {
        const at = ticks.findIndex(({ flipped }, i) => i + 1 > tick && flipped.includes(land as "gate")) + 1;
        const came = at > 0 && at <= tick + HORIZON;
        if (came || tick + HORIZON <= last) expected.push([p, came ? 1 : 0]);
        else open++;
      }
      const log = lived(ticks);
      const order = (a: readonly unknown[], b: readonly unknown[]) => `${a}`.localeCompare(`${b}`);
      expect(log.scored.map(([p, came]) => [p, came]).sort(order)).toEqual(expected.sort(order));
      expect(log.open).toHaveLength(open);
      expect(log.open.length).toBeLessThanOrEqual(LANDS.length * Math.ceil(HORIZON / EVERY_TICKS + 1));
    }),
    { numRuns: runs(500) },
  );
});

const scored = fc.array(
  fc.tuple(
    fc.integer({ min: 0, max: 10_000 }),
    fc.constantFrom(0 as const, 1 as const),
    fc.constantFrom(0 as const, 1 as const, null),
  ),
  { maxLength: SCORED_KEPT },
);

test("skill is 10 000 for the certain and right, 0 for the base rate, and never more; no figure where there is nothing to compare", () => {
  fc.assert(
    fc.property(scored, (all) => {
      const came = all.filter(([, y]) => y === 1).length;
      const mixed = came > 0 && came < all.length;
      const record = recordOf({ scored: all });
      expect(record.skill_bp !== undefined).toBe(mixed);
      if (!mixed) return;
      expect(record.skill_bp).toBeLessThanOrEqual(10_000);
      const right = all.map(([, y, c]): (typeof all)[number] => [y * 10_000, y, c]);
      expect(recordOf({ scored: right }).skill_bp).toBe(10_000);
      const base = Math.round((came * 10_000) / all.length);
      const same = all.map(([, y, c]): (typeof all)[number] => [base, y, c]);
      expect(Math.abs(recordOf({ scored: same }).skill_bp!)).toBeLessThanOrEqual(10);
    }),
    { numRuns: runs(500) },
  );
});

test("the record keeps the last 500", () => {
  let log = emptyLog(0);
  for (let tick = 1; tick <= 600; tick++) {
    log = withForecast(log, forecastOf(tick - 1, { gate: { probability_bp: tick } }));
    log = withTick(log, tick, new Set(["gate"]));
  }
  expect(log.scored).toHaveLength(SCORED_KEPT);
  expect([log.scored[0]![0], log.scored.at(-1)![0]]).toEqual([101, 600]);
});

test("coverage counts those with an interval; one without an end covers that nothing happens", () => {
  const territories = {
    open: { probability_bp: 2_000, until_tick: 9, low: 5 },
    early: { probability_bp: 9_000, until_tick: 9, low: 5, high: 8 },
    within: { probability_bp: 9_000, until_tick: 9, low: 2, high: 8 },
    without: { probability_bp: 100, until_tick: 9 },
  };
  let log = withForecast(emptyLog(0), { realm: "r", tick: 0, hash: "", territories });
  for (let tick = 1; tick <= 9; tick++)
    log = withTick(log, tick, new Set(tick === 3 ? ["early", "within"] : []));
  expect(recordOf(log)).toMatchObject({ scored: 4, coverage_bp: 6_666 });
});
