/** Sums of the active effects' modifiers, basis points, by faction and by territory. */
import type { Ruleset } from "../contracts/ruleset.ts";
import type { EffectState, PublicState } from "../contracts/world.ts";
import { type ById, find } from "../exact/by-id.ts";
import { clamp, sortedKeys } from "../exact/integers.ts";

/** Bound of every sum of modifiers, either way, basis points. */
export const MODIFIER_LIMIT_BP = 2_000;

export type FactionModifier = "push_weight_bp" | "influence_gain_bp" | "yield_bp" | "claim_bp";

const FACTION_MODIFIERS: readonly FactionModifier[] = [
  "claim_bp",
  "influence_gain_bp",
  "push_weight_bp",
  "yield_bp",
];

/** The sum of a territory's `clamp_bp` modifiers, basis points. */
export const clampModifier = (effects: ById<EffectState>, territory: string): number =>
  limited(effects, (effect) => effect.name === "clamp_bp" && effect.territory === territory);

/** Modifiers of each faction that aren't zero: its effects, and for push the bonus of each relic that it holds. */
export function factionModifiers(
  { effects, relics, factions }: Pick<PublicState, "effects" | "relics" | "factions">,
  rules: Ruleset,
): Map<string, ById<number>> {
  const relicsHeld = (faction: string) =>
    Object.values(relics).filter(({ holder }) => holder === faction).length;
  return new Map(
    sortedKeys(factions).map((faction) => {
      const bonus = relicsHeld(faction) * rules.claims.holder_push_weight_bp;
      const sums = FACTION_MODIFIERS.map((name): [string, number] => [
        name,
        limited(
          effects,
          (effect) => effect.name === name && reaches(effect.faction, faction),
          name === "push_weight_bp" ? bonus : 0,
        ),
      ]);
      return [faction, Object.fromEntries(sums.filter(([, sum]) => sum !== 0))];
    }),
  );
}

/** A faction's modifier, 0 where nothing modifies it; basis points. */
export const modifier = (modifiers: ById<number>, name: FactionModifier): number =>
  find(modifiers, name) ?? 0;

const reaches = (selector: string | undefined, faction: string): boolean =>
  selector !== undefined &&
  (selector === "*" || (selector.startsWith("!") ? selector.slice(1) !== faction : selector === faction));

function limited(effects: ById<EffectState>, counts: (effect: EffectState) => boolean, from = 0): number {
  let sum = from;
  for (const effect of Object.values(effects)) if (counts(effect)) sum += effect.add ?? 0;
  return clamp(sum, -MODIFIER_LIMIT_BP, MODIFIER_LIMIT_BP);
}
