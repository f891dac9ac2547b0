import { readFile } from "node:fs/promises";
import { beforeAll, expect, test } from "vitest";
import { Candidate } from "../../../shared/contracts/candidate.ts";
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import { loadRuleset } from "../../../shared/rulesets/rulesets.ts";
import { candidateMsgId } from "../../../shared/stream/subjects.ts";
import { MISHAPS, type Mishap } from "./mishaps.ts";
import { HOUR_FILE, recordHour } from "./record.ts";
import { firstSight } from "./seen.ts";
import { type Line, type StoryOptions, tellStory } from "./storyteller.ts";

const START_MS = Date.UTC(2025, 0, 15, 12);
let ruleset: Ruleset;
/** Five minutes of a busy evening. */
let evening: Line[];

const told = (ms: number, options: Partial<StoryOptions> = {}): Line[] => {
  const lines: Line[] = [];
  const story = tellStory({
    seed: 7,
    realm: "amoi-1",
    ruleset,
    startMs: START_MS,
    perHour: 100 * 3_600,
    actMs: 75_000,
    restingBp: 4_000,
    mishapsBp: 200,
    ...options,
  });
  for (const line of story) {
    if (line.atMs >= ms) return lines;
    lines.push(line);
  }
  return lines;
};

beforeAll(async () => {
  ruleset = await loadRuleset("demo");
  evening = told(300_000);
});

test("the recorded hour is what the storyteller tells, byte for byte", async () => {
  expect(await recordHour()).toBe(await readFile(HOUR_FILE, "utf8"));
});

test("the same seed tells the same story, another seed another", () => {
  const calm = { perHour: 3_600 };
  const ids = (lines: Line[]) => lines.map((line) => line.msgId);
  expect(told(60_000, calm)).toEqual(told(60_000, calm));
  expect(ids(told(60_000, { ...calm, seed: 8 }))).not.toEqual(ids(told(60_000, calm)));
});

test("every deed without a mishap is a valid candidate under its own message id", () => {
  for (const { text, msgId, mishap } of evening) {
    if (mishap !== undefined) continue;
    const candidate = Candidate.parse(JSON.parse(text));
    expect(msgId).toBe(candidateMsgId(candidate.user_id, candidate.idempotency_key));
  }
});

test("a regular deed is new, of one faction per player, and happened just before it is told", () => {
  const ids = new Set<string>();
  const factions = new Map<string, string>();
  for (const { text, msgId, mishap, atMs } of evening) {
    if (mishap !== undefined) continue;
    const { user_id, faction_id, occurred_at } = Candidate.parse(JSON.parse(text));
    expect(ids.has(msgId)).toBe(false);
    ids.add(msgId);
    expect(factions.get(user_id) ?? faction_id).toBe(faction_id);
    factions.set(user_id, faction_id);
    const ageMs = START_MS + atMs - Date.parse(occurred_at);
    expect(ageMs).toBeGreaterThan(0);
    expect(ageMs).toBeLessThan(1_000);
  }
  expect(factions.size).toBeGreaterThan(600);
});

test("as many deeds go wrong as asked for, in every way there is", () => {
  const wrong = evening.filter((line) => line.mishap !== undefined).length;
  expect((wrong * 10_000) / evening.length).toBeGreaterThan(150);
  expect((wrong * 10_000) / evening.length).toBeLessThan(250);
  const kinds = new Set(evening.map((line) => line.mishap).filter((mishap) => mishap !== undefined));
  expect([...kinds].sort()).toEqual((Object.keys(MISHAPS) as Mishap[]).sort());
  expect(told(60_000, { perHour: 36_000, mishapsBp: 0 }).every((line) => line.mishap === undefined)).toBe(
    true,
  );
});

test("a retry repeats the bytes of its first attempt, a reused key doesn't", () => {
  const first = new Map<string, string>();
  for (const { msgId, text, mishap } of evening) {
    if (mishap === "retry" || mishap === "late_retry") expect(text).toBe(first.get(msgId));
    if (mishap === "reused_key") expect(text).not.toBe(first.get(msgId));
    if (!first.has(msgId)) first.set(msgId, text);
  }
});

test("a garbled deed can still be addressed, and no reader takes it for a candidate", () => {
  for (const { text, mishap } of evening) {
    if (mishap !== "garbled") continue;
    const body = JSON.parse(text);
    expect(Candidate.safeParse(body).success).toBe(false);
    expect(body).toMatchObject({ realm_id: "amoi-1" });
    expect(Candidate.shape.user_id.safeParse(body.user_id).success).toBe(true);
    expect(Candidate.shape.idempotency_key.safeParse(body.idempotency_key).success).toBe(true);
  }
});

test("the rate is the one asked for, from the first second on", () => {
  const inFirst = evening.filter((line) => line.atMs < 10_000).length;
  expect(inFirst).toBeGreaterThan(700);
  expect(evening.length).toBeGreaterThan(0.85 * 300 * 100);
  expect(evening.length).toBeLessThan(1.15 * 300 * 100);
});

test("pushes go beside the faction's own land or to its border, on the map as it is now", () => {
  const controllers = new Map([["iron_gate", "empire"]]);
  const places = new Set<string>();
  for (const { text, mishap } of told(60_000, {
    perHour: 36_000,
    seen: () => ({ ...firstSight(ruleset), controllers }),
  })) {
    if (mishap !== undefined) continue;
    const { event_type, faction_id, territory_id } = Candidate.parse(JSON.parse(text));
    if (event_type === "territory_push" && faction_id === "empire") places.add(territory_id!);
  }
  expect([...places].sort()).toEqual(["crown_fields", "hollow_cross", "iron_gate", "moon_stair"]);
});

test("nobody plays faster than a person can: at most six deeds at once, then one a minute", () => {
  const until = new Map<string, number>();
  for (const { atMs, text, mishap } of evening) {
    if (mishap !== undefined) continue;
    const { user_id } = Candidate.parse(JSON.parse(text));
    const before = Math.max(0, (until.get(user_id) ?? 0) - atMs);
    expect(Math.ceil(before / 60_000)).toBeLessThan(6);
    until.set(user_id, Math.max(until.get(user_id) ?? 0, atMs) + 60_000);
  }
});
