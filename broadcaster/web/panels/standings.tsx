/** Who is ahead, and how it came to that. */
import type { Heralds } from "../../../shared/web/heraldry.ts";
import type { Names } from "../../../shared/web/names.ts";
import { Sigil } from "../../../shared/web/sigil.tsx";
import { change, percent, whole } from "../../../shared/web/words.ts";
import type { LiveView } from "../live.ts";
import { byShare } from "../map/spread.ts";
import type { Shown } from "../past.ts";
import { SharesChart } from "./shares-chart.tsx";

type Props = { live: LiveView; state: Shown; heralds: Heralds; names: Names; viewed: number | undefined };

export function Standings({ live, state, heralds, names, viewed }: Props) {
  const { factions, territories } = state;
  const shares = Object.fromEntries(Object.entries(factions).map(([id, { share_bp }]) => [id, share_bp]));
  const held = (faction: string) =>
    Object.values(territories).filter(({ controller }) => controller === faction).length;
  return (
    <section class="card standings" aria-labelledby="standings">
      <header>
        <h2 id="standings" tabIndex={-1}>
          Standings
        </h2>
        <small>share of the realm's influence</small>
      </header>
      <ol>
        {byShare(shares).map(([id, bp]) => {
          const { trend_bp, influence, resources } = factions[id]!;
          return (
            <li key={id} class={`banner hatch-edge hatch-${heralds.of(id).index}`}>
              <span class="who">
                <Sigil faction={id} heralds={heralds} /> {names.faction(id)}
              </span>
              <span class="share number">{percent(bp)}</span>
              <small class="number">
                <span data-testid={`influence-${id}`}>{whole(influence)}</span> points
              </small>
              <small class="number">
                <span aria-hidden="true">{trend_bp > 9 ? "▲ " : trend_bp < -9 ? "▼ " : ""}</span>
                {change(trend_bp)} · holds {held(id)}
                {Object.entries(resources).map(
                  ([resource, amount]) => ` · ${whole(amount)} ${names.resource(resource)}`,
                )}
              </small>
            </li>
          );
        })}
      </ol>
      <SharesChart
        past={live.past}
        last={live.past.last}
        size={live.past.size}
        {...{ heralds, names, viewed }}
      />
    </section>
  );
}
