import { expect, test } from "vitest";
import type { PassedItem } from "../../shared/contracts/feed.ts";
import type { NoticeItem } from "../../shared/contracts/notice.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { withText } from "./notice-text.ts";

const rules = await loadRuleset("amoi-1");
const told = { id: "t7.any", role: "major", share_bp: 1_600 } as const;
const ACTION = "a".repeat(26);

const ITEMS: NoticeItem[] = [
  { ...told, kind: "flip", territory: "iron_gate", from: "empire", to: "freeholds" },
  { ...told, kind: "capture", relic: "tide_bell", faction: "freeholds" },
  { ...told, kind: "trigger", key: "age_of_iron" },
  { ...told, kind: "campaign", campaign: "iron_decrees", stage: 2 },
  {
    ...told,
    kind: "action",
    action: ACTION,
    action_type: "iron_levy",
    faction: "empire",
    status: "countered",
  },
  { id: "t7.any", role: "contributor", kind: "clip", faction: "empire", brought: 1_000, applied: 400 },
];
const textOf = (item: PassedItem) => withText(item, rules).text!;

test.each(ITEMS)("a $kind is told in both languages, and the item stays as it was", (item) => {
  const { text, ...rest } = withText(item, rules);
  expect(rest).toEqual(item);
  expect(text!.en).toMatch(/\.$/);
  expect(text!.vi).toMatch(/\.$/);
  expect(text!.vi).not.toBe(text!.en);
});

test("only who was pivotal is told that it needed them", () => {
  for (const item of ITEMS) {
    if (item.kind === "clip" || item.kind === "action") continue;
    const said = (role: NoticeItem["role"]) => textOf({ ...item, role });
    expect(said("pivotal").en).toContain("without you");
    expect(said("pivotal").vi).toContain("thiếu bạn");
    for (const role of ["major", "contributor"] as const) {
      expect(said(role).en).not.toMatch(/without you|caus/);
      expect(said(role).vi).not.toMatch(/thiếu bạn|khiến/);
    }
  }
});

test("statuses are words, and small points are told as they are", () => {
  expect(textOf(ITEMS[4]!).vi).toContain("đã bị hóa giải");
  expect(textOf(ITEMS[5]!).en).toContain("0.4 of your 1 point counted");
  expect(textOf({ ...ITEMS[5]!, brought: 900, applied: 50 }).vi).toContain("0,05 trong 0,9 điểm");
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
