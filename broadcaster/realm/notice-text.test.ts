import { expect, test } from "vitest";
import type { PassedItem } from "../../shared/contracts/feed.ts";
import type { NoticeItem } from "../../shared/contracts/notice.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { withText } from "./notice-text.ts";

const rules = await loadRuleset("amoi-1");
const told = { id: "t7.any", role: "major", share_bp: 1_600 } as const;
const ACTION = "a".repeat(26);

const ACTED: NoticeItem = {
  ...told,
  kind: "action",
  action: ACTION,
  action_type: "iron_levy",
  faction: "empire",
  status: "countered",
};
const CLIPPED = {
  id: "t7.any",
  role: "contributor",
  kind: "clip",
  faction: "empire",
  brought: 1_000,
  applied: 400,
} as const;
/** What a player may have brought about alone or with others. */
const FEATS: NoticeItem[] = [
  { ...told, kind: "flip", territory: "iron_gate", from: "empire", to: "freeholds" },
  { ...told, kind: "capture", relic: "tide_bell", faction: "freeholds" },
  { ...told, kind: "trigger", key: "age_of_iron" },
  { ...told, kind: "campaign", campaign: "iron_decrees", stage: 2 },
  { ...told, kind: "campaign", campaign: "iron_decrees", stage: "won" },
];
const ITEMS: NoticeItem[] = [
  ...FEATS,
  { ...told, kind: "flip", role: "lost", territory: "iron_gate", from: "empire", to: "freeholds" },
  { ...told, kind: "capture", role: "lost", relic: "tide_bell", from: "empire", faction: "freeholds" },
  { ...told, kind: "campaign", campaign: "iron_decrees", stage: "lost" },
  { ...told, kind: "campaign", campaign: "iron_decrees", stage: "closed" },
  { ...told, kind: "season", role: "member", season: 1, faction: "empire", rank: 2 },
  ACTED,
  CLIPPED,
];
const textOf = (item: PassedItem) => withText(item, rules).text!;

test.each(ITEMS)("a $kind is told in both languages, and the item stays as it was", (item) => {
  const { text, ...rest } = withText(item, rules);
  expect(rest).toEqual(item);
  expect(text!.en).toMatch(/\.$/);
  expect(text!.vi).toMatch(/\.$/);
  expect(text!.vi).not.toBe(text!.en);
});

test("only who was pivotal is told that it needed them, and who did it alone is told so", () => {
  for (const item of FEATS) {
    const said = (role: NoticeItem["role"], share_bp = 1_600) => textOf({ ...item, role, share_bp });
    expect(said("pivotal").en).toContain("without you");
    expect(said("pivotal").vi).toContain("thiếu bạn");
    for (const role of ["major", "contributor"] as const) {
      expect(said(role).en).not.toMatch(/without you|caus/);
      expect(said(role).vi).not.toMatch(/thiếu bạn|khiến/);
      expect(said(role).en).not.toMatch(/on your own|no other player/);
      expect(said(role, 10_000).en).toMatch(/on your own|no other player/);
      expect(said(role, 10_000).vi).toMatch(/Một mình bạn|ngoài bạn ra/);
    }
    expect(said("contributor").en).not.toMatch(/most|few|tipped|carried|set off/);
  }
});

test("names, statuses and places are words in the reader's language, and small points are told as they are", () => {
  expect(textOf(ACTED).vi).toContain("đã bị hóa giải");
  const season = textOf({ ...told, kind: "season", season: 1, faction: "empire", rank: 2 });
  expect(season.en).toMatch(/^Season 1 is over: .+ finished 2nd\.$/);
  expect(textOf(CLIPPED).en).toContain("0.4 of your 1 point counted");
  expect(textOf({ ...CLIPPED, brought: 900, applied: 50 }).vi).toContain("0,05 trong 0,9 điểm");
  const title = { vi: "Lời Gọi", en: "The Call" };
  const campaign = textOf({ ...told, kind: "campaign", campaign: "call", title, stage: 1 });
  expect(campaign.vi).toContain("“Lời Gọi”");
  expect(campaign.en).toContain("“The Call”");
  for (const item of ITEMS)
    expect(JSON.stringify(textOf(item))).not.toMatch(/iron_|tide_|age_of|freeholds|empire/);
});

test("what a newer simulator adds to an item is no reason to leave it without its sentence", () => {
  const newer = { ...ITEMS[0]!, weather: "rain" };
  expect(withText(newer, rules)).toEqual({ ...newer, text: textOf(ITEMS[0]!) });
});

test("an unknown kind is passed on as it is, and so is an item of an earlier release with its own sentence", () => {
  const unknown = { id: "t7.eclipse", kind: "eclipse" };
  const earlier = { ...ITEMS[0]!, text: { en: "Once.", vi: "Ngày xưa." } };
  expect(withText(unknown, rules)).toEqual(unknown);
  expect(withText(earlier, rules)).toEqual(earlier);
});
