import { expect, test } from "vitest";
import { loadRuleset } from "../shared/rulesets/rulesets.ts";
import { accepted, decided, START_MS, started } from "./testing/builders.ts";
import { passed } from "./testing/command-builders.ts";
import { LogBuilder } from "./testing/log-builder.ts";

const rules = await loadRuleset("amoi-1");
const HOUR_MS = 3_600_000;
const TICK_MS = rules.tick_seconds * 1_000;
let seq = 100;
const status = (to: "active" | "maintenance" | "season_end") =>
  decided({ kind: "realm.status", payload: { status: to } }, ++seq);
const event = accepted({ faction_id: "empire", normalized_points: 50_000 });
const play = (log: LogBuilder) => log.play(started(rules).snapshot);

test("a pause is no lateness: the next tick counts from the marker that ended it", () => {
  const log = new LogBuilder().marker("scheduled", START_MS);
  log
    .accepted([event])
    .command(status("maintenance"))
    .marker("status", START_MS + TICK_MS / 2);
  log.command(status("active")).marker("status", START_MS + 100 * HOUR_MS);
  log.marker("scheduled", START_MS + 100 * HOUR_MS + TICK_MS);
  const [, , resumed, next] = play(log);
  expect(resumed!.state.public.due_from).toBeUndefined();
  const [first, late] = [next!.record.factions.empire!, play(log)[0]!.record.factions.empire!];
  // The cap is that of one tick, not of four.
  expect(first.cap).toBe(late.cap);
  expect(first.sum).toBe(50_000);
});

test("after a pause of 22 s at 5 s a tick the burst cap is the usual one, whichever tick ends the pause", () => {
  const quick = { ...rules, tick_seconds: 5 };
  const paused = () => {
    const log = new LogBuilder().marker("scheduled", START_MS);
    log.command(status("maintenance")).marker("status", START_MS + 1_000);
    return log.accepted([event]).command(status("active"));
  };
  const endedMs = START_MS + 23_000;
  const resumed = paused()
    .marker("status", endedMs)
    .marker("scheduled", endedMs + 5_000);
  // What is said in one breath with it calls for an ordinary tick at once.
  const closed = paused()
    .command(passed("season.close", {}, ++seq))
    .marker("scheduled", endedMs);
  const late = new LogBuilder().marker("scheduled", START_MS).marker("scheduled", endedMs);
  const caps = [resumed, closed, late].map((log) => {
    const ticks = log.play(started(quick).snapshot);
    return [ticks[0]!, ticks.at(-1)!].map(({ record }) => record.factions.empire!.cap);
  });
  const [usual] = caps[0]!;
  expect(caps).toEqual([
    [usual, usual],
    [usual, usual],
    [usual, 4 * usual!],
  ]);
});

test("a status that pauses nothing leaves the next tick due when it was", () => {
  const log = new LogBuilder().marker("scheduled", START_MS);
  log.command(status("season_end")).marker("status", START_MS + TICK_MS - 1_000);
  log.command(status("active")).marker("status", START_MS + TICK_MS - 500);
  log.marker("scheduled", START_MS + TICK_MS);
  const [, ended, again, next] = play(log);
  const dueFrom = new Date(START_MS).toISOString();
  for (const tick of [ended, again]) expect(tick!.state.public.due_from).toBe(dueFrom);
  expect(next!.state.public.due_from).toBeUndefined();
});

test("such a tick decides what was commanded before it", () => {
  const grant = passed("resource.grant", { faction: "empire", resource: "iron", amount: 5_000 }, 1);
  const [tick] = play(new LogBuilder().command(grant, status("maintenance")).marker("status", START_MS));
  expect(tick!.record.events.map(({ kind }) => kind)).toEqual(["status", "resource"]);
  expect(tick!.state.public.factions.empire!.resources.iron).toBe(5_000);
});

test("a campaign's end waits with the points of those who gave to it", () => {
  const open = passed("campaign.open", { id: "road", goal: 1_000, min_contributors: 1, ticks: 5 }, 1);
  const close = passed("campaign.close", { id: "road" }, 90);
  const gift = accepted({
    campaign_id: "road",
    campaign_first: 1,
    source_seq: 80,
    normalized_points: 300_000,
  });
  const log = new LogBuilder().command(open).marker("scheduled", START_MS);
  log
    .accepted([gift])
    .command(close, status("maintenance"))
    .marker("status", START_MS + 1_000);
  log.command(status("active")).marker("status", START_MS + 2_000);
  log.marker("scheduled", START_MS + TICK_MS);
  const [, paused, , last] = play(log);
  expect(paused!.state.public.campaigns.road).toMatchObject({ points: 0, until_tick: 7 });
  expect(last!.record.events).toContainEqual(
    expect.objectContaining({ kind: "campaign", id: "road", stage: 1 }),
  );
  expect(last!.state.public.campaigns).toEqual({});
});
