import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import {
  bodiesIn,
  candidate,
  type Running,
  runStages,
  sendCandidate,
  sendCommand,
  testRealm,
  until,
} from "../../ops/testing/realm.ts";
import { replay } from "../../ops/tools/replay/replay.ts";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { Accepted } from "../../shared/contracts/decision.ts";
import type { TickRecord, WorldSnapshot } from "../../shared/contracts/world.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import { publishBatch } from "../../shared/stream/publish.ts";
import { eventsStream, subjects, worldStream } from "../../shared/stream/subjects.ts";

let nats: TestNats;
const running: Running[] = [];
beforeAll(async () => {
  nats = await testNats();
});
afterAll(async () => {
  await Promise.all(running.map((stages) => stages.stop()));
  await nats.close();
});

const ALL = ["ingest", "normalizer", "simulator"] as const;
const start = (realm: string, stages = ALL as readonly (typeof ALL)[number][]) => {
  const started = runStages(nats.bus, realm, [...stages]);
  running.push(started);
  return started;
};
const commandsIn = async (realm: string, kind: string) =>
  (await bodiesIn<DecidedCommand>(nats.bus, eventsStream(realm), "events.command"))
    .map(({ body }) => body)
    .filter((body) => body.kind === kind);
const happenedIn = async (realm: string) =>
  (await bodiesIn<TickRecord>(nats.bus, worldStream(realm), "world.tick")).flatMap(({ body }) => body.events);
const acceptedIn = async (realm: string) =>
  (await bodiesIn<Accepted>(nats.bus, eventsStream(realm), "events.accepted")).map(({ body }) => body);
const worldOf = async (realm: string) =>
  (
    JSON.parse(
      (await lastOf(nats.bus, worldStream(realm), subjects.snapshot(realm)))!.text(),
    ) as WorldSnapshot
  ).state.public;
const manualTick = async (realm: string) => {
  const { tick } = await worldOf(realm);
  await sendCommand(nats.bus, realm, "tick.run", {});
  await until(async () => (await worldOf(realm)).tick > tick);
};

/** A trigger that fires at once and opens a campaign for so many ticks. */
async function triggered(ticks: number) {
  const rules = await loadRuleset("amoi-1");
  const storm = {
    key: "storm",
    when: { gte: ["realm.tick", 1] satisfies [string, number] },
    sustain: 1,
    cooldown: 10_000,
    rearm: "auto" as const,
    priority: 0,
    effects: [{ do: "chain" as const, id: "storm_of_relics", ticks }],
  };
  return { ...rules, tick_seconds: 9_000, triggers: [storm] };
}

test("a chain's campaign is told the normalizer, counts what names it, and is closed there when it ends, each once", async () => {
  const realm = "chained";
  await testRealm(nats.bus, realm, await triggered(3));
  start(realm);
  // A second owner, as after a failover: both speak for the world.
  start(realm, ["simulator"]);
  await manualTick(realm);
  await manualTick(realm);
  await until(async () => (await commandsIn(realm, "campaign.open")).length > 0);
  for (const user_id of ["ada", "bo", "ada"])
    await sendCandidate(nats.bus, candidate(realm, { user_id, campaign_id: "storm_of_relics" }));
  await until(async () => (await acceptedIn(realm)).length === 3);
  await manualTick(realm);
  const { campaigns } = await worldOf(realm);
  const points = (await acceptedIn(realm)).reduce((sum, { normalized_points }) => sum + normalized_points, 0);
  expect(campaigns.storm_of_relics).toMatchObject({ points, contributors: 2, until_tick: 5 });
  await manualTick(realm);
  await manualTick(realm);
  expect((await worldOf(realm)).campaigns).toEqual({});
  await until(async () => (await commandsIn(realm, "campaign.close")).length > 0);
  await sendCandidate(nats.bus, candidate(realm, { user_id: "cleo", campaign_id: "storm_of_relics" }));
  const rejected = await until(async () => {
    const all = await bodiesIn<{ reason: string }>(nats.bus, eventsStream(realm), "events.rejected");
    return all.length > 0 && all;
  });
  expect(rejected[0]!.body.reason).toBe("unknown_campaign");
  expect([
    ...(await commandsIn(realm, "campaign.open")),
    ...(await commandsIn(realm, "campaign.close")),
  ]).toMatchObject([
    { idempotency_key: "campaign.open.storm_of_relics.2", status: "passed", actor: { id: "steward" } },
    { idempotency_key: expect.stringMatching(/^campaign\.close\.storm_of_relics\.[34]$/), status: "passed" },
  ]);
  const { problems } = await replay(nats.bus, realm);
  expect(problems).toEqual([]);
});

test("a steward that was away says what its world calls for as soon as it is back", async () => {
  const realm = "away";
  await testRealm(nats.bus, realm, await triggered(2));
  const first = start(realm);
  await manualTick(realm);
  await first.stop();
  start(realm);
  await manualTick(realm);
  await until(async () => (await commandsIn(realm, "campaign.open")).length === 1);
  expect((await happenedIn(realm)).filter(({ kind }) => kind === "campaign")).toHaveLength(1);
});

test("a season that has lasted its length is closed by the steward, once", async () => {
  const realm = "lasted";
  await testRealm(nats.bus, realm, { tick_seconds: 9_000, season_length_ticks: 538 });
  // As many markers as after a long outage, which a busy machine takes its time for.
  const subject = subjects.tickMarker(realm);
  await publishBatch(
    nats.bus,
    Array.from({ length: 538 }, (_, i) => ({
      subject,
      data: JSON.stringify({ realm, tick: i + 1, kind: "scheduled" }),
    })),
  );
  start(realm);
  for (const deadline = performance.now() + 50_000; performance.now() < deadline; await delay(250))
    if ((await worldOf(realm)).tick === 538) break;
  await until(async () => (await commandsIn(realm, "season.close")).length > 0);
  await manualTick(realm);
  expect((await worldOf(realm)).status).toBe("season_end");
  expect(await commandsIn(realm, "season.close")).toMatchObject([
    { idempotency_key: "season.close.1.538", status: "passed", actor: { type: "system", id: "steward" } },
  ]);
});

test("ticks go on in season_end, an operator doesn't open what is closed, and the next season begins", async () => {
  const realm = "seasonal";
  await testRealm(nats.bus, realm, { tick_seconds: 1 });
  start(realm);
  await sendCommand(nats.bus, realm, "season.close", {});
  await until(async () => (await worldOf(realm)).status === "season_end");
  const closed = (await worldOf(realm)).tick;
  await sendCandidate(nats.bus, candidate(realm));
  await until(async () => (await worldOf(realm)).tick > closed + 1);
  await sendCommand(nats.bus, realm, "tick.run", {}, "manual-in-season-end");
  await sendCommand(nats.bus, realm, "realm.status", { status: "active" });
  await sendCommand(nats.bus, realm, "season.open", {});
  await until(async () => (await worldOf(realm)).season === 2);
  await sendCandidate(nats.bus, candidate(realm));
  await until(async () => (await acceptedIn(realm)).length === 1);
  expect((await commandsIn(realm, "realm.status")).map(({ reason }) => reason)).toEqual(["season_closed"]);
  expect((await commandsIn(realm, "tick.run")).map(({ status }) => status)).toEqual(["passed"]);
  const steps = (await happenedIn(realm)).flatMap((event) =>
    event.kind === "season"
      ? [`${event.season} ${event.step}`]
      : event.kind === "status"
        ? [event.status]
        : [],
  );
  expect(steps).toEqual(["season_end", "1 close", "active", "2 open"]);
  expect((await replay(nats.bus, realm)).problems).toEqual([]);
});
