/** What councils that open by themselves vote on. */
import { type CouncilOptions, councilRules, OWN } from "../contracts/politics.ts";
import type { Ruleset } from "../contracts/ruleset.ts";

/** The ruleset's standing options, as a faction's council votes on them. */
export const standingOptions = (rules: Pick<Ruleset, "council">, faction: string): CouncilOptions =>
  councilRules(rules).options.map(({ text, effects }) => ({
    text,
    effects: effects.map((effect) =>
      "faction" in effect ? { ...effect, faction: selectorFor(effect.faction, faction) } : effect,
    ),
  }));

const selectorFor = (selector: string, faction: string): string =>
  selector === OWN ? faction : selector === `!${OWN}` ? `!${faction}` : selector;
