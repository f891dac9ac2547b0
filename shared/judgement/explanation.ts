/** The inputs of a decision's factors and caps: named here, a list in the decision's body. */

import type { Explained, Judged } from "../contracts/decision.ts";
import type { Left } from "./caps.ts";

/** The fields of `Explained`. */
export type Explanation = {
  base: number;
  fine_bp: number;
  coarse_bp: number;
  categories: number;
  recent: number;
  mean: number;
  left: Left;
};

export const listed = ({
  base,
  fine_bp,
  coarse_bp,
  categories,
  recent,
  mean,
  left,
}: Explanation): Explained => [
  base,
  fine_bp,
  coarse_bp,
  categories,
  recent,
  mean,
  left.source,
  left.user_day,
  left.device_day ?? null,
];

/** `undefined` where the event was rejected before it was judged, or judged by a release that explained itself otherwise. */
export function explanationOf({ explain }: Pick<Judged, "explain">): Explanation | undefined {
  if (!Array.isArray(explain)) return undefined;
  const [base, fine_bp, coarse_bp, categories, recent, mean, source, user_day, device_day] = explain;
  const left = { source, user_day, ...(device_day === null ? {} : { device_day }) };
  return { base, fine_bp, coarse_bp, categories, recent, mean, left };
}
