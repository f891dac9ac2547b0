/** Checks beyond a ruleset's schema: that its triggers' paths exist, and that no integer can pass 2^53. */

import { SOVEREIGN_ACTIONS } from "../contracts/command.ts";
import { OWN, sovereignRules } from "../contracts/politics.ts";
import type { Ruleset } from "../contracts/ruleset.ts";
import type { CampaignStep, Effect } from "../contracts/trigger.ts";
import { conditionReasons } from "./conditions.ts";
import { standingOptions } from "./standing-options.ts";

/** Reasons to refuse a ruleset that its schema lets through; none when it can be in force. */
export function checkRuleset(rules: Ruleset): string[] {
  return [
    ...duplicates("resources", rules.resources),
    ...Object.keys(rules.names?.resources ?? {})
      .filter((id) => !rules.resources.includes(id))
      .map((id) => `names.resources.${id}: no such resource`),
    ...duplicates(
      "triggers",
      rules.triggers.map(({ key }) => key),
    ),
    ...Object.entries(rules.territories).flatMap(([id, { adjacent }]) =>
      duplicates(`territories.${id}.adjacent`, adjacent),
    ),
    ...(rules.influence.burst_min > rules.influence.burst_max
      ? ["influence.burst_min: above burst_max"]
      : []),
    ...rules.triggers.flatMap((trigger) => {
      const prefixed = (part: string) => (reason: string) => `triggers.${trigger.key}.${part}: ${reason}`;
      return [
        ...conditionReasons(trigger.when, rules).map(prefixed("when")),
        ...(trigger.rearm === "auto" ? [] : conditionReasons(trigger.rearm, rules).map(prefixed("rearm"))),
        ...trigger.effects.flatMap((effect, i) => effectReasons(effect, rules).map(prefixed(`effects.${i}`))),
        ...duplicates(`triggers.${trigger.key}.effects`, namesOf(trigger.effects)),
      ];
    }),
    ...optionsReasons(rules),
    ...sharedNames(rules),
    ...largestIntegers(rules)
      .filter(([, largest]) => largest > BigInt(Number.MAX_SAFE_INTEGER))
      .map(([what, largest]) => `${what} could reach ${largest}, beyond 2^53`),
  ];
}

function duplicates(where: string, ids: readonly string[]): string[] {
  const twice = ids.filter((id, i) => ids.indexOf(id) !== i);
  return [...new Set(twice)].map((id) => `${where}: ${id} stands twice`);
}

const namesOf = (effects: readonly Effect[]): string[] =>
  effects.flatMap((effect) => ("id" in effect ? [effect.id] : []));

/** Effects are known by id, so one id is one kind of effect in all triggers. */
function sharedNames({ triggers }: Ruleset): string[] {
  const kinds = new Map<string, string>();
  return triggers.flatMap(({ key, effects }) =>
    effects.flatMap((effect) => {
      if (!("id" in effect)) return [];
      const kind = kinds.get(effect.id) ?? effect.do;
      kinds.set(effect.id, kind);
      return kind === effect.do
        ? []
        : [`triggers.${key}.effects: ${effect.id} is a ${kind} and a ${effect.do}`];
    }),
  );
}

/**
 * Reasons to refuse effects that somebody calls for under a ruleset: what they name, what stands twice, and what the triggers
 * have as another kind of effect.
 */
export function effectsReasons(effects: readonly Effect[], rules: Ruleset): string[] {
  const kinds = new Map(
    rules.triggers.flatMap((trigger) =>
      trigger.effects.flatMap((effect) => ("id" in effect ? [[effect.id, effect.do] as const] : [])),
    ),
  );
  return [
    ...effects.flatMap((effect) => effectReasons(effect, rules)),
    ...duplicates("effects", namesOf(effects)),
    ...effects.flatMap((effect) => {
      if (!("id" in effect)) return [];
      const kind = kinds.get(effect.id) ?? effect.do;
      return kind === effect.do ? [] : [`effects: ${effect.id} is a ${kind} and a ${effect.do}`];
    }),
  ];
}

/** Standing options of the first faction: those of the others name the same things. */
function optionsReasons(rules: Ruleset): string[] {
  const [faction] = Object.keys(rules.factions);
  return [
    ...(Object.hasOwn(rules.factions, OWN)
      ? [`factions.${OWN}: is what standing options call the council's`]
      : []),
    ...standingOptions(rules, faction!).flatMap(({ effects }, i) =>
      effectsReasons(effects, rules).map((reason) => `council.options.${i}: ${reason}`),
    ),
  ];
}

/** What an effect names and the ruleset doesn't have. */
function effectReasons(effect: Effect, rules: Ruleset): string[] {
  switch (effect.do) {
    case "modify":
      return effect.name === "clamp_bp"
        ? unknown("territory", effect.territory, rules.territories)
        : effect.faction === "*"
          ? []
          : unknown("faction", effect.faction.replace(/^!/, ""), rules.factions);
    case "chain":
      return chainReasons(effect, rules);
    case "meter":
    case "quest_pool":
    case "style":
      return [];
    default:
      return effect satisfies never;
  }
}

function chainReasons({ ticks, steps = [] }: Extract<Effect, { do: "chain" }>, rules: Ruleset): string[] {
  const length = steps.reduce((sum, step) => sum + step.ticks, 0);
  return [
    ...stepsReasons(steps, rules),
    ...(length > ticks ? [`steps of ${length} ticks in a chain of ${ticks}`] : []),
  ];
}

/** Reasons to refuse campaigns that follow one another. */
export const stepsReasons = (steps: readonly CampaignStep[], rules: Ruleset): string[] => [
  ...duplicates(
    "steps",
    steps.map(({ id }) => id),
  ),
  ...steps.flatMap(({ id, faction, on_won = [], on_lost = [] }) =>
    [
      ...(faction === undefined ? [] : unknown("faction", faction, rules.factions)),
      ...effectsReasons(on_won, rules),
      ...effectsReasons(on_lost, rules),
    ].map((reason) => `campaign ${id}: ${reason}`),
  ),
];

const unknown = (what: string, id: string, known: Readonly<Record<string, unknown>>): string[] =>
  Object.hasOwn(known, id) ? [] : [`unknown ${what} ${id}`];

/** Of one faction in one tick: four bursts at most, when it is late; milli-points. */
const burstOf = ({ influence }: Ruleset): bigint => BigInt(influence.burst_max) * 1_000n * 4n;

/** The most that one faction's influence, and its claim on one relic, can become by play; milli-points. */
export function mostByPlay(rules: Ruleset): { influence: bigint; claim: bigint } {
  const burst = burstOf(rules);
  const settled = (gain: bigint, decayBp: number) =>
    (gain * 10_000n) / BigInt(decayBp) + gain + 10_000n / BigInt(decayBp) + 1n;
  return {
    influence: settled(burst, rules.influence.decay_bp),
    claim: settled((burst * 12_000n) / 10_000n, rules.claims.decay_bp),
  };
}

/**
 * Bounds of the largest integers that the world stores or sums, in BigInt since the question is whether they fit.
 * A stock that gains at most g per tick and loses d basis points settles below `g·10000/d + g`; floors leave at most
 * one unit more for each decay, `10000/d`.
 */
export function largestIntegers(rules: Ruleset): [what: string, largest: bigint][] {
  const { influence, contest, stock, meters } = rules;
  const integer = (value: number) => BigInt(value);
  const sovereign = sovereignRules(rules);
  /** Of one sovereign action: its cost, and stakes that stop once they are enough. */
  const cost = integer(Math.max(...SOVEREIGN_ACTIONS.map((action) => sovereign[action].cost))) * 1_000n;
  const stakes = (cost * integer(sovereign.counter_bp)) / 10_000n + integer(stock.max) * 1_000n;
  const factions = integer(Object.keys(rules.factions).length);
  const territories = Object.values(rules.territories);
  const value = (most: (territory: (typeof territories)[number]) => number) =>
    territories.reduce((sum, territory) => sum + integer(most(territory)), 0n);
  const burst = burstOf(rules);
  const most = mostByPlay(rules);
  return [
    ["influence of all factions", factions * (most.influence + integer(influence.prior) * 1_000n)],
    ["score of a territory", factions * ((burst * integer(contest.weight_max_bp)) / 10_000n + 1n)],
    ["claim on a relic", most.claim],
    [
      "stock of a resource",
      integer(stock.max) * 1_000n +
        value(() => 100) * 1_000n * 2n +
        integer(sovereign.season_max) * (cost + factions * stakes),
    ],
    ["stakes against an action in basis points", stakes * 10_000n],
    ["unrest by strategic value", value(({ strategic_value }) => strategic_value) * 10_000n],
    [
      "growth of catastrophe",
      value(() => meters.catastrophe_flip_bp) + integer(meters.catastrophe_relic_bp) * 16n + 10_000n,
    ],
    ["goal of a campaign", integer(rules.chain.goal) * 1_000n],
  ];
}
