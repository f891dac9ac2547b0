/** The realm's two meters. */
import type { PublicState } from "../../../shared/contracts/world.ts";
import { band, percent } from "../../../shared/web/words.ts";

export function Meters({ meters }: { meters: PublicState["meters"] }) {
  return (
    <section class="card meters" aria-labelledby="meters">
      <header>
        <h2 id="meters">The world's temper</h2>
      </header>
      <Meter name="Tension" bp={meters.global_tension} what="how near the realm is to strife" />
      <Meter name="Catastrophe" bp={meters.catastrophe_meter} what="what a strained realm heaps up" />
    </section>
  );
}

function Meter({ name, bp, what }: { name: string; bp: number; what: string }) {
  const label = `${percent(bp)}, ${band(bp)}`;
  return (
    <div class={`meter ${band(bp)}`}>
      <div class="row">
        <span>
          {name} <small>{what}</small>
        </span>
        <span class="number">
          {percent(bp)} <small>{band(bp)}</small>
        </span>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: browsers draw theirs as they like. */}
      <div
        class="gauge"
        role="meter"
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={bp / 100}
        aria-valuetext={label}
      >
        <i style={{ width: `${bp / 100}%` }} />
      </div>
    </div>
  );
}
