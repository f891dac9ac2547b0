/**
 * What the judgement must reach on seeds that nobody tuned on, where one account in twenty attacks, in the mix of `attacks.ts`.
 * With a twentieth of one kind alone the held back leak more: drips 2.8 %, whales 2.9 % (seed 1). Pure.
 */
import type { Attack } from "./accounts.ts";
import type { Score } from "./score.ts";

/** Told apart by what they do. */
export const CATCHABLE = ["replayed", "rotated", "burst", "clockwork", "ring"] as const satisfies Attack[];
/** Not told apart from eager players; they shall gain nothing by it. */
const HELD_BACK = ["drip", "whale", "flood", "farmer"] as const satisfies Attack[];

export type Target = { name: string; value: number; bound: number; atLeast: boolean; met: boolean };

export function targetsOf(score: Score): Target[] {
  const target = (name: string, value: number, bound: number, atLeast: boolean): Target => ({
    name,
    value,
    bound,
    atLeast,
    met: atLeast ? value >= bound : value <= bound,
  });
  const targets: Target[] = [];
  // Where nobody was accused there is nothing to be precise about.
  if (!Number.isNaN(score.precision)) targets.push(target("precision", score.precision, 0.98, true));
  for (const attack of CATCHABLE) {
    const of = score.attacks.get(attack);
    if (of !== undefined) targets.push(target(`recall ${attack}`, of.recall, 0.95, true));
  }
  const leaked = HELD_BACK.reduce((sum, attack) => sum + (score.attacks.get(attack)?.leakedShare ?? 0), 0);
  targets.push(
    target(`leaked by ${HELD_BACK.join(", ")}`, leaked, 0.01, false),
    target("honest players quarantined", score.honestQuarantined, 0.001, false),
  );
  if (score.attacks.has("flood"))
    targets.push(target("influence of 100 × the volume", score.hundredfold, 4, false));
  return targets;
}
