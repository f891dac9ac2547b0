/** What a notice says to its player. Only who was pivotal is told that it needed them. */

import { z } from "zod";
import type { PassedItem } from "../../shared/contracts/feed.ts";
import { NoticeItem, type NoticeRole } from "../../shared/contracts/notice.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { inEachLanguage, inPoints, type Language, message } from "../../shared/texts/messages.ts";
import { nameFor, theNameFor } from "../../shared/world/name-for.ts";
import { type Named, nameOf, namesOf, type RealmNames } from "../../shared/world/names.ts";

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

function textIn(language: Language, item: NoticeItem, names: RealmNames): string {
  const name = (kind: Named, id: string) => nameFor(nameOf(names, kind, id), language);
  const theName = (kind: Named, id: string) => theNameFor(nameOf(names, kind, id), language);
  const faction = (id: string) => theName("faction", id);
  switch (item.kind) {
    case "flip": {
      const given = { territory: theName("territory", item.territory), faction: faction(item.to) };
      return item.role === "lost" && item.from !== undefined
        ? message(language, "notice.flip.lost", { ...given, former: faction(item.from) })
        : message(language, `notice.flip.${partOf(item)}`, given);
    }
    case "capture": {
      const given = { relic: theName("relic", item.relic), faction: faction(item.faction) };
      return item.role === "lost" && item.from !== undefined
        ? message(language, "notice.capture.lost", { ...given, former: faction(item.from) })
        : message(language, `notice.capture.${partOf(item)}`, given);
    }
    case "trigger":
      return message(language, `notice.trigger.${partOf(item)}`, { event: name("trigger", item.key) });
    case "campaign": {
      const campaign =
        item.title === undefined ? name("campaign", item.campaign) : nameFor(item.title, language);
      if (item.stage === "won") return message(language, `notice.campaign_won.${partOf(item)}`, { campaign });
      if (item.stage === "lost") return message(language, "notice.campaign_lost", { campaign });
      if (item.stage === "closed") return message(language, "notice.campaign_closed", { campaign });
      return message(language, `notice.campaign.${partOf(item)}`, { campaign, stage: item.stage });
    }
    case "action":
      return message(language, "notice.action", {
        action: name("action", item.action_type),
        faction: faction(item.faction),
        status: item.status,
      });
    case "season":
      return message(language, "notice.season", {
        season: item.season,
        faction: faction(item.faction),
        rank: item.rank,
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

/** What a player is told of their part: who did it alone is told so, and who did little no more than that. */
function partOf({ role, share_bp }: { role: NoticeRole; share_bp: number }) {
  if (share_bp === 10_000) return "alone";
  return role === "pivotal" || role === "major" ? role : "contributor";
}
