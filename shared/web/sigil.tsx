/** A faction's sign, in its colour. Decoration: the faction's name stands beside it. */
import type { Heralds } from "./heraldry.ts";

export function Sigil({ faction, heralds }: { faction: string | undefined; heralds: Heralds }) {
  if (faction === undefined)
    return (
      <svg class="sigil" viewBox="0 0 24 24" aria-hidden="true">
        <circle
          cx="12"
          cy="12"
          r="8"
          fill="none"
          stroke="var(--quiet)"
          stroke-width="2.5"
          stroke-dasharray="4 3"
        />
      </svg>
    );
  const { sigil, colour } = heralds.of(faction);
  return (
    <svg class="sigil" viewBox="0 0 24 24" aria-hidden="true">
      <path d={sigil} fill={colour} fill-rule="evenodd" />
    </svg>
  );
}
