/** Ids that no text of people could hold by chance, so that one which players get to read is found. */
import fc from "fast-check";
import type { RealmNames } from "../../shared/world/names.ts";
import type { ArbitraryOptions } from "./arbitrary-of.ts";

const MARK = "zq";
/** Of a command; any pattern of ids lets it pass. */
const CONTENT = "zq".padEnd(26, "a");
const THINGS = ["zq_a", "zq_b", "zq_c", CONTENT];

/** For `arbitraryOf`. */
export const MARKED: ArbitraryOptions = {
  ids: THINGS,
  onlyIds: true,
  texts: fc.constantFrom("Hold the gate!", "Giữ lấy cổng thành!"),
};

/** What calls for effects: a trigger, a campaign, and commands. */
export const SOURCES = [
  "zq_a",
  "campaign.zq_b",
  ...["action", "council", "decree"].map((kind) => `${kind}.${CONTENT}`),
];

/** Each of the things by each kind: its name says which it is. */
export const markedNames = (): RealmNames => ({
  faction: named("Faction", "Phe"),
  territory: named("Land", "Vùng"),
  relic: named("Relic", "Thánh vật"),
  resource: named("Goods", "Vật phẩm"),
  trigger: named("Event", "Biến cố"),
  campaign: named("Campaign", "Chiến dịch"),
  action: {
    iron_levy: { en: "The Levy", vi: "Trưng Binh" },
    veil_ward: { en: "The Ward", vi: "Kết Giới" },
    embargo: { en: "The Embargo", vi: "Cấm Vận" },
  },
  style: named("Tone", "Giọng"),
  quest_pool: named("Quests", "Nhiệm vụ"),
});

const named = (en: string, vi: string) =>
  Object.fromEntries(THINGS.map((id, i) => [id, { en: `${en} ${i + 1}`, vi: `${vi} ${i + 1}` }]));

/** A marked id in a text, and what stands around it; also as words. Undefined where there is none. */
export const idIn = (text: string): string | undefined =>
  new RegExp(`.{0,40}${MARK}.{0,40}`, "i").exec(text)?.[0];
