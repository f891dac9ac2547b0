/** What people call things; an id without a name goes by the id. */

import type { Name, Statement } from "../contracts/text.ts";
import { find } from "../exact/by-id.ts";
import type { Language } from "../texts/messages.ts";
import { nameFor, wordsOf } from "../world/name-for.ts";

type Named = Record<string, { name: Name }>;
/** As `GET /api/world/{realm}/map` and a ruleset have it. */
export type NamedThings = { factions?: Named; territories?: Named; relics?: Named };

export class Names {
  readonly #things: NamedThings;
  readonly #lang: Language;

  /** `lang`: the page's own. */
  constructor(things: NamedThings = {}, lang: Language = "en") {
    this.#things = things;
    this.#lang = lang;
  }

  faction(id: string): string {
    return this.#nameIn(this.#things.factions, id);
  }
  territory(id: string): string {
    return this.#nameIn(this.#things.territories, id);
  }
  relic(id: string): string {
    return this.#nameIn(this.#things.relics, id);
  }
  /** A text of an operator, as an event has it. */
  words(text: unknown): string {
    return isStatement(text) ? nameFor(text, this.#lang) : "";
  }
  /** Whom an effect reaches: a faction, `*` for all, `!empire` for all but one. */
  reach(faction: string): string {
    if (faction === "*") return "Every faction";
    if (faction.startsWith("!")) return `All but ${this.faction(faction.slice(1))}`;
    return this.faction(faction);
  }
  #nameIn(named: Named | undefined, id: string): string {
    return nameFor(named === undefined ? wordsOf(id) : (find(named, id)?.name ?? wordsOf(id)), this.#lang);
  }
}

const isStatement = (text: unknown): text is Statement =>
  typeof text === "string" || (typeof text === "object" && text !== null && "vi" in text && "en" in text);
