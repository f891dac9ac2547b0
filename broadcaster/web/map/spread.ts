/** Shares of a whole as arcs, side by side. */
import type { Arc } from "./shape.ts";

/** Largest first, ties by id; what has nothing is left out. */
export const byShare = (control: Record<string, number>): [id: string, bp: number][] =>
  Object.entries(control)
    .filter(([, bp]) => bp > 0)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));

export function shareArcs(control: Record<string, number>, whole: Arc): { id: string; arc: Arc }[] {
  const parts = byShare(control);
  const sum = parts.reduce((total, [, bp]) => total + bp, 0);
  let from = whole.from;
  return parts.map(([id, bp]) => {
    const to = from + ((whole.to - whole.from) * bp) / sum;
    const arc = { from, to };
    from = to;
    return { id, arc };
  });
}
