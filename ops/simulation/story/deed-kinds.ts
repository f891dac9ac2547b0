/** The kinds of deeds that players do in the narrative game. */
import type { Candidate } from "../../../shared/contracts/candidate.ts";
import type { Range } from "./chance.ts";

export type Deed = Pick<Candidate, "source" | "event_type" | "category"> & {
  actions: readonly string[];
  /** Points. Most deeds are small: a full day's cap is an evening's work, not one lucky find. */
  base: Range;
  /** Basis points. */
  stakes: Range;
  significance: Range;
};

export const DEEDS = {
  skirmish: {
    source: "combat_milestone",
    event_type: "territory_push",
    category: "combat",
    actions: ["combat.skirmish", "combat.ambush", "combat.patrol"],
    base: [4, 18],
    stakes: [2_000, 6_000],
    significance: [1_000, 5_000],
  },
  siege: {
    source: "combat_milestone",
    event_type: "territory_push",
    category: "combat",
    actions: ["combat.siege", "combat.breach", "combat.hold_the_line"],
    base: [12, 45],
    stakes: [5_000, 9_500],
    significance: [4_000, 9_000],
  },
  scouting: {
    source: "chapter_outcome",
    event_type: "territory_push",
    category: "explore",
    actions: ["explore.scout_route", "explore.map_border", "explore.cache_supplies"],
    base: [4, 16],
    stakes: [1_500, 5_500],
    significance: [1_500, 6_000],
  },
  wandering: {
    source: "chapter_outcome",
    event_type: "influence_gain",
    category: "explore",
    actions: ["explore.ruins", "explore.shrine", "explore.rumour"],
    base: [3, 14],
    stakes: [500, 4_000],
    significance: [1_000, 5_000],
  },
  discovery: {
    source: "rare_discovery",
    event_type: "influence_gain",
    category: "explore",
    actions: ["explore.lost_archive", "explore.star_map", "explore.buried_gate"],
    base: [40, 180],
    stakes: [3_000, 8_000],
    significance: [6_000, 10_000],
  },
  binding: {
    source: "rare_discovery",
    event_type: "relic_claim",
    category: "explore",
    actions: ["relic.trace", "relic.bind", "relic.vigil"],
    base: [10, 60],
    stakes: [4_000, 9_000],
    significance: [5_000, 9_500],
  },
  quest: {
    source: "faction_quest",
    event_type: "influence_gain",
    category: "social",
    actions: ["quest.escort", "quest.deliver_writ", "quest.settle_feud"],
    base: [8, 50],
    stakes: [2_000, 7_000],
    significance: [3_000, 8_000],
  },
  talk: {
    source: "chapter_outcome",
    event_type: "influence_gain",
    category: "social",
    actions: ["social.parley", "social.market", "social.court", "social.tavern"],
    base: [3, 12],
    stakes: [500, 3_500],
    significance: [500, 4_500],
  },
  rally: {
    source: "campaign_participation",
    event_type: "territory_push",
    category: "social",
    actions: ["social.rally", "social.raise_banner"],
    base: [6, 28],
    stakes: [3_000, 7_500],
    significance: [3_000, 8_000],
  },
  chapter_end: {
    source: "chapter_outcome",
    event_type: "influence_gain",
    category: "social",
    actions: ["chapter.victory", "chapter.bargain", "chapter.defeat", "chapter.revelation"],
    base: [8, 45],
    stakes: [2_000, 9_000],
    significance: [2_000, 9_500],
  },
} as const satisfies Record<string, Deed>;
export type DeedKind = keyof typeof DEEDS;
