/** What players call the things of a ruleset, in every language that it gives. */
import { SOVEREIGN_ACTIONS } from "../contracts/command.ts";
import { sovereignRules } from "../contracts/politics.ts";
import type { Ruleset } from "../contracts/ruleset.ts";
import type { Name } from "../contracts/text.ts";
import type { CampaignStep } from "../contracts/trigger.ts";
import { type ById, find } from "../exact/by-id.ts";
import { wordsOf } from "./name-for.ts";

/** What a ruleset gives names to. */
export type Named =
  | "faction"
  | "territory"
  | "relic"
  | "resource"
  | "trigger"
  | "campaign"
  | "action"
  | "style"
  | "quest_pool";

/** Names by id, of each kind of thing. What a ruleset gives no name is absent. */
export type RulesetNames = Readonly<Record<Named, ById<Name>>>;

export function namesOf(rules: Ruleset): RulesetNames {
  const sovereign = sovereignRules(rules);
  const { resources = {}, styles = {}, quest_pools = {} } = rules.names ?? {};
  return {
    faction: ofThings(rules.factions),
    territory: ofThings(rules.territories),
    relic: ofThings(rules.relics),
    resource: resources,
    trigger: byId(rules.triggers.map(({ key, name }) => [key, name])),
    campaign: byId(
      rules.triggers.flatMap(({ effects }) =>
        effects.flatMap((effect) =>
          effect.do === "chain" ? [titleOf(effect), ...(effect.steps ?? []).map(titleOf)] : [],
        ),
      ),
    ),
    action: byId(SOVEREIGN_ACTIONS.map((action) => [action, sovereign[action].name])),
    style: styles,
    quest_pool: quest_pools,
  };
}

/** The name of a thing; where it has none, the words of its id. */
export const nameOf = (names: RulesetNames, kind: Named, id: string): Name =>
  find(names[kind], id) ?? wordsOf(id);

const titleOf = ({ id, title }: Pick<CampaignStep, "id" | "title">): [string, Name | undefined] => [
  id,
  title,
];
const ofThings = (things: ById<{ name: Name }>): ById<Name> =>
  byId(Object.entries(things).map(([id, { name }]) => [id, name]));
const byId = (entries: (readonly [string, Name | undefined])[]): ById<Name> =>
  Object.fromEntries(entries.flatMap(([id, name]) => (name === undefined ? [] : [[id, name]])));
