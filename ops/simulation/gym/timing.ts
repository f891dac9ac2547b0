/** When people play: gaps with a long tail, evenings more than mornings. Integers only, so a seed tells the same on every machine. */
import type { Chance } from "../story/chance.ts";

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** Quantiles of the exponential distribution with mean 1, thousandths, 32 equally likely steps; the tail ends at 6. */
const EXPONENTIAL = [
  0, 32, 65, 99, 134, 170, 208, 247, 288, 330, 375, 421, 470, 521, 575, 633, 693, 758, 827, 901, 981, 1_068,
  1_163, 1_269, 1_386, 1_520, 1_674, 1_856, 2_079, 2_367, 2_773, 3_466, 6_000,
];

/** How many of 100 sittings begin in each hour of the realm's day: a bump at noon, a peak from seven to ten. */
// biome-ignore format: an hour is no line of its own
const HOURS = {
  0: 3, 1: 1, 2: 1, 6: 1, 7: 2, 8: 3, 9: 3, 10: 3, 11: 4, 12: 6, 13: 5, 14: 4, 15: 4, 16: 4, 17: 5, 18: 7,
  19: 10, 20: 12, 21: 11, 22: 7, 23: 4,
};

/** A pause: never shorter than `floorMs`, beyond it exponential with `meanMs`. */
export type Pause = { floorMs: number; meanMs: number };

export function pause(chance: Chance, { floorMs, meanMs }: Pause): number {
  const step = chance.within([0, EXPONENTIAL.length - 2]);
  const thousandths = chance.within([EXPONENTIAL[step]!, EXPONENTIAL[step + 1]!]);
  return floorMs + Math.floor((meanMs * thousandths) / 1_000);
}

/** When a person sits down to play, ms since the day began. */
export const sittingStart = (chance: Chance): number =>
  Number(chance.weighted(HOURS)) * HOUR_MS + chance.within([0, HOUR_MS - 1]);
