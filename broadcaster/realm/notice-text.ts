/** What a notice says to its player. Only who was pivotal is told that it needed them. */

import { z } from "zod";
import type { PassedItem } from "../../shared/contracts/feed.ts";
import { NoticeItem } from "../../shared/contracts/notice.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { inEachLanguage, inPoints, type Language, message } from "../../shared/texts/messages.ts";
import { nameFor } from "../../shared/world/name-for.ts";
import { type Named, nameOf, namesOf, type RulesetNames } from "../../shared/world/names.ts";

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
  const names = namesOf(rules);
  return { ...item, text: inEachLanguage((language) => textIn(language, known, names)) };
}

function textIn(language: Language, item: NoticeItem, names: RulesetNames): string {
  const name = (kind: Named, id: string) => nameFor(nameOf(names, kind, id), language);
  const faction = (id: string) => name("faction", id);
  switch (item.kind) {
    case "flip":
      return message(language, `notice.flip.${item.role}`, {
        territory: name("territory", item.territory),
        faction: faction(item.to),
      });
    case "capture":
      return message(language, `notice.capture.${item.role}`, {
        relic: name("relic", item.relic),
        faction: faction(item.faction),
      });
    case "trigger":
      return message(language, `notice.trigger.${item.role}`, { event: name("trigger", item.key) });
    case "campaign":
      return message(language, `notice.campaign.${item.role}`, {
        campaign: name("campaign", item.campaign),
        stage: item.stage,
      });
    case "action":
      return message(language, "notice.action", {
        action: name("action", item.action_type),
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
