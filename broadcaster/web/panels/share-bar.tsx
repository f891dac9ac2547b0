/** Shares of a whole as a bar; the numbers stand beside it or are read out. */
import type { Heralds } from "../../../shared/web/heraldry.ts";
import type { Names } from "../../../shared/web/names.ts";
import { percent } from "../../../shared/web/words.ts";
import { byShare } from "../map/spread.ts";

type Props = { shares: Record<string, number>; heralds: Heralds; names: Names; tall?: boolean };

export function ShareBar({ shares, heralds, names, tall = false }: Props) {
  const parts = byShare(shares);
  const spoken = parts.map(([id, bp]) => `${names.faction(id)} ${percent(bp)}`).join(", ");
  return (
    <div class={tall ? "bar tall" : "bar"} role="img" aria-label={spoken}>
      {parts.map(([id, bp]) => (
        <i
          key={id}
          class={`hatch hatch-${heralds.of(id).index}`}
          style={{ flexGrow: bp }}
          title={`${names.faction(id)} ${percent(bp)}`}
        />
      ))}
    </div>
  );
}
