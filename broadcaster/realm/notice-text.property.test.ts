import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryOf } from "../../ops/testing/arbitrary-of.ts";
import { idIn, MARKED, markedNames } from "../../ops/testing/marked-ids.ts";
import { NoticeItem } from "../../shared/contracts/notice.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { entries, mapById } from "../../shared/exact/by-id.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { withText } from "./notice-text.ts";

const shipped = await loadRuleset("amoi-1");
const [trigger] = shipped.triggers;
const names = markedNames();
const rules: Ruleset = {
  ...shipped,
  factions: mapById(names.faction, (name) => ({ name })),
  territories: mapById(names.territory, (name) => ({ ...shipped.territories.iron_gate!, name })),
  relics: mapById(names.relic, (name) => ({ name, territory: "zq_a" })),
  triggers: entries(names.trigger).map(([key, name]) => ({
    ...trigger!,
    key,
    name,
    effects: entries(names.campaign).map(([id, title]) => ({ do: "chain", id, title, ticks: 1 })),
  })),
};

test("no notice tells its player an id, and each names things in its own language", () => {
  fc.assert(
    fc.property(arbitraryOf(NoticeItem, MARKED), (item) => {
      const { vi, en } = withText(item, rules).text!;
      expect(idIn(`${vi}\n${en}`)).toBeUndefined();
      expect(vi).not.toMatch(/Faction|Land|Relic|Event|Campaign/);
      expect(en).not.toMatch(/Phe|Vùng|Thánh vật|Biến cố|Chiến dịch/);
    }),
  );
});
