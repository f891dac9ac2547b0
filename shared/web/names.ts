/** What people call things, in the page's language; an id without a name goes by its words. */

import type { Name, Statement } from "../contracts/text.ts";
import { find } from "../exact/by-id.ts";
import type { Language } from "../texts/messages.ts";
import { nameFor, wordsOf } from "../world/name-for.ts";
import type { Named, RealmNames } from "../world/names.ts";

export class Names {
  readonly #names: Partial<RealmNames>;
  readonly #language: Language;

  constructor(names: Partial<RealmNames> = {}, language: Language = "en") {
    this.#names = names;
    this.#language = language;
  }

  faction(id: string): string {
    return this.#of("faction", id);
  }
  territory(id: string): string {
    return this.#of("territory", id);
  }
  relic(id: string): string {
    return this.#of("relic", id);
  }
  resource(id: string): string {
    return this.#of("resource", id).toLowerCase();
  }
  trigger(key: string): string {
    return this.#of("trigger", key);
  }
  /** `title`: its own, which goes before the ruleset's. */
  campaign(id: string, title?: unknown): string {
    return isText(title) ? nameFor(title, this.#language) : this.#of("campaign", id);
  }
  /** A type of sovereign action. */
  action(type: string): string {
    return this.#of("action", type);
  }
  /** A text of an operator, as an event has it. */
  statement(text: unknown): string {
    return isText(text) ? nameFor(text, this.#language) : "";
  }
  /** Whom an effect reaches: a faction, `*` for all, `!empire` for all but one. */
  reach(faction: string): string {
    if (faction === "*") return "Every faction";
    if (faction.startsWith("!")) return `All but ${this.faction(faction.slice(1))}`;
    return this.faction(faction);
  }
  /** What called for an effect: `age_of_iron` or `campaign.rescue`; commands have no name of their own. */
  source(source: string): string {
    const [kind, id] = source.split(".");
    if (id === undefined) return this.trigger(source);
    if (kind === "campaign") return this.campaign(id);
    return find(COMMANDS, kind!) ?? wordsOf(kind!);
  }
  /** An effect by its id: that of a campaign, of a style or of quests, or its source's and a number. */
  effect(id: string): string {
    const { campaign = {}, style = {}, quest_pool = {} } = this.#names;
    const own = find(campaign, id) ?? find(style, id) ?? find(quest_pool, id);
    return own === undefined ? this.source(id.replace(/\.\d+$/, "")) : nameFor(own, this.#language);
  }

  #of(kind: Named, id: string): string {
    return nameFor(find(this.#names[kind] ?? {}, id) ?? wordsOf(id), this.#language);
  }
}

const COMMANDS = {
  action: "A sovereign action",
  council: "A council’s decision",
  decree: "A decree",
};

const isText = (text: unknown): text is Name | Statement =>
  typeof text === "string" || (typeof text === "object" && text !== null && "vi" in text && "en" in text);
