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

export function targetOf(
  name: string,
  value: number,
  bound: { atLeast: number } | { atMost: number },
): Target {
  return "atLeast" in bound
    ? { name, value, bound: bound.atLeast, atLeast: true, met: value >= bound.atLeast }
    : { name, value, bound: bound.atMost, atLeast: false, met: value <= bound.atMost };
}

export function targetsOf(score: Score): Target[] {
  const targets: Target[] = [];
  // Where nobody was accused there is nothing to be precise about.
  if (!Number.isNaN(score.precision)) targets.push(targetOf("precision", score.precision, { atLeast: 0.98 }));
  for (const attack of CATCHABLE) {
    const of = score.attacks.get(attack);
    if (of !== undefined) targets.push(targetOf(`recall ${attack}`, of.recall, { atLeast: 0.95 }));
  }
  const leaked = HELD_BACK.reduce((sum, attack) => sum + (score.attacks.get(attack)?.leakedShare ?? 0), 0);
  targets.push(
    targetOf(`leaked by ${HELD_BACK.join(", ")}`, leaked, { atMost: 0.01 }),
    targetOf("honest players quarantined", score.honestQuarantined, { atMost: 0.001 }),
  );
  if (score.attacks.has("flood"))
    targets.push(targetOf("influence of 100 × the volume", score.hundredfold, { atMost: 4 }));
  return targets;
}
