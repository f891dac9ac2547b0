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
    "Your action earned 81.3 points: base 100, × 122% for its stakes and its significance = 122, × 66.6% because it closely repeated what you had just done = 81.3.",
  );
  expect(vi(REPEATED)).toBe(
    "Hành động của bạn mang lại 81,3 điểm: điểm gốc 100, × 122% theo tầm hệ trọng và ý nghĩa của hành động = 122, × 66,6% vì gần giống những hành động bạn vừa thực hiện = 81,3.",
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
  expect(en(whole)).toBe("Your action earned 100 points: base 100.");
});

test("variety pays, and the most that a kind of action starts with is told", () => {
  const varied = decision(
    { base_points: 400, factors: factors({ anti_spam_bp: 11_000 }), normalized_points: 161_040 },
    { base: 120_000, categories: 3 },
  );
  expect(en(varied)).toBe(
    "Your action earned 161 points: base 120, the most for this kind of action, × 122% for its stakes and its significance = 146.4, × 110% for playing in 3 different ways within a day = 161.",
  );
});

test.each([
  [
    { recent: 900_000, mean: 300_000 },
    0,
    "because you have earned more than this realm’s average over the past seven days",
  ],
  [{ recent: 0, mean: 300_000 }, 2, "because your account has paid perks"],
  [
    { recent: 900_000, mean: 300_000 },
    2,
    "because you have earned more than this realm’s average over the past seven days and because your account has paid perks",
  ],
  [{ recent: 0, mean: 0 }, 0, "to keep the balance between players"],
])("fairness of %o at tier %i is told by its cause", (explain, spend_tier, why) => {
  const fair = decision(
    { spend_tier, factors: factors({ fairness_bp: 5_000 }), normalized_points: 61_000 },
    explain,
  );
  expect(en(fair)).toContain(`, × 50% ${why} = 61.`);
});

test("each cap that cut is named with what it left out", () => {
  const cut = decision({
    normalized_points: 20_000,
    clipped: [
      { by: "source", points: 22_000 },
      { by: "user_day", points: 1_000 },
      { by: "device_day", points: 30_000 },
    ],
  });
  expect(en(cut)).toMatch(
    /; 22 were over your daily limit for this kind of activity and did not count; 1 was over your daily limit and did not count; 30 were over your device’s daily limit and did not count\.$/,
  );
  expect(vi(cut)).toContain("; 1 điểm vượt giới hạn trong ngày của bạn nên không được tính; ");
});

test("an accepted action of which the caps left nothing says so, and no tick counts it", () => {
  const spent = decision({ normalized_points: 0, clipped: [{ by: "user_day", points: 122_000 }] });
  expect(en(spent, { status: "pending", earliest_tick: 3 })).toBe(
    "Your action earned 0 points: base 100, × 122% for its stakes and its significance = 122; 122 were over your daily limit and did not count.",
  );
});

test("a release says who released it", () => {
  expect(en(decision({ reason: "released" }))).toMatch(
    /^A game master approved your action; it earned 122 points: /,
  );
  expect(vi(decision({ reason: "released" }))).toMatch(/^GM đã duyệt hành động của bạn; /);
});

test("the tick says when it counts, what effects added, and what the faction's limit cut", () => {
  const burst = { sum: 2_000_000, cap: 600_000, gain_bp: 0 };
  const under = { sum: 200_000, cap: 600_000, gain_bp: 0 };
  expect(en(decision(), { status: "pending", earliest_tick: 42 })).toMatch(
    / They will count in tick 42 at the earliest\.$/,
  );
  expect(en(decision(), { status: "applied", tick: 42, points: 122_000, burst: under })).toMatch(
    / In tick 42, 122 points counted for your faction\.$/,
  );
  expect(en(decision(), { status: "applied", tick: 42, points: 36_600, burst })).toMatch(
    / In tick 42 your faction earned 2,000 but could gain only 600, so pushes and claims counted first, then plain influence: 36\.6 of yours counted\.$/,
  );
  expect(
    en(decision(), { status: "applied", tick: 42, points: 131_760, burst: { ...under, gain_bp: 800 } }),
  ).toMatch(
    / Effects on your faction in tick 42 raised this to 131\.7\. In tick 42, 131\.7 points counted for your faction\.$/,
  );
  expect(vi(decision(), { status: "applied", tick: 42, points: 36_600, burst })).toMatch(
    / Trong lượt 42, phe bạn kiếm được 2\.000 điểm /,
  );
});

test.each(QUARANTINE_REASONS)("quarantined as %s tells why, in both languages", (reason) => {
  expect(en(quarantined(reason))).toMatch(
    /^Your action is on hold for a game master to review, because .{20,}\. Until then /,
  );
  expect(vi(quarantined(reason))).toMatch(
    /^Hành động của bạn đang được tạm giữ để GM xem xét, vì .{20,}\. Trong thời gian này /,
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
  expect(en(old)).toBe("Your action earned 81.3 points.");
  const byNames = { ...old, explain: { base: 100_000 } } as unknown as Accepted;
  expect(en(byNames)).toBe("Your action earned 81.3 points.");
});

test("few points are told to the thousandth", () => {
  expect(en(decision({ normalized_points: 7 }))).toMatch(/^Your action earned 0\.007 points/);
});
