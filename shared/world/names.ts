/** What players call the things of a realm, in every language that its ruleset gives. */
import { SOVEREIGN_ACTIONS } from "../contracts/command.ts";
import { sovereignRules } from "../contracts/politics.ts";
import type { CampaignState } from "../contracts/public-state.ts";
import type { Ruleset } from "../contracts/ruleset.ts";
import type { Name } from "../contracts/text.ts";
import type { CampaignStep, Effect } from "../contracts/trigger.ts";
import { type ById, entries, find } from "../exact/by-id.ts";
import { wordsOf } from "./name-for.ts";

/** What has a name. */
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

/** Names by id, of each kind of thing. What the ruleset gives no name goes by the words of its id. */
export type RealmNames = Readonly<Record<Named, ById<Name>>>;

/** Everything that a ruleset knows, and the campaigns that run under it. */
export function namesOf(rules: Ruleset, running: ById<Pick<CampaignState, "title">> = {}): RealmNames {
  const sovereign = sovereignRules(rules);
  const { resources = {}, styles = {}, quest_pools = {} } = rules.names ?? {};
  const effects = rules.triggers.flatMap((trigger) => trigger.effects);
  const steps = effects.flatMap((effect) => (effect.do === "chain" ? (effect.steps ?? []) : []));
  const called = [...effects, ...steps.flatMap(({ on_won = [], on_lost = [] }) => [...on_won, ...on_lost])];
  const idsOf = (kind: Effect["do"]) =>
    called.flatMap((effect) => (effect.do === kind && "id" in effect ? [effect.id] : []));
  return {
    faction: namesIn(rules.factions),
    territory: namesIn(rules.territories),
    relic: namesIn(rules.relics),
    resource: byId([...withoutNames(rules.resources), ...entries(resources)]),
    trigger: byId(rules.triggers.map(({ key, name }) => [key, name])),
    campaign: byId([
      ...effects.flatMap((effect) => (effect.do === "chain" ? [titleOf(effect)] : [])),
      ...steps.map(titleOf),
      ...entries(running).map(([id, { title }]) => titleOf({ id, title })),
    ]),
    action: byId(SOVEREIGN_ACTIONS.map((action) => [action, sovereign[action].name])),
    style: byId([...withoutNames(idsOf("style")), ...entries(styles)]),
    quest_pool: byId([...withoutNames(idsOf("quest_pool")), ...entries(quest_pools)]),
  };
}

/** The name of a thing; the words of its id where the realm doesn't know it. */
export const nameOf = (names: RealmNames, kind: Named, id: string): Name =>
  find(names[kind], id) ?? wordsOf(id);

type Entry = readonly [id: string, name: Name | undefined];
const titleOf = ({ id, title }: { id: string; title?: CampaignStep["title"] | undefined }): Entry => [
  id,
  title,
];
const namesIn = (things: ById<{ name: Name }>): ById<Name> =>
  byId(Object.entries(things).map(([id, { name }]) => [id, name]));
const withoutNames = (ids: readonly string[]): Entry[] => ids.map((id) => [id, undefined]);

/** Where an id stands twice, the last name that it is given. */
function byId(named: readonly Entry[]): ById<Name> {
  const given = new Map<string, Name>();
  for (const [id, name] of named) given.set(id, name ?? given.get(id) ?? wordsOf(id));
  return Object.fromEntries(given);
}
