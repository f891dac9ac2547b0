/** What a notice says to its player. Only who was pivotal is told that it needed them. */

import { z } from "zod";
import type { PassedItem } from "../../shared/contracts/feed.ts";
import { NoticeItem } from "../../shared/contracts/notice.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { find } from "../../shared/exact/by-id.ts";
import { inEachLanguage, inPoints, type Language, message } from "../../shared/texts/messages.ts";

/** The items that this release has sentences for, whatever else a later simulator says of them. */
const Known = z.union(NoticeItem.options.map((item) => item.strip()));

/**
 * The item with its sentence in each language; things go by the names that the ruleset gives them. An item of an earlier release
 * brings its own sentence, and one of an unknown kind has none.
 */
export function withText(item: PassedItem, rules: Ruleset): PassedItem {
  if (item.text !== undefined) return item;
  const known = Known.safeParse(item).data;
  if (known === undefined) return item;
  return { ...item, text: inEachLanguage((language) => textIn(language, known, rules)) };
}

function textIn(language: Language, item: NoticeItem, rules: Ruleset): string {
  const faction = (id: string) => nameIn(rules.factions, id);
  switch (item.kind) {
    case "flip":
      return message(language, `notice.flip.${item.role}`, {
        territory: nameIn(rules.territories, item.territory),
        faction: faction(item.to),
      });
    case "capture":
      return message(language, `notice.capture.${item.role}`, {
        relic: nameIn(rules.relics, item.relic),
        faction: faction(item.faction),
      });
    case "trigger":
      return message(language, `notice.trigger.${item.role}`, { event: wordsOf(item.key) });
    case "campaign":
      return message(language, `notice.campaign.${item.role}`, {
        campaign: wordsOf(item.campaign),
        stage: item.stage,
      });
    case "action":
      return message(language, "notice.action", {
        action: wordsOf(item.action_type),
        faction: faction(item.faction),
        status: item.status,
      });
    case "clip":
      return message(language, "notice.clip", {
        faction: faction(item.faction),
        applied: inPoints(item.applied),
        brought: inPoints(item.brought),
      });
    default:
      return item satisfies never;
  }
}

const nameIn = (things: Record<string, { name: string }>, id: string): string =>
  find(things, id)?.name ?? wordsOf(id);

/** Things without a name are shown by their id. */
const wordsOf = (id: string): string => id.replaceAll(/[-_]/g, " ");
