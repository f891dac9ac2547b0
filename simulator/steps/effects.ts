/**
 * Effects of triggers, sovereign actions, councils and decrees: they start at the beginning of a tick, hold while
 * `tick < until_tick`, and add up to modifiers.
 */

import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { type CampaignStep, type Effect, isLasting } from "../../shared/contracts/trigger.ts";
import type { EffectState, Happening, PrivateState, PublicState } from "../../shared/contracts/world.ts";
import { type ById, entries } from "../../shared/exact/by-id.ts";
import { byCodeUnit, clamp } from "../../shared/exact/integers.ts";
import { type HeldCampaigns, openSteps } from "./open-campaign.ts";

/** Effects that may hold at once; one more is refused and recorded. */
export const MAX_ACTIVE_EFFECTS = 16;
type Starting = PrivateState["starting"];

/**
 * What `source` calls for in `tick` starts with the next one. An effect of n ticks holds in `tick + 1` … `tick + n`.
 * Chains, quest pools and styles bear their own id; modifiers and meters that of the source and their place in it.
 */
export const effectsOf = (
  source: string,
  effects: readonly Effect[],
  tick: number,
  more: Pick<EffectState, "priority"> = {},
): Starting =>
  effects.map((effect, i) => ({
    id: "id" in effect ? effect.id : `${source}.${i}`,
    effect: {
      kind: effect.do,
      source,
      until_tick: tick + 1 + ("ticks" in effect ? effect.ticks : 0),
      ...detailsOf(effect),
      ...more,
    },
    ...("steps" in effect && effect.steps !== undefined ? { steps: effect.steps } : {}),
  }));

/** By rank, the lowest first; a trigger's source is its key alone, and keys hold no dot. */
const RANKS = ["trigger", "campaign", "action", "council", "decree"];
const rankOf = ({ source }: EffectState): number =>
  isTriggers(source) ? 0 : RANKS.indexOf(source.slice(0, source.indexOf(".")));
const isTriggers = (source: string): boolean => !source.includes(".");

function detailsOf(effect: Effect): Partial<EffectState> {
  switch (effect.do) {
    case "modify":
      return effect.name === "clamp_bp"
        ? { name: effect.name, territory: effect.territory, add: effect.add }
        : { name: effect.name, faction: effect.faction, add: effect.add };
    case "meter":
      return { name: effect.name, add: effect.add };
    case "quest_pool":
      return { name: effect.op };
    case "chain":
    case "style":
      return {};
    default:
      return effect satisfies never;
  }
}

type Held = Pick<PublicState, "effects" | "meters"> & HeldCampaigns;

/** Ends what no longer holds in `tick`. */
export function endEffects<Some extends Pick<Held, "effects">>(
  held: Some,
  tick: number,
): { held: Some; happenings: Happening[] } {
  const over = entries(held.effects).filter(([, effect]) => effect.until_tick <= tick);
  return {
    held: { ...held, effects: without(held.effects, new Set(over.map(([id]) => id))) },
    happenings: over.map(([id]) => ({ kind: "effect_end", id })),
  };
}

/**
 * Starts what the last tick called for: decrees first, then councils, actions and triggers, each in their own order. An id
 * holds one effect: it replaces one that started in an earlier tick, unless that one's source ranks higher, while among those
 * of one tick the first stays. A meter is added once and takes no place. Where all places are taken, a trigger takes one of a
 * decree of a lower priority.
 */
export function startEffects(
  held: Held,
  starting: Starting,
  tick: number,
  rules: Ruleset,
): { held: Held; happenings: Happening[] } {
  const effects = new Map(entries(held.effects));
  let campaigns: HeldCampaigns = held;
  let meters = held.meters;
  const started = new Set<string>();
  const happenings: Happening[] = [];
  const isCrowded = (id: string, { kind }: EffectState) =>
    isLasting(kind) && !effects.has(id) && effects.size >= MAX_ACTIVE_EFFECTS;
  for (const { id, effect, steps } of [...starting].sort((a, b) => rankOf(b.effect) - rankOf(a.effect))) {
    const running = effects.get(id);
    const opened =
      effect.kind === "chain"
        ? openSteps(campaigns, campaignsOf(id, effect, steps, tick), tick, rules)
        : undefined;
    const giving = isCrowded(id, effect) ? givingWay(effects, effect, rules) : undefined;
    const reason = !isAimed(effect, rules)
      ? "no_target"
      : started.has(id) || (running !== undefined && rankOf(running) > rankOf(effect))
        ? "overridden"
        : isCrowded(id, effect) && giving === undefined
          ? "too_many"
          : opened !== undefined && "refused" in opened
            ? opened.refused
            : undefined;
    if (reason !== undefined) {
      happenings.push({ kind: "effect_refused", id, reason });
      continue;
    }
    if (giving !== undefined) {
      effects.delete(giving);
      happenings.push({ kind: "effect_end", id: giving, reason: "gave_way" });
    }
    started.add(id);
    happenings.push({ kind: "effect_start", id, effect });
    if (effect.kind === "meter") {
      meters = withMeter(meters, effect);
      continue;
    }
    effects.set(id, effect);
    if (opened !== undefined && "held" in opened) {
      campaigns = opened.held;
      happenings.push(...opened.happenings);
    }
  }
  return { held: { ...campaigns, meters, effects: Object.fromEntries(effects) }, happenings };
}

/**
 * The effect that gives its place to a trigger's: of the decrees of a lower priority than the trigger's the one of the lowest, and of
 * those the one that ends first, ties by id.
 */
function givingWay(
  effects: ReadonlyMap<string, EffectState>,
  { source }: EffectState,
  { triggers }: Ruleset,
): string | undefined {
  const trigger = triggers.find(({ key }) => key === source);
  if (trigger === undefined) return undefined;
  const priorityOf = (id: string) => effects.get(id)!.priority ?? 0;
  return [...effects.keys()]
    .filter((id) => effects.get(id)!.source.startsWith("decree.") && priorityOf(id) < trigger.priority)
    .sort(
      (a, b) =>
        priorityOf(a) - priorityOf(b) ||
        effects.get(a)!.until_tick - effects.get(b)!.until_tick ||
        byCodeUnit(a, b),
    )[0];
}

/** Whether all of `called`, which this tick calls for after `starting`, finds a place at the start of the next one. */
export function findsPlace(
  { effects, campaigns, meters, tick }: PublicState,
  starting: Starting,
  called: Starting,
  rules: Ruleset,
): boolean {
  const { held } = endEffects({ effects, campaigns, meters, running: {} }, tick + 1);
  const { happenings } = startEffects(held, [...starting, ...called], tick + 1, rules);
  const ids = new Set(called.map(({ id }) => id));
  return !happenings.some(
    (each) => each.kind === "effect_refused" && each.reason === "too_many" && ids.has(each.id),
  );
}

/** The campaigns of a chain that starts in `tick`: its steps, or one of its own id for its own ticks. */
function campaignsOf(
  id: string,
  { until_tick }: EffectState,
  steps: readonly CampaignStep[] | undefined,
  tick: number,
): readonly [CampaignStep, ...CampaignStep[]] {
  const [first = { id, ticks: until_tick - tick }, ...after] = steps ?? [];
  return [first, ...after];
}

function withMeter(meters: PublicState["meters"], { name, add = 0 }: EffectState): PublicState["meters"] {
  const meter = name === "tension" ? "global_tension" : "catastrophe_meter";
  return { ...meters, [meter]: clamp(meters[meter] + add, 0, 10_000) };
}

/** Whether the ruleset still has the trigger, faction and territory that an effect names; other sources are history. */
export const isAimed = (effect: EffectState, rules: Ruleset): boolean =>
  (!isTriggers(effect.source) || rules.triggers.some(({ key }) => key === effect.source)) &&
  (effect.faction === undefined ||
    effect.faction === "*" ||
    Object.hasOwn(rules.factions, effect.faction.replace(/^!/, ""))) &&
  (effect.territory === undefined || Object.hasOwn(rules.territories, effect.territory));

const without = <Value>(record: ById<Value>, ids: ReadonlySet<string>): ById<Value> =>
  Object.fromEntries(entries(record).filter(([id]) => !ids.has(id)));
