import { expect, test } from "vitest";
import {
  type Accepted,
  type Decision,
  QUARANTINE_REASONS,
  type Quarantined,
  REJECT_REASONS,
} from "../../shared/contracts/decision.ts";
import { listed } from "../../shared/judgement/explanation.ts";
import { SKIRMISH } from "../../shared/testing/candidate.ts";
import { type Applied, sentenceOf, stepsOf } from "./sentences.ts";

const EXPLANATION = {
  base: 100_000,
  fine_bp: 0,
  coarse_bp: 0,
  categories: 1,
  recent: 0,
  mean: 0,
  left: { source: 278_000, user_day: 878_000, device_day: 1_878_000 },
};

const decision = (
  change: Partial<Accepted> = {},
  explanation: Partial<typeof EXPLANATION> = {},
): Accepted => ({
  ...SKIRMISH,
  idempotency_key: "chapter-1-end",
  realm_id: "amoi-1",
  user_id: "ada",
  event_type: "influence_gain",
  occurred_at: "2026-03-01T09:59:58.000Z",
  event_id: "a".repeat(26),
  received_at: "2026-03-01T10:00:00.000Z",
  source_seq: 1,
  validity_status: "accepted",
  factors: { quality_bp: 12_200, anti_spam_bp: 10_000, fairness_bp: 10_000 },
  normalized_points: 122_000,
  clipped: [],
  daily_cap_bucket: "2026-03-01",
  ruleset_version: 1,
  ...change,
  explain: listed({ ...EXPLANATION, ...explanation }),
});
const factors = (change: Partial<Accepted["factors"]>) => ({ ...decision().factors, ...change });
const quarantined = (reason: Quarantined["reason"]): Decision => ({
  ...decision({ normalized_points: 0 }),
  validity_status: "quarantined",
  reason,
});
const rejected = (reason: (typeof REJECT_REASONS)[number]): Decision => ({
  ...decision({ normalized_points: 0 }),
  validity_status: "rejected",
  reason,
});
const en = (of: Decision, applied?: Applied) => sentenceOf(of, applied).en;
const vi = (of: Decision, applied?: Applied) => sentenceOf(of, applied).vi;

const REPEATED = decision({ factors: factors({ anti_spam_bp: 6_666 }), normalized_points: 81_325 });

test("why 81 and not 122: it was a repeat", () => {
  expect(en(REPEATED)).toBe(
    "Your action brought 81.3 points: it started with 100, 122% of that for its stakes and its significance makes 122, 66.66% of that because it was much like what you had done shortly before makes 81.3.",
  );
  expect(vi(REPEATED)).toBe(
    "Hành động của bạn mang lại 81,3 điểm: điểm khởi đầu là 100, nhân 122% theo mức độ rủi ro và ý nghĩa của hành động được 122, nhân 66,66% vì hành động này gần giống việc bạn vừa làm trước đó được 81,3.",
  );
  expect(stepsOf(REPEATED)).toEqual({
    base: 100_000,
    after_quality: 122_000,
    after_anti_spam: 81_325,
    after_fairness: 81_325,
    after_caps: 81_325,
  });
});

test("a whole action is told without factors that change nothing", () => {
  const whole = decision({ factors: factors({ quality_bp: 10_000 }), normalized_points: 100_000 });
  expect(en(whole)).toBe("Your action brought 100 points: it started with 100.");
});

test("variety pays, and the most that a kind of action starts with is told", () => {
  const varied = decision(
    { base_points: 400, factors: factors({ anti_spam_bp: 11_000 }), normalized_points: 161_040 },
    { base: 120_000, categories: 3 },
  );
  expect(en(varied)).toBe(
    "Your action brought 161 points: an action of this kind starts with at most 120, 122% of that for its stakes and its significance makes 146.4, 110% of that because you had played in 3 different ways within a day makes 161.",
  );
});

test.each([
  [
    { recent: 900_000, mean: 300_000 },
    0,
    "because you had earned more than the average player within seven days",
  ],
  [{ recent: 0, mean: 300_000 }, 2, "because of the advantages on your account"],
  [
    { recent: 900_000, mean: 300_000 },
    2,
    "because you had earned more than the average player within seven days and because of the advantages on your account",
  ],
  [{ recent: 0, mean: 0 }, 0, "for the balance among players"],
])("fairness of %o at tier %i is told by its cause", (explain, spend_tier, why) => {
  const fair = decision(
    { spend_tier, factors: factors({ fairness_bp: 5_000 }), normalized_points: 61_000 },
    explain,
  );
  expect(en(fair)).toContain(`, 50% of that ${why} makes 61.`);
});

test("each cap that cut is named with what it left out", () => {
  const cut = decision({
    normalized_points: 20_000,
    clipped: [
      { by: "source", points: 22_000 },
      { by: "user_day", points: 50_000 },
      { by: "device_day", points: 30_000 },
    ],
  });
  expect(en(cut)).toContain("your daily limit for this kind of activity left out 22");
  expect(en(cut)).toContain("; your daily limit left out 50; the daily limit of your device left out 30.");
  expect(vi(cut)).toContain("giới hạn trong ngày của bạn bớt đi 50");
});

test("an accepted action of which the caps left nothing says so, and no tick counts it", () => {
  const spent = decision({ normalized_points: 0, clipped: [{ by: "user_day", points: 122_000 }] });
  expect(en(spent, { status: "pending", earliest_tick: 3 })).toBe(
    "Your action brought 0 points: it started with 100, 122% of that for its stakes and its significance makes 122; your daily limit left out 122.",
  );
});

test("a release says who released it", () => {
  expect(en(decision({ reason: "released" }))).toMatch(
    /^A game master released your action, and it brought 122 points: /,
  );
  expect(vi(decision({ reason: "released" }))).toMatch(/^Quản trò đã duyệt hành động của bạn/);
});

test("the tick says when it counts, what effects added, and what the faction's limit cut", () => {
  const burst = { sum: 2_000_000, cap: 600_000, gain_bp: 0 };
  const under = { sum: 200_000, cap: 600_000, gain_bp: 0 };
  expect(en(decision(), { status: "pending", earliest_tick: 42 })).toMatch(
    / It will count at tick 42 at the earliest\.$/,
  );
  expect(en(decision(), { status: "applied", tick: 42, points: 122_000, burst: under })).toMatch(
    / At tick 42, 122 counted for your faction\.$/,
  );
  expect(en(decision(), { status: "applied", tick: 42, points: 36_600, burst })).toMatch(
    / At tick 42 your faction had brought 2000 and could gain 600, so every contribution was cut in proportion, and 36\.6 of yours counted\.$/,
  );
  expect(
    en(decision(), { status: "applied", tick: 42, points: 131_760, burst: { ...under, gain_bp: 800 } }),
  ).toMatch(
    / The effects that held for your faction at tick 42 made it 131\.7\. At tick 42, 131\.7 counted for your faction\.$/,
  );
  expect(vi(decision(), { status: "applied", tick: 42, points: 36_600, burst })).toContain("lượt 42");
});

test.each(QUARANTINE_REASONS)("quarantined as %s tells why, in both languages", (reason) => {
  expect(en(quarantined(reason))).toMatch(
    /^Your action is waiting for a game master to look at it, because .{20,}; until then /,
  );
  expect(vi(quarantined(reason))).toMatch(
    /^Hành động của bạn đang chờ quản trò xem xét, vì .{20,}; trong lúc đó /,
  );
});

test.each(REJECT_REASONS)("rejected as %s tells why, in both languages", (reason) => {
  expect(en(rejected(reason))).toMatch(/^Your action did not count, because .{15,}\.$/);
  expect(vi(rejected(reason))).toMatch(/^Hành động của bạn không được tính, vì .{15,}\.$/);
});

test("no two reasons share a sentence", () => {
  const all = [...QUARANTINE_REASONS.map(quarantined), ...REJECT_REASONS.map(rejected)];
  expect(new Set(all.map((each) => en(each))).size).toBe(all.length);
  expect(new Set(all.map((each) => vi(each))).size).toBe(all.length);
});

test("a decision from before decisions explained themselves is told by what it has", () => {
  const { explain: _, ...old } = REPEATED;
  expect(en(old)).toBe("Your action brought 81.3 points.");
  const byNames = { ...old, explain: { base: 100_000 } } as unknown as Accepted;
  expect(en(byNames)).toBe("Your action brought 81.3 points.");
});

test("few points are told to the thousandth", () => {
  expect(en(decision({ normalized_points: 7 }))).toMatch(/^Your action brought 0\.007 points/);
});
