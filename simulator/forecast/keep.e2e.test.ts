import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import {
  candidate,
  runStages,
  sendCandidate,
  sendCommand,
  testRealm,
  until,
} from "../../ops/testing/realm.ts";
import { Forecast } from "../../shared/contracts/forecast.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import { subjects, worldStream } from "../../shared/stream/subjects.ts";
import { forecastLogSubject, forecastSubject } from "../../shared/stream/topology.ts";
import { MIN_TICKS } from "./forecast.ts";
import { ForecastLog } from "./forecast-log.ts";
import { recallPressure } from "./recall.ts";
import { RecordKeeper } from "./record.ts";

let nats: TestNats;
beforeAll(async () => {
  nats = await testNats();
});
afterAll(() => nats.close());

const ALL = ["ingest", "normalizer", "simulator"] as const;

test("a realm's owner forecasts from the log, and another owner goes on from what it didn't see itself", async () => {
  const { bus } = nats;
  const realm = "foreseen";
  // Its ticks come by command alone: however slow the machine, no more of them come than are asked for.
  await testRealm(bus, realm, { tick_seconds: 9_000 });
  let asked = 0;
  const tick = () => sendCommand(bus, realm, "tick.run", {}, `forecast-tick-${++asked}`);
  const stored = async () => {
    const last = await lastOf(bus, "KV_world", forecastSubject(realm));
    return last && Forecast.parse(JSON.parse(last.text()));
  };
  const first = runStages(bus, realm, [...ALL]);
  for (let i = 0; i < 40; i++)
    await sendCandidate(
      bus,
      candidate(realm, { user_id: `player-${i}`, faction_id: "freeholds", territory_id: "iron_gate" }),
    );
  for (let n = 0; n < MIN_TICKS; n++) await tick();
  const early = await until(async () => {
    const made = await stored();
    return made !== undefined && made.tick >= MIN_TICKS && made;
  }, 40);
  expect(early.realm).toBe(realm);
  await first.stop();
  const recalled = await recallPressure(
    bus,
    realm,
    early.tick,
    await loadRuleset("demo"),
    new AbortController().signal,
  );
  expect(recalled.map(({ tick }) => tick)).toEqual(Array.from({ length: early.tick }, (_, i) => i + 1));
  const pushed = recalled.map(
    ({ factions }) => factions.get("freeholds")?.territories.get("iron_gate")?.points ?? [],
  );
  expect(pushed.flat().reduce((sum, points) => sum + points, 0)).toBeGreaterThan(0);
  const second = runStages(bus, realm, [...ALL]);
  // Without the ticks of the first owner this one would be too few for a forecast.
  await tick();
  const next = await until(async () => {
    const made = await stored();
    return made !== undefined && made.tick > early.tick && made;
  }, 40);
  expect(next.tick).toBe(early.tick + 1);
  expect(next.record).toEqual({ scored: 0 });
  await second.stop();
});

test("what was forecast is held against the ticks in WORLD, once, also by an owner that comes later", async () => {
  const { bus } = nats;
  const realm = "recorded";
  await testRealm(bus, realm, { tick_seconds: 9_000 });
  let asked = 0;
  const tick = () => sendCommand(bus, realm, "tick.run", {}, `record-tick-${++asked}`);
  const ticked = (wanted: number) =>
    until(async () => {
      const last = await lastOf(bus, worldStream(realm), subjects.tick(realm));
      return last !== undefined && (JSON.parse(last.text()) as { tick: number }).tick >= wanted;
    }, 40);
  const made = (of: number) => ({
    realm,
    tick: of,
    hash: "",
    territories: {
      iron_gate: { probability_bp: 2_500, until_tick: of + 2, low: of + 1 },
      mist_fen: { probability_bp: 7_500, until_tick: of + 1, low: of + 1, high: of + 1 },
    },
  });
  const first = runStages(bus, realm, [...ALL]);
  await tick();
  await ticked(1);
  const keeper = await RecordKeeper.open(bus, realm, 1);
  expect(await keeper.remember(made(1))).toEqual({ scored: 0 });
  await tick();
  await ticked(2);
  await keeper.follow(2);
  // It dies before it stored that: the next owner holds the same tick against the same forecast.
  const next = await RecordKeeper.open(bus, realm, 2);
  await tick();
  await ticked(3);
  await next.follow(3);
  const record = await next.remember(made(3));
  expect(record).toEqual({ scored: 2, coverage_bp: 5_000 });
  const stored = await lastOf(bus, "KV_world", forecastLogSubject(realm));
  const log = ForecastLog.parse(JSON.parse(stored!.text()));
  expect(log).toMatchObject({
    through: 3,
    scored: [
      [7_500, 0, 0],
      [2_500, 0, 1],
    ],
  });
  expect(log.open.map(({ tick: of, territory }) => [of, territory])).toEqual([
    [3, "iron_gate"],
    [3, "mist_fen"],
  ]);
  await first.stop();
});
