/** What people call things; an id without a name goes by the id. */
import { title } from "./words.ts";

type Named = Record<string, { name: string }>;
/** As `GET /api/world/{realm}/map` and a ruleset have it. */
export type NamedThings = { factions?: Named; territories?: Named; relics?: Named };

export class Names {
  readonly #things: NamedThings;

  constructor(things: NamedThings = {}) {
    this.#things = things;
  }

  faction(id: string): string {
    return nameIn(this.#things.factions, id);
  }
  territory(id: string): string {
    return nameIn(this.#things.territories, id);
  }
  relic(id: string): string {
    return nameIn(this.#things.relics, id);
  }
  /** Whom an effect reaches: a faction, `*` for all, `!empire` for all but one. */
  reach(faction: string): string {
    if (faction === "*") return "Every faction";
    if (faction.startsWith("!")) return `All but ${this.faction(faction.slice(1))}`;
    return this.faction(faction);
  }
}

const nameIn = (named: Named | undefined, id: string): string =>
  named !== undefined && Object.hasOwn(named, id) ? named[id]!.name : title(id);
