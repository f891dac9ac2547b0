import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tallied } from "../../../normalizer/shadow/tally.ts";
import { TIGHT_RULES } from "../../../normalizer/testing/builders.ts";
import type { DecidedCommand } from "../../../shared/contracts/command.ts";
import type { Decision } from "../../../shared/contracts/decision.ts";
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import { eventsStream, subjects } from "../../../shared/stream/subjects.ts";
import { type TestNats, testNats, urlOf } from "../../testing/nats.ts";
import {
  bodiesIn,
  candidate,
  runStages,
  sendCandidate,
  sendCommand,
  testRealm,
  until,
} from "../../testing/realm.ts";
import { backtest } from "./backtest.ts";

const ROOT = join(import.meta.dirname, "../../..");
const REALM = "recorded";
let nats: TestNats;
let dir = "";
let rules: Ruleset;

const decisions = async () =>
  (await bodiesIn<Decision>(nats.bus, eventsStream(REALM), "events."))
    .filter(({ subject }) => !/command|tick/.test(subject))
    .map(({ body }) => body);
const decided = (count: number) =>
  until(async () => {
    const all = await decisions();
    return all.length >= count && all;
  });
const commandsDecided = (count: number) =>
  until(
    async () =>
      (await bodiesIn<DecidedCommand>(nats.bus, eventsStream(REALM), subjects.command(REALM))).length >=
      count,
  );

/** Ada clips at nothing, bo acts six times at once so that his last is held and released; tick 1 ends, and ada acts again. */
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "amoisekai-backtest-"));
  nats = await testNats();
  rules = await testRealm(nats.bus, REALM, { judgement: TIGHT_RULES.judgement });
  const stages = runStages(nats.bus, REALM, ["ingest", "normalizer", "simulator"]);
  await sendCandidate(nats.bus, candidate(REALM, { user_id: "ada" }));
  await sendCandidate(nats.bus, candidate(REALM, { user_id: "ada", faction_id: "veilborn" }));
  for (let i = 0; i < 7; i++)
    await sendCandidate(nats.bus, candidate(REALM, { user_id: "bo", base_points: 10 + i }));
  const held = (await decided(9)).find(({ validity_status }) => validity_status === "quarantined")!;
  await sendCommand(nats.bus, REALM, "review.release", { event: held.event_id, decision: held });
  await sendCommand(nats.bus, REALM, "ruleset.set", { ruleset: rules });
  await sendCommand(nats.bus, REALM, "tick.run", {});
  await until(async () => (await bodiesIn(nats.bus, eventsStream(REALM), "events.tick")).length === 1);
  await commandsDecided(4);
  await sendCandidate(
    nats.bus,
    candidate(REALM, { user_id: "ada", territory_id: "mist_fen", category: "social" }),
  );
  await decided(11);
  await stages.stop();
});
afterAll(async () => {
  await nats.close();
  await rm(dir, { recursive: true, force: true });
});

test("under the rules that it was recorded by, nothing differs", async () => {
  const result = await backtest(nats.bus, REALM, rules);
  expect(result).toMatchObject({
    events: 10,
    counted: 10,
    verdicts_changed: 0,
    points_changed: 0,
    reviews: { kept: 1, skipped: 0 },
    rulesets_ignored: 1,
    users: [],
  });
  expect(tallied(result.after)).toEqual(tallied(result.before));
  expect(tallied(result.before)).toMatchObject({
    accepted: 8,
    released: 1,
    quarantined: { burst_user: 1 },
    rejected: { faction_mismatch: 1 },
  });
});

test("under a lower cap of a day, exactly what is above it is clipped", async () => {
  const capped = { ...rules, caps: { ...rules.caps, user_day: 100 } };
  const result = await backtest(nats.bus, REALM, capped);
  const granted = (user: string, all: Decision[]) =>
    all.filter(({ user_id }) => user_id === user).reduce((sum, each) => sum + each.normalized_points, 0);
  const recorded = await decisions();
  const ada = granted("ada", recorded);
  const bo = granted("bo", recorded);
  expect(ada).toBeGreaterThan(200_000);
  expect(bo).toBeLessThan(100_000);
  expect(tallied(result.before).clipped).toEqual({});
  expect(tallied(result.after)).toMatchObject({
    accepted: 8,
    clipped: { user_day: ada - 100_000 },
    points: { empire: 100_000 + bo },
  });
  expect(result).toMatchObject({
    verdicts_changed: 0,
    points_changed: 2,
    users: [{ user: "ada", before: ada, after: 100_000 }],
  });
});

test("campaigns and seasons are as they were recorded", async () => {
  const realm = "campaigned";
  const own = await testRealm(nats.bus, realm);
  const stages = runStages(nats.bus, realm, ["ingest", "normalizer"]);
  const act = (user_id: string, campaign_id = "siege") =>
    sendCandidate(nats.bus, candidate(realm, { user_id, campaign_id }));
  await act("ada");
  await sendCommand(nats.bus, realm, "campaign.open", {
    id: "siege",
    goal: 100,
    min_contributors: 1,
    ticks: 9,
  });
  for (const user of ["ada", "bo", "ada"]) await act(user);
  await sendCommand(nats.bus, realm, "season.close", {});
  await act("ada");
  await sendCommand(nats.bus, realm, "season.open", {});
  await act("ada");
  await until(async () => {
    const all = await bodiesIn<Decision>(nats.bus, eventsStream(realm), "events.");
    return all.filter(({ subject }) => /accepted|rejected/.test(subject)).length === 6;
  });
  await stages.stop();
  const result = await backtest(nats.bus, realm, own);
  expect(result).toMatchObject({ events: 6, verdicts_changed: 0, points_changed: 0 });
  expect(tallied(result.after)).toMatchObject({
    accepted: 3,
    rejected: { realm_closed: 1, unknown_campaign: 2 },
  });
});

test("rules that hold nothing back skip the review of what was held", async () => {
  const { judgement } = rules;
  const heat = { ...judgement.heat };
  for (const key of ["user_burst", "device_burst"] as const) heat[key] = { ...heat[key], quarantine: 60 };
  const result = await backtest(nats.bus, REALM, { ...rules, judgement: { ...judgement, heat } });
  expect(result).toMatchObject({ reviews: { kept: 0, skipped: 1 }, verdicts_changed: 1 });
  expect(tallied(result.after)).toMatchObject({ accepted: 9, released: 0, quarantined: {} });
});

test("ticks and times bound what is counted, not what the state is built from", async () => {
  const first = await backtest(nats.bus, REALM, rules, { to: { tick: 1 } });
  const second = await backtest(nats.bus, REALM, rules, { from: { tick: 2 } });
  expect([first.counted, second.counted]).toEqual([9, 1]);
  expect([second.events, second.points_changed]).toEqual([10, 0]);
  const atMs = Date.parse((await decisions()).at(-1)!.received_at);
  expect((await backtest(nats.bus, REALM, rules, { from: { atMs } })).counted).toBe(1);
  expect((await backtest(nats.bus, REALM, rules, { to: { atMs } })).counted).toBe(9);
  await expect(backtest(nats.bus, REALM, rules, { from: { tick: 9 } })).rejects.toThrow("tick 9");
});

function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const options = {
    cwd: ROOT,
    env: { ...process.env, MODE: "local", NATS_URL: urlOf(nats.url, "operator"), DATA_DIR: dir },
  };
  return new Promise((resolve) => {
    execFile(process.execPath, ["ops/tools/backtest/main.ts", ...args], options, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

test("the command prints tables for people and JSON for machines", async () => {
  const file = join(dir, "capped.json");
  await writeFile(file, JSON.stringify({ ...rules, caps: { ...rules.caps, user_day: 100 } }));
  const text = await run("--realm", REALM, "--ruleset", file);
  expect(text).toMatchObject({ code: 0, err: "" });
  expect(text.out).toContain("clipped by user_day");
  expect(text.out).toMatch(/0 decisions have another verdict, 2 other points/);
  const json = await run("--realm", REALM, "--ruleset", file, "--json", "--from", "t2");
  expect(json.code).toBe(0);
  expect(JSON.parse(json.out)).toMatchObject({ realm: REALM, counted: 1, before: { accepted: 1 } });
});

test("what is wrong is said in one line, with an exit code", async () => {
  const bad = join(dir, "bad.json");
  await writeFile(bad, JSON.stringify({ ...rules, tick_seconds: 0, season_length_ticks: 1 }));
  const cases: [args: string[], code: number, says: RegExp][] = [
    [[], 2, /--realm/],
    [["--realm", REALM], 2, /--ruleset/],
    [["--realm", REALM, "--ruleset", "amoi-1", "--from", "yesterday"], 2, /--from/],
    [["--realm", REALM, "--wrong"], 2, /--wrong/],
    [["--realm", "nowhere", "--ruleset", "amoi-1"], 1, /no realm is named nowhere/],
    [["--realm", REALM, "--ruleset", bad], 1, /tick_seconds.*season_length_ticks/],
    [["--realm", REALM, "--ruleset", join(dir, "absent.json")], 1, /absent\.json/],
    [["--realm", REALM, "--ruleset", "amoi-1", "--nats", "nats://127.0.0.1:1"], 1, /No NATS answers/],
  ];
  for (const [args, code, says] of cases) {
    const answer = await run(...args);
    expect(answer).toMatchObject({ code, out: "", err: expect.stringMatching(says) });
    expect(answer.err.trim().split("\n")).toHaveLength(1);
  }
});
